//! What a body is made of, for a writer that can do better than asking for frames.

use super::{Body, Left, Piece};
use bytes::Bytes;
use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

/// A body in the form in which it is sent with the least work.
pub(crate) enum Held {
    /// All of it is in memory.
    Bytes(Bytes),
    /// It is this stretch of a file.
    File(Arc<File>, Range<u64>),
    /// Something else.
    Frames(Body),
}

impl Body {
    /// Its length in bytes; none when only its end tells.
    pub(crate) fn length(&self) -> Option<u64> {
        match self.left {
            Left::Bytes(left) => Some(left),
            Left::Nothing => Some(0),
            Left::Unknown => None,
        }
    }

    /// Its form.
    pub(crate) fn held(self) -> Held {
        let Some(length) = self.length().filter(|_| self.then.is_empty()) else {
            return Held::Frames(self);
        };
        match &self.now {
            Piece::Bytes(bytes) if bytes.len() as u64 == length => Held::Bytes(bytes.clone()),
            Piece::File(file) => match file.untouched() {
                Some((file, range)) if range.end - range.start == length => Held::File(file, range),
                _ => Held::Frames(self),
            },
            _ => Held::Frames(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    #[test]
    fn only_one_piece_is_held() {
        let bytes = |text: &'static str| Piece::Bytes(Bytes::from_static(text.as_bytes()));
        assert!(matches!(Body::bytes("abc".into()).held(), Held::Bytes(held) if held == "abc"));
        assert!(matches!(Body::empty().held(), Held::Bytes(held) if held.is_empty()));
        assert!(matches!(Body::pieces(VecDeque::from([bytes("a"), bytes("b")]), 2).held(), Held::Frames(_)));
        assert!(matches!(Body::pieces(VecDeque::from([bytes("abc")]), 2).held(), Held::Frames(_)));
    }
}

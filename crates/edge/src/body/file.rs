//! A stretch of a file, read in steps away from the event loop, one step ahead of the network.

use bytes::Bytes;
use std::fs::File;
use std::future::Future as _;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::task::{JoinHandle, spawn_blocking};

/// Bytes read at once: a body holds two steps at most.
pub(crate) const STEP: u64 = 64 * 1024;

/// A stretch of an open file, which others may read too.
pub(crate) struct FilePiece {
    file: Arc<File>,
    /// What is neither read nor being read.
    left: Range<u64>,
    step: Option<JoinHandle<io::Result<Bytes>>>,
}

impl FilePiece {
    pub(crate) fn new(file: Arc<File>, range: Range<u64>) -> Self {
        Self { file, left: range, step: None }
    }

    /// The file and what of it is left; none once reading has begun.
    pub(crate) fn untouched(&self) -> Option<(Arc<File>, Range<u64>)> {
        self.step.is_none().then(|| (Arc::clone(&self.file), self.left.clone()))
    }

    fn begin(&mut self) {
        let (file, start) = (Arc::clone(&self.file), self.left.start);
        let length = (self.left.end - start).min(STEP);
        self.left.start += length;
        self.step = (length > 0).then(|| spawn_blocking(move || read(&file, start, length)));
    }

    /// The next bytes; none after the last, or where the file ends early.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if self.step.is_none() {
            self.begin();
        }
        let Some(step) = &mut self.step else { return Poll::Ready(None) };
        let bytes = ready!(Pin::new(step).poll(cx)).map_err(io::Error::other).flatten();
        match bytes {
            Ok(bytes) if bytes.is_empty() => {
                self.left.start = self.left.end;
                self.step = None;
                Poll::Ready(None)
            }
            Ok(bytes) => {
                self.begin();
                Poll::Ready(Some(Ok(bytes)))
            }
            Err(error) => {
                self.left.start = self.left.end;
                self.step = None;
                Poll::Ready(Some(Err(error)))
            }
        }
    }
}

fn read(file: &File, start: u64, length: u64) -> io::Result<Bytes> {
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read_at(&mut bytes[filled..], start + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(Bytes::from(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;

    async fn collect(mut piece: FilePiece) -> io::Result<(Vec<u8>, usize)> {
        let (mut all, mut steps) = (Vec::new(), 0);
        while let Some(bytes) = poll_fn(|cx| piece.poll(cx)).await {
            all.extend_from_slice(&bytes?);
            steps += 1;
        }
        Ok((all, steps))
    }

    #[tokio::test]
    async fn a_stretch_is_read_in_steps() -> io::Result<()> {
        let size = usize::try_from(STEP).expect("a step fits memory") * 2 + 7;
        let content: Vec<u8> = (0..size).map(|place| (place % 251) as u8).collect();
        let kept = tempfile::NamedTempFile::new()?;
        std::fs::write(kept.path(), &content)?;
        let file = Arc::new(File::open(kept.path())?);
        for (range, steps) in [(0..size, 3), (5..size, 3), (1..2, 1), (9..9, 0), (size - 3..size + 9, 1)] {
            let piece = FilePiece::new(Arc::clone(&file), range.start as u64..range.end as u64);
            let expect = &content[range.start..range.end.min(size)];
            assert_eq!(collect(piece).await?, (expect.to_vec(), steps), "{range:?}");
        }
        Ok(())
    }

    #[tokio::test]
    async fn a_piece_is_untouched_until_it_is_read() -> io::Result<()> {
        let kept = tempfile::NamedTempFile::new()?;
        std::fs::write(kept.path(), "abc")?;
        let mut piece = FilePiece::new(Arc::new(File::open(kept.path())?), 1..3);
        assert_eq!(piece.untouched().map(|(_, range)| range), Some(1..3));
        assert_eq!(poll_fn(|cx| piece.poll(cx)).await.transpose()?, Some(Bytes::from_static(b"bc")));
        Ok(())
    }
}

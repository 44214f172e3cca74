//! Waits for the head of an answer in what comes, passing over interim answers (RFC 9110 section 15.2),
//! and never for more than a head may have. Pure.

use super::answer::{self, Fault, HEAD_BYTES, Head};
use bytes::{Buf as _, Bytes};
use http::Method;

/// What was heard of an answer before its head was there.
#[derive(Default)]
pub(super) struct Heard {
    /// Whether an answer counts that does not say where its body ends.
    tolerant: bool,
    /// Bytes of interim answers.
    interim: usize,
    /// Bytes behind them that make no head by themselves.
    begun: usize,
}

impl Heard {
    pub(super) fn new(tolerant: bool) -> Self {
        Self { tolerant, ..Self::default() }
    }

    /// Whether nothing came yet.
    pub(super) fn is_nothing(&self) -> bool {
        self.interim + self.begun == 0
    }

    /// The head of the answer, once it is there; it is taken from what came.
    ///
    /// # Errors
    /// When what came is no head, or too long for one.
    pub(super) fn head(&mut self, came: &mut Bytes, method: &Method) -> Result<Option<Head>, Fault> {
        while self.may_be_whole(came) {
            let Some((head, end)) = answer::read(came, method, self.tolerant)? else { break };
            self.interim += end;
            if self.interim > HEAD_BYTES {
                return Err(Fault::TooLong);
            }
            came.advance(end);
            self.begun = 0;
            if !head.is_interim() {
                return Ok(Some(head));
            }
        }
        self.begun = came.len();
        if self.interim + self.begun > HEAD_BYTES { Err(Fault::TooLong) } else { Ok(None) }
    }

    /// Whether there may be a head now: one that comes byte by byte is not read from its beginning with
    /// each of them.
    fn may_be_whole(&self, came: &Bytes) -> bool {
        let new = &came[self.begun.saturating_sub(3)..];
        let ends = |end: &[u8]| new.windows(end.len()).any(|some| some == end);
        came.len() > self.begun && (self.begun == 0 || ends(b"\n\r\n") || ends(b"\n\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Status and body of an answer that is cut into pieces of this size, and what is behind it.
    fn read(said: &[u8], step: usize) -> Option<(u16, Vec<u8>, Vec<u8>)> {
        let (mut heard, mut came, mut head, mut body) = (Heard::default(), Bytes::new(), None, Vec::new());
        let mut pieces = said.chunks(step);
        loop {
            if head.is_none() {
                head = heard.head(&mut came, &Method::GET).ok()?;
            }
            if let Some(head) = &mut head {
                while let Some(piece) = head.body.take(&mut came).ok()? {
                    body.extend_from_slice(&piece);
                }
                if head.body.is_over() {
                    break;
                }
            }
            match pieces.next() {
                Some(piece) => came = [&*came, piece].concat().into(),
                None => break head.as_mut()?.body.end().ok()?,
            }
        }
        let behind = pieces.fold(came.to_vec(), |behind, piece| [&behind, piece].concat());
        Some((head?.status.as_u16(), body, behind))
    }

    const SEEDS: [&str; 6] = [
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nab\r\n00a\r\n0123456789\r\n0\r\nA: b\r\n\r\nmore",
        "HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 100 Go\r\n\r\nHTTP/1.1 404 No\r\nConnection: close\r\n\r\nabc",
        "HTTP/1.0 200 OK\r\nA: b\r\n\r\nabc",
        "HTTP/1.1 304 No\r\nContent-Length: 3\r\nETag: \"x\"\r\n\r\n",
        "\r\nHTTP/1.1 200 OK\nContent-Length: 1\n\na",
    ];

    /// Numbers that look random and are the same each time.
    fn numbers(mut state: u64) -> impl FnMut(usize) -> usize {
        move |below| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        }
    }

    /// The same text with a few of its bytes changed, left out, or said twice.
    fn mutated(text: &[u8], number: &mut impl FnMut(usize) -> usize) -> Vec<u8> {
        const OFTEN: &[u8] = b"\r\n 0aF:;,\t\0\xff1";
        let mut text = text.to_vec();
        for _ in 0..=number(3) {
            let at = number(text.len());
            match number(4) {
                0 => text[at] = OFTEN[number(OFTEN.len())],
                1 => drop(text.remove(at)),
                2 => text.insert(at, OFTEN[number(OFTEN.len())]),
                _ => text.extend_from_within(at..),
            }
        }
        text
    }

    #[test]
    fn an_answer_is_the_same_wherever_it_is_cut() {
        let mut number = numbers(7);
        let mut fine = 0;
        for round in 0..4000 {
            let seed = SEEDS[round % SEEDS.len()].as_bytes();
            let said = if round < SEEDS.len() { seed.to_vec() } else { mutated(seed, &mut number) };
            let whole = read(&said, said.len());
            assert!(round >= SEEDS.len() || whole.is_some(), "a seed is an answer");
            fine += usize::from(whole.is_some());
            for step in [1, 2, 5, 1 + number(said.len())] {
                assert_eq!(read(&said, step), whole, "{:?} by {step}", String::from_utf8_lossy(&said));
            }
        }
        assert!((500..3500).contains(&fine), "mutations break some answers and not all: {fine}");
    }

    #[test]
    fn interim_answers_are_passed_over_and_count() {
        let interim = "HTTP/1.1 100 Go\r\n\r\n";
        let head = "HTTP/1.1 204 No\r\n\r\n";
        let most = (HEAD_BYTES - head.len()) / interim.len();
        for (count, expect) in [(0, true), (1, true), (most, true), (most + 1, false)] {
            let said = interim.repeat(count) + head;
            assert_eq!(read(said.as_bytes(), 4096).is_some(), expect, "{count}");
        }
    }
}

//! The parts of a multipart body that is still coming in.

use super::Refusal;
use crate::limits::{BODY_BYTES, PARTS};
use crate::multipart::{Fault, Head, Splitter, Step};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use std::pin::Pin;

/// Reads a body part by part.
pub(super) struct Parts<'b, S> {
    body: Pin<&'b mut S>,
    splitter: Splitter,
    /// Bytes so far.
    taken: u64,
    /// Parts so far.
    begun: usize,
}

impl<'b, S, E> Parts<'b, S>
where
    S: Stream<Item = Result<Bytes, E>>,
{
    pub(super) fn new(body: Pin<&'b mut S>, boundary: &str) -> Self {
        Self { body, splitter: Splitter::new(boundary), taken: 0, begun: 0 }
    }

    /// The head of the next part, whatever is left of the one before; none behind the last.
    pub(super) async fn head(&mut self) -> Result<Option<Head>, Refusal> {
        loop {
            match self.step().await? {
                Step::Part(_) if self.begun >= PARTS => return Err(Refusal::TooLarge),
                Step::Part(head) => {
                    self.begun += 1;
                    return Ok(Some(head));
                }
                Step::End => return Ok(None),
                Step::More | Step::Data(_) | Step::PartEnd => {}
            }
        }
    }

    /// More of the content of the part; none behind its end.
    pub(super) async fn data(&mut self) -> Result<Option<Bytes>, Refusal> {
        match self.step().await? {
            Step::Data(bytes) => Ok(Some(bytes)),
            _ => Ok(None),
        }
    }

    /// What comes next; never [`Step::More`].
    async fn step(&mut self) -> Result<Step, Refusal> {
        loop {
            match self.splitter.step() {
                Ok(Step::More) => {}
                Ok(step) => return Ok(step),
                Err(Fault::Malformed) => return Err(Refusal::Malformed),
                Err(Fault::TooLong) => return Err(Refusal::TooLarge),
            }
            // a body that ends before its last boundary was cut off
            let chunk = self.body.next().await.ok_or(Refusal::Malformed)?;
            let chunk = chunk.map_err(|_| Refusal::Malformed)?;
            self.taken += chunk.len() as u64;
            if self.taken > BODY_BYTES {
                return Err(Refusal::TooLarge);
            }
            self.splitter.push(&chunk);
        }
    }
}

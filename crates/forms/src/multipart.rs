//! Splits a multipart body into its parts as its bytes come in (RFC 7578, and what browsers make of
//! it). Holds no more than a head that is not whole yet, or an end that may still turn out to be a
//! boundary; whoever feeds it takes out what is whole before feeding more. Pure.

mod head;

pub use head::Head;

use crate::limits::{BOUNDARY_BYTES, HEAD_BYTES, PADDING_BYTES};
use bytes::{Buf as _, Bytes, BytesMut};
use memchr::memmem::{self, Finder};

/// Ends the head of a part.
const BLANK_LINE: &[u8] = b"\r\n\r\n";
const NEW_LINE: &[u8] = b"\r\n";

/// Splits one body.
pub struct Splitter {
    /// New line, two hyphens and the boundary.
    delimiter: Finder<'static>,
    held: BytesMut,
    place: Place,
    /// Bytes of a head in which its end was looked for already.
    looked: usize,
}

/// Where in the body the held bytes begin.
#[derive(Clone, Copy)]
enum Place {
    /// Before the first boundary.
    Before,
    /// Behind a boundary, on its line.
    Line,
    /// In the head of a part.
    Head,
    /// In its content.
    Content,
    /// Behind the last boundary.
    Behind,
}

/// What comes next in a body.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing before more is pushed.
    More,
    /// A part begins.
    Part(Head),
    /// Bytes of its content; never empty.
    Data(Bytes),
    /// The part is over.
    PartEnd,
    /// The body is over, whatever follows.
    End,
}

/// Why a body cannot be split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is no multipart body.
    Malformed,
    /// The head of a part is longer than [`HEAD_BYTES`].
    TooLong,
}

/// The boundary that a Content-Type names; none when it names none that can be used.
pub(crate) fn boundary(content_type: &str) -> Option<String> {
    let named = head::parameter(content_type, "boundary")?.into_owned();
    (1..=BOUNDARY_BYTES).contains(&named.len()).then_some(named)
}

impl Splitter {
    /// Splits at this boundary.
    #[must_use]
    pub fn new(boundary: &str) -> Self {
        let delimiter = [NEW_LINE, b"--", boundary.as_bytes()].concat();
        Self {
            delimiter: Finder::new(&delimiter).into_owned(),
            // the first boundary may stand at the very beginning
            held: BytesMut::from(NEW_LINE),
            place: Place::Before,
            looked: 0,
        }
    }

    /// Adds bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// Bytes that are held: after [`Step::More`] at most [`HEAD_BYTES`] and a few.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// What comes next.
    ///
    /// # Errors
    /// When it makes no sense; so does everything behind it.
    pub fn step(&mut self) -> Result<Step, Fault> {
        loop {
            let step = match self.place {
                Place::Before => self.preamble(),
                Place::Line => self.line()?,
                Place::Head => Some(self.head()?),
                Place::Content => Some(self.content()),
                Place::Behind => Some(Step::End),
            };
            if let Some(step) = step {
                return Ok(step);
            }
        }
    }

    /// Throws away what stands before the first boundary.
    fn preamble(&mut self) -> Option<Step> {
        let found = self.delimiter.find(&self.held);
        self.held.advance(found.map_or_else(|| self.surely_content(), |at| at + self.delimiter_bytes()));
        match found {
            Some(_) => self.place = Place::Line,
            None => return Some(Step::More),
        }
        None
    }

    /// The rest of the line of a boundary: two hyphens behind the last one, else blanks at most.
    fn line(&mut self) -> Result<Option<Step>, Fault> {
        let blank = |byte: &&u8| matches!(**byte, b' ' | b'\t');
        let blanks = self.held.iter().take_while(blank).count();
        let rest = &self.held[blanks..];
        let wanted = if blanks == 0 && rest.first() == Some(&b'-') { b"--" } else { NEW_LINE };
        if blanks > PADDING_BYTES || !wanted.starts_with(&rest[..rest.len().min(wanted.len())]) {
            return Err(Fault::Malformed);
        }
        if rest.len() < wanted.len() {
            return Ok(Some(Step::More));
        }
        self.place = if wanted == NEW_LINE { Place::Head } else { Place::Behind };
        self.held.advance(blanks + wanted.len());
        self.looked = 0;
        Ok(None)
    }

    fn head(&mut self) -> Result<Step, Fault> {
        // a part without any header: its blank line comes at once
        let end = if self.held.starts_with(NEW_LINE) {
            Some((0, NEW_LINE.len()))
        } else {
            let found = memmem::find(&self.held[self.looked..], BLANK_LINE);
            found.map(|at| (self.looked + at, BLANK_LINE.len()))
        };
        match end {
            Some((length, ending)) if length <= HEAD_BYTES => {
                let head = Head::read(&self.held[..length])?;
                self.held.advance(length + ending);
                self.place = Place::Content;
                Ok(Step::Part(head))
            }
            None if self.held.len() < HEAD_BYTES + BLANK_LINE.len() => {
                self.looked = self.held.len().saturating_sub(BLANK_LINE.len() - 1);
                Ok(Step::More)
            }
            _ => Err(Fault::TooLong),
        }
    }

    fn content(&mut self) -> Step {
        let sure = match self.delimiter.find(&self.held) {
            Some(0) => {
                self.held.advance(self.delimiter_bytes());
                self.place = Place::Line;
                return Step::PartEnd;
            }
            Some(at) => at,
            None => self.surely_content(),
        };
        if sure == 0 { Step::More } else { Step::Data(self.held.split_to(sure).freeze()) }
    }

    fn delimiter_bytes(&self) -> usize {
        self.delimiter.needle().len()
    }

    /// How many of the held bytes, which hold no delimiter, cannot be the beginning of one either.
    fn surely_content(&self) -> usize {
        self.held.len().saturating_sub(self.delimiter_bytes() - 1)
    }
}

#[cfg(test)]
mod tests;

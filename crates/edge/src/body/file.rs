//! A stretch of a file, read in steps away from the event loop, one step ahead of the network.

use bytes::Bytes;
use std::fs::File;
use std::future::Future as _;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::task::{JoinHandle, spawn_blocking};

/// Bytes read at once: a body holds two steps at most.
pub(crate) const STEP: u64 = 64 * 1024;

/// A stretch of an open file.
pub(crate) struct FilePiece {
    step: Step,
    left: u64,
}

/// The file, and the bytes of a step.
type Chunk = (File, Vec<u8>);

enum Step {
    /// Read, waiting to be sent.
    Ready(Chunk),
    /// Being read.
    Reading(JoinHandle<io::Result<Chunk>>),
    /// Nothing more to read.
    Over,
}

impl FilePiece {
    /// Opens the file and reads the first step of it.
    ///
    /// # Errors
    /// When there is no such file or it cannot be read.
    pub(crate) async fn open(path: PathBuf, range: Range<u64>) -> io::Result<Self> {
        let length = range.end - range.start;
        let first = length.min(STEP);
        let opened = spawn_blocking(move || {
            let mut file = File::open(path)?;
            file.seek(SeekFrom::Start(range.start))?;
            read(file, first)
        });
        Ok(Self { step: Step::Ready(opened.await??), left: length - first })
    }

    fn begin(&mut self, file: File) {
        let length = self.left.min(STEP);
        self.left -= length;
        if length > 0 {
            self.step = Step::Reading(spawn_blocking(move || read(file, length)));
        }
    }

    /// The next bytes; none after the last, or where the file ends early.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if let Step::Reading(step) = &mut self.step {
            match ready!(Pin::new(step).poll(cx)).map_err(io::Error::other).flatten() {
                Ok(chunk) => self.step = Step::Ready(chunk),
                Err(error) => {
                    self.step = Step::Over;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
        let Step::Ready((file, bytes)) = std::mem::replace(&mut self.step, Step::Over) else {
            return Poll::Ready(None);
        };
        if bytes.is_empty() {
            return Poll::Ready(None);
        }
        self.begin(file);
        Poll::Ready(Some(Ok(Bytes::from(bytes))))
    }
}

fn read(mut file: File, length: u64) -> io::Result<Chunk> {
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    file.by_ref().take(length).read_to_end(&mut bytes)?;
    Ok((file, bytes))
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
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), &content)?;
        for (range, steps) in [(0..size, 3), (5..size, 3), (1..2, 1), (9..9, 0), (size - 3..size + 9, 1)] {
            let piece = FilePiece::open(file.path().into(), range.start as u64..range.end as u64).await?;
            let expect = &content[range.start..range.end.min(size)];
            assert_eq!(collect(piece).await?, (expect.to_vec(), steps), "{range:?}");
        }
        Ok(())
    }

    #[tokio::test]
    async fn a_missing_file_is_told_before_any_byte() {
        let opened = FilePiece::open("/nowhere/at/all".into(), 0..1).await;
        assert_eq!(opened.err().map(|error| error.kind()), Some(io::ErrorKind::NotFound));
    }
}

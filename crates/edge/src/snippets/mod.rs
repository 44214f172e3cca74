//! Pages with the snippets of their site in them. A page is read once for each version of the
//! snippets, to find the two places where they go and to compress it; then it is sent as stretches
//! of the file with the snippets between, so that no second copy of it is in memory.

mod ends;

use crate::answer::{BlobRef, Content, Spans};
use crate::body::Span;
use crate::protocol::negotiate::{Encoding, Encodings};
use crate::sites::SnippetsView;
use brotli::CompressorWriter;
use bytes::Bytes;
use ends::{Ends, Scanner};
use flate2::{Compression, write::GzEncoder};
use futures_util::TryStreamExt as _;
use moka::sync::Cache;
use std::io::{self, Write as _};
use std::sync::Arc;
use store::blob::Blobs;
use tokio::sync::Semaphore;

/// Largest page, without its snippets, that is kept compressed; larger ones go out as they are.
pub(crate) const COMPRESSED_PAGE_BYTES: u64 = 512 * 1024;
/// Memory for compressed pages and what is known of the others.
pub(crate) const PAGES_BYTES: u64 = 32 << 20;
/// Pages that are read at once: a site that changes its snippets under load costs no more than this.
const MAX_READS: usize = 2;
/// What a page costs beside its compressed form, in bytes.
const PAGE_BYTES: usize = 256;
/// Of little use, a compressed form that saves less than this; in bytes.
const LEAST_SAVING: usize = 256;
/// Brotli's effort of 0 to 11: no dearer than gzip, and smaller than it.
const BROTLI_QUALITY: u32 = 5;
/// Brotli's window, as a power of two: that of the largest page.
const BROTLI_WINDOW: u32 = 19;
/// Bytes that Brotli is handed at once.
const BROTLI_BUFFER: usize = 4096;

/// The pages that were asked for.
pub(crate) struct Pages {
    blobs: Blobs,
    known: Cache<Key, Arc<Page>>,
    reads: Semaphore,
}

/// The digest of the file and the version of the snippets.
type Key = ([u8; 32], [u8; 16]);

/// A page with its snippets.
pub(crate) struct Page {
    blob: BlobRef,
    ends: Ends,
    packed: Packed,
}

/// The compressed forms of a page, where they pay.
#[derive(Default)]
struct Packed {
    gzip: Option<Bytes>,
    br: Option<Bytes>,
}

impl Pages {
    pub(crate) fn new(blobs: Blobs) -> Self {
        let weigher = |_: &Key, page: &Arc<Page>| {
            let bytes = page.packed.bytes() + PAGE_BYTES;
            u32::try_from(bytes).unwrap_or(u32::MAX)
        };
        let known = Cache::builder().max_capacity(PAGES_BYTES).weigher(weigher).build();
        Self { blobs, known, reads: Semaphore::new(MAX_READS) }
    }

    /// The page that is made of this file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) async fn get(&self, blob: BlobRef, snippets: &Arc<SnippetsView>) -> io::Result<Arc<Page>> {
        let key = (blob.digest, snippets.digest);
        if let Some(page) = self.known.get(&key) {
            return Ok(page);
        }
        let _turn = self.reads.acquire().await;
        if let Some(page) = self.known.get(&key) {
            return Ok(page);
        }
        let page = Arc::new(self.read(blob, snippets).await?);
        self.known.insert(key, Arc::clone(&page));
        Ok(page)
    }

    async fn read(&self, blob: BlobRef, snippets: &Arc<SnippetsView>) -> io::Result<Page> {
        let digest = hex::encode(blob.digest);
        if blob.size > COMPRESSED_PAGE_BYTES {
            let mut scanner = Scanner::default();
            let mut stream = self.blobs.stream(&digest, 0..blob.size).await.map_err(io::Error::other)?;
            while let Some(piece) = stream.try_next().await.map_err(io::Error::other)? {
                scanner.read(&piece);
            }
            return Ok(Page { blob, ends: scanner.ends(), packed: Packed::default() });
        }
        let file = self.blobs.get(&digest).await.map_err(io::Error::other)?;
        if file.len() as u64 != blob.size {
            return Err(io::Error::other("the blob has another size than its deploy says"));
        }
        let snippets = Arc::clone(snippets);
        tokio::task::spawn_blocking(move || Page::of(blob, &file, &snippets))
            .await
            .map_err(io::Error::other)?
    }
}

impl Page {
    fn of(blob: BlobRef, file: &Bytes, snippets: &SnippetsView) -> io::Result<Self> {
        let mut scanner = Scanner::default();
        scanner.read(file);
        let page = Self { blob, ends: scanner.ends(), packed: Packed::default() };
        let packed = Packed::of(page.spans(snippets).into_iter().map(|span| match span {
            Span::Text(text) => text,
            Span::Blob(range) => file.slice(place(range.start)..place(range.end)),
        }))?;
        Ok(Self { packed, ..page })
    }

    /// The compressed forms that there are.
    pub(crate) fn encodings(&self) -> Encodings {
        Encodings { gzip: self.packed.gzip.is_some(), br: self.packed.br.is_some() }
    }

    /// The page in a compressed form.
    pub(crate) fn packed(&self, encoding: Encoding) -> Option<&Bytes> {
        match encoding {
            Encoding::Identity => None,
            Encoding::Gzip => self.packed.gzip.as_ref(),
            Encoding::Br => self.packed.br.as_ref(),
        }
    }

    /// The page as it is.
    pub(crate) fn plain(&self, snippets: &SnippetsView) -> Content {
        Content::Blob { blob: self.blob, spans: Spans::Many(self.spans(snippets)) }
    }

    fn spans(&self, snippets: &SnippetsView) -> Vec<Span> {
        spans(self.ends, self.blob.size, snippets)
    }
}

impl Packed {
    /// Compresses what the stretches come to. Brotli has to beat gzip, or it is not worth its memory.
    fn of(stretches: impl Iterator<Item = Bytes>) -> io::Result<Self> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        let mut br = CompressorWriter::new(Vec::new(), BROTLI_BUFFER, BROTLI_QUALITY, BROTLI_WINDOW);
        let mut length = 0;
        for bytes in stretches {
            length += bytes.len();
            gzip.write_all(&bytes)?;
            br.write_all(&bytes)?;
        }
        let (gzip, br) = (gzip.finish()?, br.into_inner());
        let pays = |packed: &Vec<u8>| packed.len() + LEAST_SAVING <= length;
        let br = Some(br).filter(|br| pays(br) && br.len() < gzip.len());
        Ok(Self { gzip: Some(gzip).filter(pays).map(Bytes::from), br: br.map(Bytes::from) })
    }

    fn bytes(&self) -> usize {
        [&self.gzip, &self.br].into_iter().flatten().map(Bytes::len).sum()
    }
}

/// A small page that is no file, with the snippets in it.
pub(crate) fn put_into(page: &Bytes, snippets: &SnippetsView) -> Bytes {
    let mut scanner = Scanner::default();
    scanner.read(page);
    let spans = spans(scanner.ends(), page.len() as u64, snippets);
    let bytes = |span: &Span| match span {
        Span::Text(text) => text.clone(),
        Span::Blob(range) => page.slice(place(range.start)..place(range.end)),
    };
    spans.iter().flat_map(bytes).collect()
}

/// Stretches of a page of `size` bytes, and the snippets between them.
fn spans(ends: Ends, size: u64, snippets: &SnippetsView) -> Vec<Span> {
    let mut texts = [(ends.head, &snippets.head), (ends.body, &snippets.footer)];
    // A page may close its head after its body.
    texts.sort_by_key(|(at, _)| *at);
    let mut spans = Vec::with_capacity(5);
    let mut from = 0;
    for (at, text) in texts {
        if let Some(at) = at.filter(|_| !text.is_empty()) {
            spans.push(Span::Blob(from..at));
            spans.push(Span::Text(text.clone()));
            from = at;
        }
    }
    spans.push(Span::Blob(from..size));
    spans.retain(|span| span.len() > 0);
    spans
}

/// An offset in a file that is in memory as a whole.
fn place(at: u64) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::GzDecoder;
    use std::io::Read as _;
    use testbed::Bed;

    fn snippets(head: &str, footer: &str) -> Arc<SnippetsView> {
        Arc::new(SnippetsView::new(head.to_owned(), footer.to_owned()).expect("there are snippets"))
    }

    async fn put(bed: &Bed, page: &str) -> BlobRef {
        let digests = bed.cx.blobs.put(page.as_bytes()).await.unwrap();
        let mut digest = [0; 32];
        hex::decode_to_slice(&digests.sha256, &mut digest).unwrap();
        BlobRef { digest, size: digests.size }
    }

    fn whole(page: &str, content: Content) -> String {
        let Content::Blob { spans: Spans::Many(spans), .. } = content else { panic!("not in stretches") };
        let bytes = |span| match span {
            Span::Text(text) => text.to_vec(),
            Span::Blob(range) => page.as_bytes()[place(range.start)..place(range.end)].to_vec(),
        };
        String::from_utf8(spans.into_iter().flat_map(bytes).collect()).unwrap()
    }

    #[tokio::test]
    async fn snippets_stand_at_the_end_of_head_and_body() {
        let bed = Bed::sqlite().await;
        let pages = Pages::new(bed.cx.blobs.clone());
        for (page, head, footer, expect) in [
            ("<head></head><body></body>", "H", "F", "<head>H</head><body>F</body>"),
            ("<head></HEAD><body></body></body>", "$1$&", "$'", "<head>$1$&</HEAD><body></body>$'</body>"),
            ("<head></head>", "", "F", "<head></head>"),
            ("<body></body>", "H", "F", "<body>F</body>"),
            ("<p>é</p>", "H", "F", "<p>é</p>"),
            ("</body>x</head>", "H", "F", "F</body>xH</head>"),
            ("", "H", "F", ""),
        ] {
            let (blob, snippets) = (put(&bed, page).await, snippets(head, footer));
            let made = pages.get(blob, &snippets).await.unwrap();
            assert_eq!(whole(page, made.plain(&snippets)), expect);
            assert!(made.encodings().is_empty(), "compressing {page} does not pay");
            assert_eq!(put_into(&Bytes::from(page), &snippets), expect);
        }
    }

    #[tokio::test]
    async fn a_page_is_compressed_with_its_snippets_once() {
        let bed = Bed::sqlite().await;
        let pages = Pages::new(bed.cx.blobs.clone());
        let page = format!("<head></head><body>{}</body>", "<p>more</p>".repeat(500));
        let (blob, first, second) = (put(&bed, &page).await, snippets("H", "F"), snippets("H", "G"));
        let made = pages.get(blob, &first).await.unwrap();
        let (mut text, mut by_brotli) = (String::new(), String::new());
        let (gzip, br) = (made.packed(Encoding::Gzip).unwrap(), made.packed(Encoding::Br).unwrap());
        GzDecoder::new(&gzip[..]).read_to_string(&mut text).unwrap();
        brotli::Decompressor::new(&br[..], 4096).read_to_string(&mut by_brotli).unwrap();
        assert_eq!((&text, text == by_brotli), (&whole(&page, made.plain(&first)), true));
        assert_eq!((made.packed.bytes(), made.packed(Encoding::Identity)), (gzip.len() + br.len(), None));
        assert!(br.len() < gzip.len());
        assert!(text.contains("H</head>") && text.ends_with("F</body>"));
        assert!(Arc::ptr_eq(&made, &pages.get(blob, &first).await.unwrap()));
        assert!(!Arc::ptr_eq(&made, &pages.get(blob, &second).await.unwrap()));
    }

    #[tokio::test]
    async fn a_large_page_is_read_in_pieces_and_kept_nowhere() {
        let bed = Bed::sqlite().await;
        let pages = Pages::new(bed.cx.blobs.clone());
        let filling = "<p>more</p>".repeat(place(COMPRESSED_PAGE_BYTES) / 11 + 1);
        let page = format!("<head></head><body>{filling}</body>");
        let (blob, snippets) = (put(&bed, &page).await, snippets("H", "F"));
        let made = pages.get(blob, &snippets).await.unwrap();
        assert!(made.encodings().is_empty());
        assert_eq!(whole(&page, made.plain(&snippets)), format!("<head>H</head><body>{filling}F</body>"));
    }

    #[tokio::test]
    async fn a_file_that_is_gone_is_an_error() {
        let bed = Bed::sqlite().await;
        let pages = Pages::new(bed.cx.blobs.clone());
        let blob = BlobRef { digest: [7; 32], size: 3 };
        assert!(pages.get(blob, &snippets("H", "F")).await.is_err());
    }
}

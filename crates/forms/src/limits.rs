//! Every bound on what pages and visitors may bring.

use std::time::Duration;

/// Largest page that is looked at for forms, in bytes; larger ones are served as they are.
pub const PAGE_BYTES: u64 = 4 << 20;
/// Bytes that reading a page may take beside the page itself.
pub const READER_BYTES: usize = 1 << 20;
/// Forms of one page; a page with more is served as it is.
pub const FORMS_PER_PAGE: usize = 100;
/// Forms of one site; a deploy adds no more.
pub const FORMS_PER_SITE: usize = 500;
/// Fields of a form, and values of a submission.
pub const FIELDS: usize = 256;
/// Bytes of the name of a form or field.
pub const NAME_BYTES: usize = 256;
/// Addresses that are remembered of the pages of a form.
pub const PATHS: usize = 100;

/// Bytes of a whole submission with its files, as sent (contract edge 1.6).
pub const BODY_BYTES: u64 = 8 << 20;
/// Bytes of all text of a submission: it stands in the ledger and in every delivery.
pub const TEXT_BYTES: usize = 1 << 20;
/// How long a submission may take to come in (contract edge 1.6).
pub const BODY_TIME: Duration = Duration::from_secs(30);
/// Files of a submission: each may be an open file while the rest comes in.
pub const FILES: usize = 32;
/// Bytes of a file that may wait in memory for the rest of its submission; larger ones are written away.
pub const SMALL_FILE_BYTES: u64 = 16 << 10;
/// Parts of a multipart body, those included that are of no field or bring no file.
pub const PARTS: usize = 2 * FIELDS;
/// Bytes of the head of a part.
pub const HEAD_BYTES: usize = 8 << 10;
/// Blanks behind a boundary, which some senders put there.
pub const PADDING_BYTES: usize = 256;
/// Bytes of a boundary (RFC 2046, 5.1.1).
pub const BOUNDARY_BYTES: usize = 70;
/// Bytes of a file's name; longer ones are cut.
pub const FILE_NAME_BYTES: usize = 255;
/// Bytes that are kept of what a browser says about itself and where it comes from.
pub const HEADER_BYTES: usize = 1024;

/// Submissions that one address may send at once after a rest.
pub const BURST: u32 = 60;
/// How long it takes until an address may send one more, in milliseconds.
pub const REFILL_MS: i64 = 1000;
/// Submissions of one address that may be coming in at the same time.
pub const PER_ADDRESS_AT_ONCE: u32 = 8;
/// Submissions that may be coming in at the same time in all; others wait their turn.
pub const AT_ONCE: usize = 64;
/// Addresses whose recent submissions are remembered.
pub const ADDRESSES: usize = 10_000;

/// Columns of an export; further fields are left out.
pub const COLUMNS: usize = 1000;

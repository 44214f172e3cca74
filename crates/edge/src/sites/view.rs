//! A site and one deploy of it, laid out for reading: one look in a map finds the file of a request
//! path, and everything its answer says is made already. Never changes once made.

use crate::answer::BlobRef;
use crate::protocol::negotiate::{Encoding, Encodings};
use http::HeaderValue;
use model::Timestamp;
use rules::paths::request_paths_of;
use std::collections::HashSet;
use std::collections::hash_map::{Entry, HashMap};
use std::mem::size_of;
use std::time::{Duration, UNIX_EPOCH};
use store::deploy_files::{Served, ServedFile, Variant};

/// What a request is answered from.
pub(crate) struct SiteView {
    /// The site, as changes name it.
    pub(crate) site_id: Box<str>,
    /// Whether the owner switched it off.
    pub(crate) disabled: bool,
    /// The deploy of this host.
    pub(crate) deploy: DeployView,
}

/// One deploy.
pub(crate) struct DeployView {
    /// Value of Last-Modified: when its files became what is found here.
    pub(crate) last_modified: HeaderValue,
    paths: HashMap<Box<str>, Place>,
    files: Box<[FileView]>,
    functions: HashSet<Box<str>>,
    weight: u64,
}

/// Which file answers a path, and how well it fits: 0 is best.
#[derive(Clone, Copy)]
struct Place {
    file: u32,
    rank: u8,
}

/// A file and its encodings.
pub(crate) struct FileView {
    /// Content-Type.
    pub(crate) mime: HeaderValue,
    identity: Form,
    gzip: Option<Form>,
    br: Option<Form>,
}

/// A file in one encoding.
#[derive(Clone)]
pub(crate) struct Form {
    /// Its bytes.
    pub(crate) blob: BlobRef,
    /// Strong entity tag: from the digest of these very bytes.
    pub(crate) etag: HeaderValue,
    /// How it is encoded.
    pub(crate) encoding: Encoding,
}

/// When a deploy changed; the first that is known is told.
#[derive(Clone, Copy)]
pub(crate) struct Times {
    pub(crate) published: Option<Timestamp>,
    pub(crate) ready: Option<Timestamp>,
    pub(crate) created: Timestamp,
}

/// A list of files that cannot be served as it is written.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {digest} is no SHA-256 digest")]
pub(crate) struct BadDigest {
    path: String,
    digest: String,
}

impl SiteView {
    /// About how many bytes of memory it takes.
    pub(crate) fn weight(&self) -> u64 {
        self.deploy.weight
    }
}

impl DeployView {
    /// # Errors
    /// When a blob's name is no digest.
    pub(crate) fn new(served: &Served, functions: Vec<String>, times: Times) -> Result<Self, BadDigest> {
        let files = served.files.iter().map(FileView::new).collect::<Result<Box<[_]>, _>>()?;
        let paths = paths(&served.files);
        let weight = weight(&paths, &files);
        let functions = functions.into_iter().map(String::into_boxed_str).collect();
        Ok(Self { last_modified: times.header(), paths, files, functions, weight })
    }

    /// The file that answers a clean request path.
    pub(crate) fn file(&self, path: &str) -> Option<&FileView> {
        let place = self.paths.get(path)?;
        self.files.get(place.file as usize)
    }

    pub(crate) fn has_function(&self, name: &str) -> bool {
        self.functions.contains(name)
    }
}

fn paths(files: &[ServedFile]) -> HashMap<Box<str>, Place> {
    let mut paths = HashMap::with_capacity(files.len() * 2);
    for (file, index) in files.iter().zip(0_u32..) {
        for (path, rank) in request_paths_of(&file.path) {
            let place = Place { file: index, rank };
            match paths.entry(path.into_boxed_str()) {
                Entry::Vacant(free) => {
                    free.insert(place);
                }
                Entry::Occupied(mut taken) if rank < taken.get().rank => {
                    taken.insert(place);
                }
                Entry::Occupied(_) => {}
            }
        }
    }
    paths.shrink_to_fit();
    paths
}

fn weight(paths: &HashMap<Box<str>, Place>, files: &[FileView]) -> u64 {
    let slot = size_of::<(Box<str>, Place)>() + 1;
    let keys: usize = paths.keys().map(|path| path.len()).sum();
    let tags: usize = files.iter().map(FileView::tag_bytes).sum();
    (paths.capacity() * slot + keys + size_of_val(files) + tags + size_of::<SiteView>()) as u64
}

impl FileView {
    fn new(file: &ServedFile) -> Result<Self, BadDigest> {
        let form = |digest: &str, size, encoding| Form::new(&file.path, digest, size, encoding);
        let variant = |variant: &Option<Variant>, encoding| {
            variant.as_ref().map(|variant| form(&variant.blob, variant.size, encoding)).transpose()
        };
        Ok(Self {
            mime: HeaderValue::from_str(&file.mime)
                .unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream")),
            identity: form(&file.blob, file.size, Encoding::Identity)?,
            gzip: variant(&file.gzip, Encoding::Gzip)?,
            br: variant(&file.br, Encoding::Br)?,
        })
    }

    /// Which encodings there are.
    pub(crate) fn encodings(&self) -> Encodings {
        Encodings { gzip: self.gzip.is_some(), br: self.br.is_some() }
    }

    /// The file in this encoding, as it is where it does not exist in it.
    pub(crate) fn form(&self, encoding: Encoding) -> &Form {
        let form = match encoding {
            Encoding::Identity => None,
            Encoding::Gzip => self.gzip.as_ref(),
            Encoding::Br => self.br.as_ref(),
        };
        form.unwrap_or(&self.identity)
    }

    fn tag_bytes(&self) -> usize {
        let forms = [Some(&self.identity), self.gzip.as_ref(), self.br.as_ref()];
        self.mime.len() + forms.into_iter().flatten().map(|form| form.etag.len()).sum::<usize>()
    }
}

impl Form {
    fn new(path: &str, digest: &str, size: u64, encoding: Encoding) -> Result<Self, BadDigest> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(digest, &mut bytes)
            .map_err(|_| BadDigest { path: path.to_owned(), digest: digest.to_owned() })?;
        let etag = format!("\"{}\"", hex::encode(&bytes[..16]));
        let etag = HeaderValue::try_from(etag).expect("quoted hex digits make a header value");
        Ok(Self { blob: BlobRef { digest: bytes, size }, etag, encoding })
    }
}

impl Times {
    fn header(self) -> HeaderValue {
        let at = self.published.or(self.ready).unwrap_or(self.created);
        let seconds = Duration::from_secs(at.seconds().unsigned_abs());
        let date = httpdate::fmt_http_date(UNIX_EPOCH + seconds);
        HeaderValue::try_from(date).expect("a date makes a header value")
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A site view of these files, each with its own path as digest source.
    pub(crate) fn view(site_id: &str, files: &[&str]) -> SiteView {
        let served = Served { files: files.iter().map(|path| file(path)).collect() };
        let times = Times { published: None, ready: None, created: Timestamp(0) };
        let deploy = DeployView::new(&served, vec!["hello".into()], times).expect("digests are made here");
        SiteView { site_id: site_id.into(), disabled: false, deploy }
    }

    fn file(path: &str) -> ServedFile {
        ServedFile {
            path: path.into(),
            blob: signing::sha256_hex(path.as_bytes()),
            sha1: String::new(),
            size: 1,
            mime: "text/html; charset=utf-8".into(),
            gzip: None,
            br: None,
        }
    }

    #[test]
    fn the_map_follows_the_order_of_candidates() {
        let view = view("s", &["/both/index.html", "/both.html", "/index.html", "/x.css"]);
        for (path, expect) in [
            ("/", Some("/index.html")),
            ("/both", Some("/both.html")),
            ("/both/", Some("/both.html")),
            ("/both/index.html", Some("/both/index.html")),
            ("/x.css", Some("/x.css")),
            ("/x", None),
            ("/index", Some("/index.html")),
        ] {
            let digest = view.deploy.file(path).map(|file| hex::encode(file.identity.blob.digest));
            assert_eq!(digest, expect.map(|file| signing::sha256_hex(file.as_bytes())), "{path}");
        }
    }

    #[test]
    fn each_form_has_a_tag_of_its_own() -> Result<(), BadDigest> {
        let gzip = Some(Variant { blob: signing::sha256_hex(b"packed"), size: 7 });
        let file = FileView::new(&ServedFile { gzip, ..file("/a") })?;
        assert_ne!(file.form(Encoding::Gzip).etag, file.form(Encoding::Identity).etag);
        assert_eq!(file.form(Encoding::Br).etag, file.form(Encoding::Identity).etag);
        assert_eq!(file.form(Encoding::Gzip).blob.size, 7);
        Ok(())
    }

    #[test]
    fn a_name_that_is_no_digest_is_refused() {
        let bad = ServedFile { blob: "../../etc/passwd".into(), ..file("/a") };
        assert!(FileView::new(&bad).is_err());
    }

    #[test]
    fn the_latest_known_time_is_told() {
        let at = |seconds: i64| Some(Timestamp(seconds * 1000 + 999));
        for (published, ready, expect) in [
            (at(2), at(1), "Thu, 01 Jan 1970 00:00:02 GMT"),
            (None, at(1), "Thu, 01 Jan 1970 00:00:01 GMT"),
            (None, None, "Thu, 01 Jan 1970 00:00:00 GMT"),
        ] {
            assert_eq!(Times { published, ready, created: Timestamp(0) }.header(), expect);
        }
    }

    #[test]
    fn weight_grows_with_paths() {
        let small = view("s", &["/a"]).weight();
        let large = view("s", &["/a", &format!("/{}.html", "b".repeat(1000))]).weight();
        assert!(large > small + 3000, "{small} {large}");
    }
}

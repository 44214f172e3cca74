//! A site and one deploy of it, laid out for reading: one look in a map finds the file of a request
//! path, and everything its answer says is made already. Never changes once made.

use super::access::Access;
use super::addons::AddonsView;
use super::forms::FormsView;
use super::rules::{Ahead, RulesView};
use super::signer::Signer;
use super::snippets::SnippetsView;
use super::splits::SplitView;
use super::visitors::Visitors;
use crate::answer::BlobRef;
use crate::phases::snippets::is_html;
use crate::protocol::negotiate::{Encoding, Encodings};
use http::HeaderValue;
use model::Timestamp;
use rules::paths::request_paths_of;
use std::collections::HashSet;
use std::collections::hash_map::{Entry, HashMap};
use std::mem::size_of;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};
use store::deploy_files::{Served, ServedFile, Variant};

/// What a request is answered from.
pub(crate) struct SiteView {
    /// The site, as changes name it.
    pub(crate) site_id: Box<str>,
    /// Whether the owner switched it off.
    pub(crate) disabled: bool,
    /// Whether search engines are asked to leave out what is found at this host.
    pub(crate) left_out: bool,
    /// What the site asks of visitors of this host, when it asks anything.
    pub(crate) access: Option<Box<Access>>,
    /// What it says of itself to origins that it passes requests on to.
    pub(crate) signer: Signer,
    /// The rules of this deploy.
    pub(crate) rules: RulesView,
    /// Whose tokens count here, when any can.
    pub(crate) visitors: Option<Arc<Visitors>>,
    /// Forms that visitors may send, when there are any.
    pub(crate) forms: Option<Arc<FormsView>>,
    /// What is put into its pages, when anything is.
    pub(crate) snippets: Option<Arc<SnippetsView>>,
    /// Its add-ons, when it has any.
    pub(crate) addons: Option<Arc<AddonsView>>,
    /// Which visitors see other deploys at this host, while a split test is active.
    pub(crate) split: Option<Box<SplitView>>,
    /// Whether there is a deploy at this host. Without one, add-ons alone answer.
    pub(crate) deployed: bool,
    /// The deploy of this host; empty where there is none.
    pub(crate) deploy: DeployView,
}

/// One deploy.
pub(crate) struct DeployView {
    /// Value of Last-Modified: when its files became what is found here.
    pub(crate) last_modified: HeaderValue,
    paths: HashMap<Box<str>, Place>,
    files: Box<[FileView]>,
    functions: HashSet<Box<str>>,
    pub(super) weight: u64,
}

/// Which file answers a path, and how well it fits: 0 is best.
#[derive(Clone, Copy)]
struct Place {
    file: u32,
    rank: u8,
    headers: Ahead,
}

/// What is found at a path.
pub(crate) struct Hit<'d> {
    pub(crate) file: &'d FileView,
    /// How well the file fits, as [`rules::paths::candidates`] counts.
    pub(crate) rank: u8,
    pub(crate) headers: Ahead,
}

/// A file and its encodings.
pub(crate) struct FileView {
    /// Content-Type.
    pub(crate) mime: HeaderValue,
    /// Whether it is a page that snippets are put into on its way out. Its entity tag is that of the
    /// page then, and it has no compressed forms.
    pub(crate) composed: bool,
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
    /// Whether a visitor sees files of this deploy, and nothing that depends on who the visitor is
    /// or that is made on the way out; rules aside.
    pub(crate) fn shows_files_as_they_are(&self) -> bool {
        let open = !self.disabled && self.access.is_none() && !self.rules.headers.has_basic_auth();
        open && self.split.is_none() && self.snippets.is_none()
    }

    /// About how many bytes of memory it takes.
    pub(crate) fn weight(&self) -> u64 {
        let snippets = self.snippets.as_ref().map_or(0, |snippets| snippets.weight());
        let split = self.split.as_ref().map_or(0, |split| split.weight());
        let forms = self.forms.as_ref().map_or(0, |forms| forms.weight());
        let addons = self.addons.as_ref().map_or(0, |addons| addons.weight());
        self.deploy.weight + snippets + split + forms + addons
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

    /// The same with snippets in its pages.
    pub(crate) fn with_snippets(mut self, snippets: &SnippetsView) -> Self {
        for page in self.files.iter_mut().filter(|file| is_html(&file.mime)) {
            page.identity.etag = tag(&page.identity.blob, Some(snippets));
            (page.composed, page.gzip, page.br) = (true, None, None);
        }
        self
    }

    /// The file that answers a clean request path.
    pub(crate) fn file(&self, path: &str) -> Option<&FileView> {
        let place = self.paths.get(path)?;
        self.files.get(place.file as usize)
    }

    /// All that is known of a clean request path, in one look.
    pub(crate) fn find(&self, path: &str) -> Option<Hit<'_>> {
        let place = self.paths.get(path)?;
        let file = self.files.get(place.file as usize)?;
        Some(Hit { file, rank: place.rank, headers: place.headers })
    }

    /// Tells every path its headers.
    pub(crate) fn assign_headers(&mut self, mut of: impl FnMut(&str) -> Ahead) {
        for (path, place) in &mut self.paths {
            place.headers = of(path);
        }
    }

    /// The headers of a path, if a file answers it.
    pub(crate) fn headers_of(&self, path: &str) -> Option<Ahead> {
        self.paths.get(path).map(|place| place.headers)
    }

    /// How well the file fits that answers a path, as [`rules::paths::candidates`] counts.
    pub(crate) fn rank_of(&self, path: &str) -> Option<u8> {
        self.paths.get(path).map(|place| place.rank)
    }

    /// Counts bytes of memory that belong to the deploy.
    pub(crate) fn weigh(&mut self, bytes: u64) {
        self.weight += bytes;
    }

    pub(crate) fn has_function(&self, name: &str) -> bool {
        self.functions.contains(name)
    }
}

fn paths(files: &[ServedFile]) -> HashMap<Box<str>, Place> {
    let mut paths = HashMap::with_capacity(files.len() * 2);
    for (file, index) in files.iter().zip(0_u32..) {
        for (path, rank) in request_paths_of(&file.path) {
            let place = Place { file: index, rank, headers: Ahead::None };
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
            composed: false,
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
        let blob = BlobRef { digest: bytes, size };
        Ok(Self { blob, etag: tag(&blob, None), encoding })
    }
}

/// The entity tag of a blob, or of the page that snippets make of it.
fn tag(blob: &BlobRef, snippets: Option<&SnippetsView>) -> HeaderValue {
    let mut text = format!("\"{}", hex::encode(&blob.digest[..16]));
    if let Some(snippets) = snippets {
        text.push('-');
        text.push_str(&hex::encode(snippets.digest));
    }
    text.push('"');
    HeaderValue::try_from(text).expect("quoted hex digits and a hyphen make a header value")
}

impl Times {
    fn at(self) -> Timestamp {
        self.published.or(self.ready).unwrap_or(self.created)
    }

    /// The same, where something else changed too.
    pub(crate) fn not_before(self, changed: Timestamp) -> Self {
        Self { published: Some(self.at().max(changed)), ..self }
    }

    fn header(self) -> HeaderValue {
        let at = self.at();
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
        let served = Served { files: files.iter().map(|path| file(path)).collect(), ..Served::default() };
        let times = Times { published: None, ready: None, created: Timestamp(0) };
        let deploy = DeployView::new(&served, vec!["hello".into()], times).expect("digests are made here");
        let signer = signer(site_id);
        let rules = RulesView::default();
        SiteView {
            site_id: site_id.into(),
            disabled: false,
            left_out: false,
            access: None,
            signer,
            rules,
            visitors: None,
            forms: None,
            snippets: None,
            addons: None,
            split: None,
            deployed: true,
            deploy,
        }
    }

    fn signer(site_id: &str) -> Signer {
        Signer {
            account_id: "account".into(),
            site_id: site_id.into(),
            site_url: "http://site.localhost".into(),
            deploy_context: model::DeployContext::Production,
        }
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

//! The comment on a pull or merge request: one for all sites of an account that show the request,
//! edited in place.

use super::super::{Gear, Meaning, Message, Tried};
use super::api::{Access, Answer, Host, Session, id_of};
use super::errand;
use super::markdown::{cut, escape, link};
use super::slot::{Teller, Told, quiet, settle};
use super::stage::Stage;
use super::subject::{Progress, Subject};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::target_memory::Place;

/// Sites in one comment; those that were told of last stay.
pub(crate) const ROWS_MAX: usize = 50;
/// Pages of comments, a hundred each, that are looked through for a comment of ours.
const PAGES_MAX: usize = 10;
const PAGE: usize = 100;
/// Characters of a name or label.
const NAME_MAX: usize = 100;

/// How a host keeps comments.
pub(crate) struct Dialect {
    pub(crate) host: Host,
    /// What the token must be allowed to do.
    pub(crate) scope: &'static str,
    /// Where comments are listed and made, from repository and number of the request.
    pub(crate) all: for<'a> fn(&'a str, &'a str) -> Vec<&'a str>,
    /// Where one is edited, from repository, number of the request, and its id.
    pub(crate) one: for<'a> fn(&'a str, &'a str, &'a str) -> Vec<&'a str>,
    pub(crate) edit: Method,
    /// Asks for the oldest first.
    pub(crate) order: &'static [(&'static str, &'static str)],
}

/// A host on whose requests the hook's own token comments.
pub(crate) trait Comments {
    /// How.
    const DIALECT: Dialect;
}

/// What is said of one site.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Line {
    progress: Progress,
    stage: Stage,
    name: String,
    label: String,
    commit: String,
    page: String,
    preview: String,
    settings: String,
}

/// The lines of a comment, by site.
type Lines = BTreeMap<String, Line>;

impl Line {
    fn of(subject: &Subject) -> Self {
        Self {
            progress: subject.progress(),
            stage: subject.stage,
            name: cut(&subject.deploy.name, NAME_MAX),
            label: subject.label().to_owned(),
            commit: subject.commit_link(),
            page: subject.page(),
            preview: subject.preview().to_owned(),
            settings: subject.deploy.admin_url.clone(),
        }
    }

    /// The preview, once there is one.
    fn visit(&self) -> String {
        match self.stage {
            Stage::Ready => link(&escape(&self.preview), &self.preview),
            _ => String::new(),
        }
    }
}

/// The lines with a site's newest; those that were told of longest ago make room.
fn with(mut lines: Lines, site_id: &str, line: &Line) -> Lines {
    if lines.get(site_id).is_none_or(|known| known.progress <= line.progress) {
        lines.insert(site_id.to_owned(), line.clone());
    }
    while lines.len() > ROWS_MAX {
        let oldest = lines.iter().min_by_key(|(_, line)| &line.progress).map(|(id, _)| id.clone());
        oldest.map(|id| lines.remove(&id));
    }
    lines
}

/// The whole comment. One site has a table of its own; several have a line each.
fn render(lines: &Lines, marker: &str) -> String {
    let mut sorted: Vec<&Line> = lines.values().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    let table = match sorted.as_slice() {
        [line] => table_of_one(line),
        several => table_of_many(several),
    };
    let settings = sorted.first().map_or("", |line| line.settings.as_str());
    let footer = link("notification settings of the site", settings);
    format!("{marker}\n{table}\n---\n_Change or remove this comment in the {footer}._\n")
}

fn table_of_one(line: &Line) -> String {
    let (mark, name) = (line.stage.mark(), escape(&line.name));
    let mut out = format!("### {mark} {} for *{name}* {}\n\n", line.label, line.stage.words());
    out.push_str("| Name | Link |\n|:-:|---|\n");
    let log = link(&escape(&line.page), &line.page);
    let rows = [("🔨 Latest commit", &line.commit), ("🔍 Latest deploy log", &log)];
    for (what, value) in rows {
        out.push_str(&format!("| {what} | {value} |\n"));
    }
    if line.stage == Stage::Ready {
        out.push_str(&format!("| 😎 {} | {} |\n", line.label, line.visit()));
    }
    out
}

fn table_of_many(lines: &[&Line]) -> String {
    let ready = lines.iter().filter(|line| line.stage == Stage::Ready).count();
    let worst = lines.iter().map(|line| line.stage).max_by_key(|stage| concern(*stage));
    let mark = worst.unwrap_or(Stage::Ready).mark();
    let mut out = format!("### {mark} Deploys of {} sites: {ready} ready\n\n", lines.len());
    out.push_str("| Name | Status | Link | Latest commit | Latest deploy log |\n|---|---|---|---|---|\n");
    for line in lines {
        let log = link("log", &line.page);
        out.push_str(&format!(
            "| {} | {} {} {} | {} | {} | {log} |\n",
            escape(&line.name),
            line.stage.mark(),
            line.label,
            line.stage.words(),
            line.visit(),
            line.commit
        ));
    }
    out
}

/// What a reader must know first.
fn concern(stage: Stage) -> u8 {
    match stage {
        Stage::Ready => 0,
        Stage::Queued | Stage::Building => 1,
        Stage::Review => 2,
        Stage::Failed | Stage::Canceled | Stage::Rejected => 3,
    }
}

struct CommentTeller<'a> {
    gear: &'a Gear,
    dialect: &'a Dialect,
    access: &'a Access,
    repo: &'a str,
    review: String,
    site_id: &'a str,
    marker: String,
    line: Line,
}

impl Teller for CommentTeller<'_> {
    type Wish = Lines;

    fn merge(&self, before: Option<Lines>) -> Lines {
        with(before.unwrap_or_default(), self.site_id, &self.line)
    }

    fn text(&self, wish: &Lines) -> String {
        render(wish, &self.marker)
    }

    async fn tell(&self, wish: &Lines, remote: Option<&str>) -> Told {
        let mut session = Session::new(self.gear, &self.dialect.host, self.access, self.dialect.scope);
        let body = json!({ "body": self.text(wish) });
        match self.put(&mut session, remote, &body).await {
            Ok(answer) => {
                let id = if answer.is_success() { answer.id() } else { None };
                Told { tried: answer.tried, remote: id }
            }
            Err(tried) => Told { tried: *tried, remote: None },
        }
    }
}

impl CommentTeller<'_> {
    /// Edits the comment that is known or found; makes one where there is none.
    async fn put(
        &self,
        session: &mut Session<'_>,
        known: Option<&str>,
        body: &Value,
    ) -> Result<Answer, Box<Tried>> {
        let found = match known {
            Some(id) => Some(id.to_owned()),
            None => self.find(session).await?,
        };
        if let Some(id) = found {
            let path = (self.dialect.one)(self.repo, &self.review, &id);
            let answer = session.call(self.dialect.edit.clone(), &path, &[], Some(body)).await?;
            if !answer.is_absent() {
                return Ok(answer);
            }
        }
        let path = (self.dialect.all)(self.repo, &self.review);
        session.call(Method::POST, &path, &[], Some(body)).await
    }

    /// The id of a comment that carries our marker: made before a crash kept it from being written down.
    async fn find(&self, session: &mut Session<'_>) -> Result<Option<String>, Box<Tried>> {
        let path = (self.dialect.all)(self.repo, &self.review);
        for page in 1..=PAGES_MAX {
            let (page, size) = (page.to_string(), PAGE.to_string());
            let mut query = vec![("per_page", size.as_str()), ("page", page.as_str())];
            query.extend(self.dialect.order);
            let answer = session.call(Method::GET, &path, &query, None).await?;
            if answer.tried.meaning != Meaning::Delivered {
                return Err(Box::new(answer.tried));
            }
            let comments = answer.body.as_array().cloned().unwrap_or_default();
            let ours =
                |comment: &&Value| comment["body"].as_str().is_some_and(|text| text.contains(&self.marker));
            if let Some(id) = comments.iter().find(ours).and_then(id_of) {
                return Ok(Some(id));
            }
            if comments.len() < PAGE {
                break;
            }
        }
        Ok(None)
    }
}

/// Tells that host.
pub(crate) fn send<'a, C: Comments>(gear: &'a Gear, message: &'a Message<'a>) -> BoxFuture<'a, Tried> {
    async move { send_as(gear, message, &C::DIALECT, Access::own(message, &C::DIALECT.host)).await }.boxed()
}

/// Tells a host. Without access that fails, unless there is nothing to tell.
pub(crate) async fn send_as(
    gear: &Gear,
    message: &Message<'_>,
    dialect: &Dialect,
    access: Result<Access, String>,
) -> Tried {
    match errand(gear, message, &dialect.host, access, review).await {
        Ok((subject, access, review)) => tell(gear, dialect, &access, &subject, review).await,
        Err(tried) => *tried,
    }
}

/// Number of the request that the deploy belongs to.
fn review(subject: &Subject) -> Result<i64, Box<Tried>> {
    let nothing = || Box::new(quiet("nothing to tell: the deploy belongs to no pull or merge request"));
    subject.deploy.review_id.ok_or_else(nothing)
}

async fn tell(gear: &Gear, dialect: &Dialect, access: &Access, subject: &Subject, review: i64) -> Tried {
    let key = format!("comment {} {} {review}", access.api, subject.repo);
    let teller = CommentTeller {
        gear,
        dialect,
        access,
        repo: &subject.repo,
        review: review.to_string(),
        site_id: &subject.site_id,
        marker: marker(&subject.account_id, &key),
        line: Line::of(subject),
    };
    let place = Place { account_id: subject.account_id.clone(), key, site_id: None };
    settle(&gear.cx, &place, &teller).await
}

/// By this a comment is known again. Only who knows the account's id can foresee it.
fn marker(account_id: &str, key: &str) -> String {
    let digest = signing::sha256_hex(format!("{account_id} {key}").as_bytes());
    format!("<!-- boathook:comment:{} -->", &digest[..24])
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{self, SHA};
    use super::*;
    use model::{Deploy, DeployState};

    fn line(name: &str, deploy: Deploy) -> (String, Line) {
        let subject = Subject {
            stage: Stage::of(&deploy),
            account_id: "a".into(),
            site_id: "s".into(),
            repo: "o/r".into(),
            sha: SHA.into(),
            first_name: name.into(),
            deploy: Deploy { name: name.into(), ..deploy },
        };
        (format!("id of {name}"), Line::of(&subject))
    }

    fn check(lines: impl IntoIterator<Item = (String, Line)>, expect: &str) {
        assert_eq!(render(&lines.into_iter().collect(), "<!-- mark -->"), expect);
    }

    #[test]
    fn one_site_has_a_table_of_its_own() {
        let expect = format!(
            "<!-- mark -->\n\
             ### ✅ Deploy Preview for *site* ready!\n\n\
             | Name | Link |\n|:-:|---|\n\
             | 🔨 Latest commit | [`{SHA}`](https://github.com/o/r/commit/{SHA}) |\n\
             | 🔍 Latest deploy log | [https\\://boathook.example/sites/site/deploys/695735a5000000000000000d](https://boathook.example/sites/site/deploys/695735a5000000000000000d) |\n\
             | 😎 Deploy Preview | [https\\://deploy-preview-7--site.example](https://deploy-preview-7--site.example/) |\n\n\
             ---\n_Change or remove this comment in the [notification settings of the site](https://boathook.example/sites/site)._\n"
        );
        check([line("site", fixtures::deploy(DeployState::Ready))], &expect);
    }

    #[test]
    fn nothing_leads_to_a_preview_that_is_not_there() {
        for state in [DeployState::Enqueued, DeployState::Building, DeployState::Error, DeployState::Rejected]
        {
            let text = render(&[line("site", fixtures::deploy(state))].into(), "");
            assert!(!text.contains("deploy-preview-7--site"), "{state}: {text}");
            assert!(text.contains("/deploys/695735a5000000000000000d"), "{state}: {text}");
        }
    }

    #[test]
    fn several_sites_have_a_line_each() {
        let lines = [("b", DeployState::Ready), ("a", DeployState::Building), ("c|*", DeployState::Ready)];
        let text = render(&lines.map(|(name, state)| line(name, fixtures::deploy(state))).into(), "m");
        assert!(text.starts_with("m\n### 👷 Deploys of 3 sites: 2 ready\n"), "{text}");
        let found: Vec<_> = text.lines().filter(|line| line.starts_with("| ")).collect();
        assert!(found[1].starts_with("| a | 👷 Deploy Preview processing. |"), "{text}");
        assert!(found[2].starts_with("| b | ✅ Deploy Preview ready! | ["), "{text}");
        assert!(found[3].starts_with("| c\\|\\* | ✅ "), "{text}");
        let cells = |line: &str| line.replace("\\|", "").matches('|').count();
        assert!(found.iter().all(|line| cells(line) == 6), "{text}");
    }

    #[test]
    fn the_oldest_line_makes_room() {
        let mut lines = Lines::new();
        for number in 0..=i64::try_from(ROWS_MAX).expect("a small number") {
            let mut deploy = fixtures::deploy(DeployState::Ready);
            deploy.created_at = deploy.created_at.plus_millis(number);
            let (id, line) = line(&format!("s{number}"), deploy);
            lines = with(lines, &id, &line);
        }
        assert_eq!(lines.len(), ROWS_MAX);
        assert!(!lines.contains_key("id of s0") && lines.contains_key("id of s50"));
        let (id, mut late) = line("s50", fixtures::deploy(DeployState::Building));
        late.commit = "an older deploy's".into();
        let kept = with(lines, &id, &late);
        assert_eq!(kept[&id].stage, Stage::Ready, "an older deploy says nothing");
    }

    #[test]
    fn markers_differ_by_account_and_request() {
        assert_eq!(marker("a", "k"), marker("a", "k"));
        assert_ne!(marker("a", "k"), marker("b", "k"));
        assert_ne!(marker("a", "k"), marker("a", "l"));
    }
}

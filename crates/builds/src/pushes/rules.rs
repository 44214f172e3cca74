//! What is done about a change, by the settings of the site. Pure.

use super::change::{Change, Pushed, Repository, Request, Told};
use super::glob::fits;
use super::order::News;
use crate::{Cause, Push, Review};
use model::BuildSettings;
use url::Url;

/// Words in a commit's message, or in the title of a request, after which nothing is built.
pub(crate) const SKIP_MARKERS: [&str; 7] = [
    "[skip ci]",
    "[ci skip]",
    "[no ci]",
    "[skip netlify]",
    "[netlify skip]",
    "[skip boathook]",
    "[boathook skip]",
];

/// Longest title of a deploy that a push gives it, in characters.
pub(crate) const TITLE_MAX: usize = 255;

/// What is said of a fork that nobody vouches for.
const UNSIGNED_FORK: &str = "a fork of which the host keeps nothing in the repository is fetched only where webhooks are \
                             signed; draw a secret";

/// What is to be done about one change.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Plan {
    /// Nothing, because ...
    Ignore(String),
    /// A build.
    Build(Box<Wanted>),
    /// Builds of a branch or request come to an end.
    End(Line),
}

/// A build that a change asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wanted {
    pub(crate) line: Line,
    pub(crate) cause: Cause,
    pub(crate) news: News,
}

/// A branch or request of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Branch(String),
    Request(i64),
}

impl Line {
    /// Under which its newest commit is remembered.
    pub(crate) fn key(&self) -> String {
        match self {
            Self::Branch(name) => format!("branch:{name}"),
            Self::Request(id) => format!("request:{id}"),
        }
    }

    /// Whether a build is of this branch or request.
    pub(crate) fn made(&self, cause: &Cause, production: Option<&str>) -> bool {
        let review = cause.push.as_ref().and_then(|push| push.review.as_ref());
        match self {
            Self::Request(id) => review.is_some_and(|review| review.id == *id),
            Self::Branch(name) => {
                review.is_none() && cause.branch.as_deref().or(production) == Some(name.as_str())
            }
        }
    }
}

/// What to do. A call that nobody signed may have been made up by anybody who knows the URL: of a branch
/// it starts no more than a build hook does, and a request of it is not trusted.
pub(crate) fn plan(build: &BuildSettings, told: &Told, change: &Change, signed: bool) -> Plan {
    if let Some(why) = stranger(build, &told.repository) {
        return Plan::Ignore(why);
    }
    match change {
        Change::Ping => Plan::Ignore("the host tried the URL out, and it works".to_owned()),
        Change::Other(what) => Plan::Ignore(what.clone()),
        Change::Push(pushed) => push(build, &told.repository, pushed, signed),
        Change::RequestOpened(request) | Change::RequestUpdated(request) => {
            preview(build, told, request, signed)
        }
        Change::RequestClosed { id } => Plan::End(Line::Request(*id)),
        Change::BranchDeleted { branch } => Plan::End(Line::Branch(branch.clone())),
    }
}

/// Why a webhook of another repository is none of the site's business: one URL may have been given to a
/// whole organisation. The host's number decides where it is known, since names change.
fn stranger(build: &BuildSettings, repository: &Repository) -> Option<String> {
    if let (Some(linked), Some(told)) = (build.id, repository.id) {
        return (linked != told).then(|| {
            format!("it is about the repository number {told}, and the site is linked to number {linked}")
        });
    }
    let told = repository.name.as_deref()?;
    let url = Url::parse(repository.url.as_deref()?).ok()?;
    let (linked_host, linked) = linked_name(build)?;
    // a host that lies below a path leaves that out of names, and Git's address holds it
    let is_linked = |name: &str| linked.eq_ignore_ascii_case(name);
    let other = linked_host.eq_ignore_ascii_case(url.host_str()?)
        && !is_linked(told)
        && !is_linked(path_name(url.path()));
    other.then(|| format!("it is about the repository {told}, and the site is linked to {linked}"))
}

/// Host and `owner/name` of the linked repository, where its address says them.
fn linked_name(build: &BuildSettings) -> Option<(String, String)> {
    let address = build.repo_url.as_deref().or(build.repo_path.as_deref())?;
    let (host, path) = match Url::parse(address) {
        Ok(url) => (url.host_str()?.to_owned(), url.path().to_owned()),
        Err(_) => {
            let (login, path) = address.split_once(':')?;
            (login.rsplit('@').next()?.to_owned(), path.to_owned())
        }
    };
    let name = path_name(&path).to_owned();
    (!host.is_empty() && !name.is_empty()).then_some((host, name))
}

fn path_name(path: &str) -> &str {
    path.trim_matches('/').trim_end_matches(".git")
}

fn named(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).filter(|text| !text.is_empty())
}

/// The production branch: the site's, or else the repository's default one.
fn production<'a>(build: &'a BuildSettings, repository: &'a Repository) -> Option<&'a str> {
    named(build.repo_branch.as_ref()).or(repository.default_branch.as_deref())
}

fn allowed(build: &BuildSettings, production: Option<&str>, branch: &str) -> bool {
    production == Some(branch) || build.allowed_branches.iter().any(|pattern| fits(pattern, branch))
}

fn push(build: &BuildSettings, repository: &Repository, pushed: &Pushed, signed: bool) -> Plan {
    let production = production(build, repository);
    if !allowed(build, production, &pushed.branch) {
        return Plan::Ignore(format!(
            "the branch `{}` is neither the production branch nor one of the site's allowed_branches",
            pushed.branch
        ));
    }
    if let Some(marker) = pushed.message.as_deref().and_then(marker) {
        return Plan::Ignore(format!("the commit's message says {marker}"));
    }
    // a site without a branch of its own builds whatever is the repository's default
    let own = named(build.repo_branch.as_ref()).is_none() && production == Some(pushed.branch.as_str());
    let cause = Cause {
        branch: Some(pushed.branch.clone()).filter(|_| !own),
        title: pushed.message.as_deref().and_then(title).filter(|_| signed),
        push: Some(Push {
            commit: Some(pushed.commit.clone()).filter(|_| signed),
            commit_url: pushed.commit_url.clone().filter(|_| signed),
            committer: pushed.committer.clone().filter(|_| signed),
            ..Push::default()
        }),
        ..Cause::default()
    };
    let news = News { commit: pushed.commit.clone(), before: pushed.before.clone(), at: pushed.at };
    Plan::Build(Box::new(Wanted { line: Line::Branch(pushed.branch.clone()), cause, news }))
}

fn preview(build: &BuildSettings, told: &Told, request: &Request, signed: bool) -> Plan {
    if let Some(why) = no_preview(build, told, request, signed) {
        return Plan::Ignore(why);
    }
    let cause = Cause {
        branch: Some(request.branch.clone()),
        title: request.title.as_deref().and_then(title),
        push: Some(Push {
            commit: request.commit.clone(),
            commit_url: request.commit_url.clone(),
            committer: request.author.clone(),
            reference: request.reference.clone(),
            fork: request.source.clone(),
            review: Some(Review { id: request.id, url: request.url.clone() }),
        }),
        untrusted: !signed || untrusted(build, told, request),
        ..Cause::default()
    };
    let news = News { commit: request.tip.clone(), before: request.before.clone(), at: request.at };
    Plan::Build(Box::new(Wanted { line: Line::Request(request.id), cause, news }))
}

fn no_preview(build: &BuildSettings, told: &Told, request: &Request, signed: bool) -> Option<String> {
    if build.skip_prs == Some(true) {
        return Some("the site makes no deploy previews (skip_prs)".to_owned());
    }
    if request.fork && request.reference.is_none() {
        match &request.source {
            None => return Some("the fork that it comes from is gone".to_owned()),
            // anybody could name any repository
            Some(_) if !signed => return Some(UNSIGNED_FORK.to_owned()),
            Some(_) => {}
        }
    }
    let production = production(build, &told.repository);
    if let Some(target) =
        request.target.as_deref().filter(|target| production.is_some() && !allowed(build, production, target))
    {
        return Some(format!("it is a request against `{target}`, which the site does not deploy"));
    }
    request.title.as_deref().and_then(marker).map(|marker| format!("the title of the request says {marker}"))
}

/// Whether code comes from somebody who is not trusted. A branch of the repository itself was pushed by
/// somebody with the right to; a fork's by its author only if nobody else did it.
fn untrusted(build: &BuildSettings, told: &Told, request: &Request) -> bool {
    if !request.fork {
        return false;
    }
    let Some(author) = request.author.as_deref() else { return true };
    let listed = build.trusted_authors.iter().any(|name| name.eq_ignore_ascii_case(author));
    !(listed || request.insider) || told.sender.as_deref() != Some(author)
}

fn marker(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    SKIP_MARKERS.into_iter().find(|marker| text.contains(marker))
}

/// The first line, shortened.
fn title(text: &str) -> Option<String> {
    let line = text.lines().next().unwrap_or_default().trim();
    (!line.is_empty()).then(|| line.chars().take(TITLE_MAX).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(text: &str) -> BuildSettings {
        serde_json::from_str(text).expect("settings")
    }

    fn pushed(branch: &str, message: &str) -> Change {
        Change::Push(Pushed {
            branch: branch.into(),
            commit: "c".into(),
            message: Some(message.into()),
            ..Pushed::default()
        })
    }

    fn told() -> Told {
        Told { sender: Some("ada".into()), ..Told::default() }
    }

    /// Branch and untrusted of the build, or the reason why there is none.
    fn check(
        build: &str,
        told: &Told,
        change: &Change,
        signed: bool,
        expect: Result<(Option<&str>, bool), &str>,
    ) {
        let got = match plan(&site(build), told, change, signed) {
            Plan::Build(wanted) => Ok((wanted.cause.branch.clone(), wanted.cause.untrusted)),
            Plan::Ignore(why) => Err(why),
            Plan::End(line) => Err(line.key()),
        };
        match (got, expect) {
            (Ok((branch, untrusted)), Ok((want, trust))) => {
                assert_eq!((branch.as_deref(), untrusted), (want, trust));
            }
            (Err(why), Err(part)) => assert!(why.contains(part), "{why}"),
            (got, want) => panic!("{build} {change:?}: {got:?}, not {want:?}"),
        }
    }

    #[test]
    fn branches_are_built_as_the_site_says() {
        let main = r#"{"repo_branch": "main"}"#;
        let some = r#"{"repo_branch": "main", "allowed_branches": ["main", "feat/*"]}"#;
        let all = r#"{"repo_branch": "main", "allowed_branches": ["*"]}"#;
        for (build, branch, expect) in [
            (main, "main", Ok((Some("main"), false))),
            (main, "dev", Err("neither the production branch")),
            (some, "main", Ok((Some("main"), false))),
            (some, "feat/a/b", Ok((Some("feat/a/b"), false))),
            (some, "dev", Err("`dev`")),
            (all, "dev", Ok((Some("dev"), false))),
            ("{}", "trunk", Ok((None, false))),
            ("{}", "dev", Err("neither")),
        ] {
            let mut told = told();
            told.repository.default_branch = Some("trunk".into());
            check(build, &told, &pushed(branch, "x"), true, expect);
        }
    }

    #[test]
    fn markers_skip() {
        for marker in SKIP_MARKERS {
            check(
                "{\"repo_branch\":\"main\"}",
                &told(),
                &pushed("main", &format!("x\n\n{}", marker.to_uppercase())),
                true,
                Err(marker),
            );
        }
        check(
            "{\"repo_branch\":\"main\"}",
            &told(),
            &pushed("main", "skip ci"),
            true,
            Ok((Some("main"), false)),
        );
        let titled = Change::RequestOpened(Request { title: Some("Docs [skip ci]".into()), ..request() });
        check("{}", &told(), &titled, true, Err("[skip ci]"));
    }

    fn request() -> Request {
        Request {
            id: 7,
            branch: "fix".into(),
            tip: "c".into(),
            commit: Some("c".into()),
            reference: Some("refs/pull/7/head".into()),
            author: Some("ada".into()),
            target: Some("main".into()),
            ..Request::default()
        }
    }

    #[test]
    fn requests_make_previews_as_the_site_says() {
        let opened = |change: fn(&mut Request)| {
            let mut request = request();
            change(&mut request);
            Change::RequestUpdated(request)
        };
        let main = r#"{"repo_branch": "main"}"#;
        for (build, change, expect) in [
            (main, opened(|_| ()), Ok((Some("fix"), false))),
            (r#"{"repo_branch": "main", "skip_prs": true}"#, opened(|_| ()), Err("skip_prs")),
            (main, opened(|r| r.target = Some("dev".into())), Err("against `dev`")),
            (
                r#"{"repo_branch": "main", "allowed_branches": ["dev"]}"#,
                opened(|r| r.target = Some("dev".into())),
                Ok((Some("fix"), false)),
            ),
            ("{}", opened(|r| r.target = Some("dev".into())), Ok((Some("fix"), false))),
            (
                main,
                opened(|r| {
                    r.fork = true;
                    r.reference = None;
                }),
                Err("the fork that it comes from is gone"),
            ),
            (main, Change::RequestClosed { id: 7 }, Err("request:7")),
            (main, Change::BranchDeleted { branch: "fix".into() }, Err("branch:fix")),
            (main, Change::Ping, Err("it works")),
        ] {
            check(build, &told(), &change, true, expect);
        }
    }

    #[test]
    fn forks_are_trusted_only_with_their_author() {
        let listed = r#"{"repo_branch": "main", "trusted_authors": ["Ada"]}"#;
        let main = r#"{"repo_branch": "main"}"#;
        for (build, fork, insider, sender, untrusted) in [
            (main, false, false, "eve", false),
            (main, true, false, "ada", true),
            (main, true, true, "ada", false),
            (main, true, true, "eve", true),
            (listed, true, false, "ada", false),
            (listed, true, false, "eve", true),
        ] {
            let told = Told { sender: Some(sender.into()), ..Told::default() };
            let change = Change::RequestOpened(Request { fork, insider, ..request() });
            check(build, &told, &change, true, Ok((Some("fix"), untrusted)));
            check(build, &told, &change, false, Ok((Some("fix"), true)));
        }
        let nobody = Change::RequestOpened(Request { fork: true, insider: true, author: None, ..request() });
        check(main, &told(), &nobody, true, Ok((Some("fix"), true)));
    }

    #[test]
    fn what_nobody_signed_names_no_commit_of_a_branch() {
        for signed in [true, false] {
            let Plan::Build(wanted) =
                plan(&site(r#"{"repo_branch":"main"}"#), &told(), &pushed("main", "Fix it"), signed)
            else {
                panic!("it is built")
            };
            let push = wanted.cause.push.expect("a push");
            assert_eq!((push.commit.is_some(), wanted.cause.title.is_some()), (signed, signed));
        }
    }

    #[test]
    fn webhooks_of_other_repositories_are_ignored() {
        let of = |id: Option<i64>, name: &str| Told {
            repository: Repository {
                id,
                name: Some(name.into()),
                url: Some(format!("https://github.com/{name}")),
                default_branch: None,
            },
            ..told()
        };
        let below = |path: &str| {
            let mut told = of(None, "o/r");
            told.repository.url = Some(format!("https://own.example:3000/{path}"));
            told
        };
        let ok = Ok((Some("main"), false));
        for (build, told, expect) in [
            (r#"{"repo_branch":"main","repo_url":"https://github.com/o/r.git"}"#, of(Some(1), "O/r"), ok),
            (
                r#"{"repo_branch":"main","repo_url":"https://github.com/o/r"}"#,
                of(Some(1), "o/x"),
                Err("linked to o/r"),
            ),
            (
                r#"{"repo_branch":"main","repo_url":"git@github.com:o/r.git"}"#,
                of(None, "o/x"),
                Err("linked to o/r"),
            ),
            (r#"{"repo_branch":"main","repo_url":"https://mirror.example/x"}"#, of(Some(1), "o/r"), ok),
            (r#"{"repo_branch":"main","repo_url":"https://own.example/git/o/r.git"}"#, below("git/o/r"), ok),
            (r#"{"repo_branch":"main","repo_url":"git@own.example:o/r.git"}"#, below("git/o/r"), ok),
            (
                r#"{"repo_branch":"main","repo_url":"https://own.example/git/o/x.git"}"#,
                below("git/o/r"),
                Err("linked to git/o/x"),
            ),
            (r#"{"repo_branch":"main","repo_url":"/srv/x.git"}"#, of(Some(1), "o/r"), ok),
            (
                r#"{"repo_branch":"main","repo_url":"https://github.com/old/name","id":1}"#,
                of(Some(1), "o/r"),
                ok,
            ),
            (
                r#"{"repo_branch":"main","repo_url":"https://github.com/o/r","id":2}"#,
                of(Some(1), "o/r"),
                Err("number 2"),
            ),
        ] {
            check(build, &told, &pushed("main", "x"), true, expect);
        }
    }

    #[test]
    fn a_line_knows_its_builds() {
        let cause = |branch: Option<&str>, review: i64| Cause {
            branch: branch.map(Into::into),
            push: (review != 0)
                .then(|| Push { review: Some(Review { id: review, url: None }), ..Push::default() }),
            ..Cause::default()
        };
        let main = Line::Branch("main".into());
        for (line, cause, expect) in [
            (&main, cause(Some("main"), 0), true),
            (&main, cause(None, 0), true),
            (&main, cause(Some("dev"), 0), false),
            (&main, cause(Some("main"), 7), false),
            (&Line::Request(7), cause(Some("main"), 7), true),
            (&Line::Request(8), cause(Some("main"), 7), false),
        ] {
            assert_eq!(line.made(&cause, Some("main")), expect, "{line:?} {cause:?}");
        }
    }
}

//! Whether news of a branch or request is new, known, or older than what is known. Webhooks may arrive
//! twice and in any order. Pure.

use model::Timestamp;
use serde::{Deserialize, Serialize};

/// Earlier commits remembered of a branch or request.
pub(crate) const PAST_MAX: usize = 50;

/// What is known of a branch or request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Head {
    /// Its newest commit.
    pub(crate) commit: String,
    /// When the host says that came to be.
    pub(crate) at: Option<Timestamp>,
    /// Commits that were its newest before; the last one last.
    pub(crate) past: Vec<String>,
    /// The build of the newest commit.
    pub(crate) build_id: String,
}

/// What a webhook says of a branch or request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct News {
    /// Its newest commit.
    pub(crate) commit: String,
    /// The one before.
    pub(crate) before: Option<String>,
    /// When the host says that came to be.
    pub(crate) at: Option<Timestamp>,
}

/// How news stands to what is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// It follows, or nobody can tell.
    New,
    /// It is the commit that is known.
    Same,
    /// It was overtaken.
    Older,
}

/// Tells. A branch that was set back to an earlier commit names the known one as the one before, or has
/// a later time.
pub(crate) fn order(head: &Head, news: &News) -> Order {
    if news.commit == head.commit {
        return Order::Same;
    }
    if news.before.as_ref() == Some(&head.commit) {
        return Order::New;
    }
    match (news.at, head.at) {
        (Some(new), Some(known)) if new < known => Order::Older,
        (Some(new), Some(known)) if new > known => Order::New,
        _ if head.past.contains(&news.commit) => Order::Older,
        _ => Order::New,
    }
}

/// What is known after news that is new, or built again.
pub(crate) fn moved(head: Option<Head>, news: News, build_id: &str) -> Head {
    let (mut past, last) = head.map(|head| (head.past, Some(head.commit))).unwrap_or_default();
    past.extend(news.before.into_iter().chain(last));
    past.retain(|commit| *commit != news.commit);
    let mut kept: Vec<String> = Vec::new();
    for commit in past.into_iter().rev() {
        if kept.len() < PAST_MAX && !kept.contains(&commit) {
            kept.push(commit);
        }
    }
    kept.reverse();
    Head { commit: news.commit, at: news.at, past: kept, build_id: build_id.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn news(before: &str, commit: &str, at: Option<i64>) -> News {
        News {
            commit: commit.to_owned(),
            before: (!before.is_empty()).then(|| before.to_owned()),
            at: at.map(Timestamp),
        }
    }

    /// Takes news after news, and says what became of each.
    fn check(told: &[News], expect: &[Order]) {
        let mut head: Option<Head> = None;
        let mut orders = Vec::new();
        for one in told {
            let order = head.as_ref().map_or(Order::New, |head| order(head, one));
            if order == Order::New {
                head = Some(moved(head, one.clone(), "b"));
            }
            orders.push(order);
        }
        assert_eq!(orders, expect, "{told:?}");
    }

    #[test]
    fn news_is_put_in_order() {
        use Order::{New, Older, Same};
        check(&[news("", "1", None), news("1", "2", None), news("2", "3", None)], &[New, New, New]);
        check(&[news("1", "2", None), news("1", "2", None)], &[New, Same]);
        // the second arrives first
        check(&[news("1", "2", None), news("0", "1", None)], &[New, Older]);
        check(
            &[news("2", "3", Some(3)), news("0", "1", Some(1)), news("1", "2", Some(2))],
            &[New, Older, Older],
        );
        // without times, what nobody saw before cannot be told from a branch that was set anew
        check(&[news("2", "3", None), news("0", "1", None)], &[New, New]);
        // set back, and on again
        check(
            &[news("", "1", None), news("1", "2", None), news("2", "1", None), news("1", "2", None)],
            &[New; 4],
        );
        // set back while a webhook was lost
        check(&[news("1", "2", Some(1)), news("3", "1", Some(9))], &[New, New]);
        check(&[news("1", "2", Some(5)), news("8", "9", Some(5))], &[New, New]);
    }

    #[test]
    fn only_so_many_earlier_commits_are_remembered() {
        let mut head = None;
        for number in 0..PAST_MAX + 9 {
            head = Some(moved(head, news("", &number.to_string(), None), "b"));
        }
        let head = head.expect("it moved");
        assert_eq!((head.past.len(), head.past.last()), (PAST_MAX, Some(&(PAST_MAX + 7).to_string())));
    }
}

//! A documented body, with what happened put in.

use super::Told;
use model::Timestamp;
use serde_json::Value;

/// What stands in the bodies for the host, the newest commit, the one before and the branch.
const ROOT: &str = "https://git.example";
const AFTER: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const BEFORE: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const BRANCH: &str = "the-branch";
/// Characters of a commit that Bitbucket Cloud shortened.
const SHORT: usize = 12;

/// A body.
pub(super) struct Body(Value);

impl Body {
    /// The documented one, with branch, newest commit and the one before.
    pub(super) fn of(text: &str, told: &Told, (branch, after, before): (&str, &str, &str)) -> Self {
        let short = |commit: &str| commit[..SHORT].to_owned();
        let text = [
            (ROOT, told.root.clone()),
            (AFTER, after.to_owned()),
            (BEFORE, before.to_owned()),
            (&AFTER[..SHORT], short(after)),
            (&BEFORE[..SHORT], short(before)),
            (BRANCH, branch.to_owned()),
        ]
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
        Self(serde_json::from_str(&text).expect("bodies are JSON"))
    }

    /// One that is there already.
    pub(super) fn from(value: Value) -> Self {
        Self(value)
    }

    /// With another value, or a new one, in a place.
    pub(super) fn with(mut self, pointer: &str, value: impl Into<Value>) -> Self {
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        let parent = self.0.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer} is not there"));
        match parent {
            Value::Array(list) => list[name.parse::<usize>().expect("an index")] = value.into(),
            _ => parent[name] = value.into(),
        }
        self
    }

    /// With the same value in several places.
    pub(super) fn with_all(self, pointers: &[&str], value: &Value) -> Self {
        pointers.iter().fold(self, |body, pointer| body.with(pointer, value.clone()))
    }

    /// What is in a place.
    pub(super) fn at(&self, pointer: &str) -> Value {
        self.0.pointer(pointer).unwrap_or_else(|| panic!("{pointer} is not there")).clone()
    }

    /// The part of it in which one text stands for another: an account, a fork.
    pub(super) fn renamed(self, pointer: &str, from: &str, to: &str) -> Self {
        let part = self.at(pointer).to_string().replace(from, to);
        self.with(pointer, serde_json::from_str::<Value>(&part).expect("it stays JSON"))
    }

    pub(super) fn done(self) -> Value {
        self.0
    }
}

/// An instant as most hosts write it.
pub(super) fn utc(seconds: i64) -> String {
    Timestamp(seconds * 1000).to_string().replace(".000Z", "Z")
}

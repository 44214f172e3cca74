//! The header fields of a request that is passed on, in their order. There are few of them, so that
//! looking through a list costs less than keeping a table; and they are written as receivers expect.

use http::{HeaderName, HeaderValue};

/// Header fields of a request.
#[derive(Clone, Debug, Default)]
pub struct Fields(Vec<(HeaderName, HeaderValue)>);

impl Fields {
    /// None yet, and room for so many.
    #[must_use]
    pub fn with_capacity(count: usize) -> Self {
        Self(Vec::with_capacity(count))
    }

    /// Adds a field behind the others, whether or not there is one of that name.
    pub fn append(&mut self, name: HeaderName, value: HeaderValue) {
        self.0.push((name, value));
    }

    /// Sets a field, in place of all of that name.
    pub fn set(&mut self, name: HeaderName, value: HeaderValue) {
        match self.0.iter().position(|(known, _)| *known == name) {
            Some(first) => {
                self.0[first].1 = value;
                let mut place = 0;
                self.0.retain(|(known, _)| {
                    place += 1;
                    place <= first + 1 || *known != name
                });
            }
            None => self.0.push((name, value)),
        }
    }

    /// Leaves out all fields of that name.
    pub fn remove(&mut self, name: &HeaderName) {
        self.0.retain(|(known, _)| known != name);
    }

    /// The values of all fields of that name.
    pub fn get_all<'f>(&'f self, name: &HeaderName) -> impl Iterator<Item = &'f HeaderValue> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &(HeaderName, HeaderValue)> + Clone {
        self.0.iter()
    }
}

/// Names that are written as they stand here, `X-NF-UUID`, where all others go out in title case.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spelling(pub &'static [&'static str]);

impl Spelling {
    /// Writes a name.
    pub(super) fn write(self, name: &str, out: &mut Vec<u8>) {
        let special = |known: &&&str| known.len() == name.len() && known.eq_ignore_ascii_case(name);
        match self.0.iter().find(special) {
            Some(spelled) => out.extend_from_slice(spelled.as_bytes()),
            None => title_case(name, out),
        }
    }
}

/// `x-nf-sign` as `X-Nf-Sign`.
fn title_case(name: &str, out: &mut Vec<u8>) {
    let mut before = b'-';
    out.extend(name.as_bytes().iter().map(|byte| {
        let first = std::mem::replace(&mut before, *byte) == b'-';
        if first { byte.to_ascii_uppercase() } else { *byte }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header;

    fn fields(pairs: &[(HeaderName, &'static str)]) -> Fields {
        let pairs = pairs.iter().cloned();
        Fields(pairs.map(|(name, value)| (name, HeaderValue::from_static(value))).collect())
    }

    fn shown(fields: &Fields) -> Vec<String> {
        let text =
            |(name, value): &(HeaderName, HeaderValue)| format!("{name}={}", value.to_str().expect("text"));
        fields.iter().map(text).collect()
    }

    #[test]
    fn a_field_takes_the_place_of_all_of_its_name() {
        let sent = [(header::VIA, "1"), (header::COOKIE, "a"), (header::VIA, "2"), (header::COOKIE, "b")];
        let mut set = fields(&sent);
        set.set(header::COOKIE, HeaderValue::from_static("c"));
        set.set(header::DNT, HeaderValue::from_static("1"));
        assert_eq!(shown(&set), ["via=1", "cookie=c", "via=2", "dnt=1"]);
        assert_eq!(set.get_all(&header::VIA).collect::<Vec<_>>(), ["1", "2"]);
        set.remove(&header::VIA);
        assert_eq!(shown(&set), ["cookie=c", "dnt=1"]);
        set.append(header::DNT, HeaderValue::from_static("0"));
        assert_eq!(set.get_all(&header::DNT).count(), 2);
    }

    #[test]
    fn names_are_written_in_title_case_or_as_they_are_to_be() {
        let spelling = Spelling(&["X-NF-UUID", "X-nf-oDD"]);
        for (name, expect) in [
            ("host", "Host"),
            ("x-nf-sign", "X-Nf-Sign"),
            ("x-nf-uuid", "X-NF-UUID"),
            ("x-nf-odd", "X-nf-oDD"),
            ("x-nf-uuids", "X-Nf-Uuids"),
            ("x--1a", "X--1a"),
            ("_a", "_a"),
        ] {
            let mut out = Vec::new();
            spelling.write(name, &mut out);
            assert_eq!(out, expect.as_bytes());
        }
    }
}

//! Addresses of people: which are taken, and how they are written. Pure.

use lettre::Address;
use url::Host;

/// Addresses of one hook.
pub(crate) const RECIPIENTS_MAX: usize = 20;
/// Bytes of one address (RFC 3696, erratum 1690).
pub(crate) const ADDRESS_MAX: usize = 254;

/// The addresses in a text, separated by commas; each once.
pub(crate) fn parse(text: &str) -> Result<Vec<Address>, String> {
    let mut found = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let address = address(part).map_err(|why| format!("data.email: {why}"))?;
        if !found.contains(&address) {
            found.push(address);
        }
    }
    match found.len() {
        0 => Err("data.email is missing".to_owned()),
        n if n > RECIPIENTS_MAX => Err(format!("data.email may have at most {RECIPIENTS_MAX} addresses")),
        _ => Ok(found),
    }
}

/// One address, its domain in ASCII so that every server takes it.
pub(crate) fn address(text: &str) -> Result<Address, String> {
    let wrong = || {
        let shown: String = text.chars().filter(|c| !c.is_control()).take(60).collect();
        format!("\"{shown}\" is not an address")
    };
    let blank = |letter: char| letter.is_control() || letter.is_whitespace() || letter == ',';
    if text.len() > ADDRESS_MAX || text.contains(blank) {
        return Err(wrong());
    }
    let (user, domain) = text.rsplit_once('@').ok_or_else(wrong)?;
    if !user.is_ascii() {
        return Err(format!("{}: only letters of ASCII may stand before the @", wrong()));
    }
    let Ok(Host::Domain(domain)) = Host::parse(domain) else { return Err(wrong()) };
    Address::new(user, domain).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Result<&[&str], &str>) {
        let got = parse(text).map(|found| found.iter().map(ToString::to_string).collect::<Vec<_>>());
        let expect = expect.map(|list| list.iter().map(ToString::to_string).collect());
        assert_eq!(got, expect.map_err(str::to_owned), "{text:?}");
    }

    #[test]
    fn addresses_are_read() {
        check("ann@example.org", Ok(&["ann@example.org"]));
        check(" ann+x@EXAMPLE.org ,bob@e.org,, ann+x@example.org", Ok(&["ann+x@example.org", "bob@e.org"]));
        check("ann@bücher.example", Ok(&["ann@xn--bcher-kva.example"]));
        check("o'hara@localhost", Ok(&["o'hara@localhost"]));
        check("", Err("data.email is missing"));
        check(" , ", Err("data.email is missing"));
        check("ann", Err("data.email: \"ann\" is not an address"));
        check("@e.org", Err("data.email: \"@e.org\" is not an address"));
        check("a@b@e.org", Err("data.email: \"a@b@e.org\" is not an address"));
        check("Ann <ann@e.org>", Err("data.email: \"Ann <ann@e.org>\" is not an address"));
        check("a@[127.0.0.1]", Err("data.email: \"a@[127.0.0.1]\" is not an address"));
        check("a@127.0.0.1", Err("data.email: \"a@127.0.0.1\" is not an address"));
        check("a@e.org\r\nBcc: b", Err("data.email: \"a@e.orgBcc: b\" is not an address"));
        check("\"a b\"@e.org", Err("data.email: \"\"a b\"@e.org\" is not an address"));
        check(
            "änn@e.org",
            Err("data.email: \"änn@e.org\" is not an address: only letters of ASCII may stand before the @"),
        );
    }

    #[test]
    fn addresses_have_limits() {
        let many = |n: usize| (0..n).map(|n| format!("a{n}@e.org")).collect::<Vec<_>>().join(",");
        assert_eq!(parse(&many(RECIPIENTS_MAX)).map(|list| list.len()), Ok(RECIPIENTS_MAX));
        assert_eq!(
            parse(&many(RECIPIENTS_MAX + 1)),
            Err("data.email may have at most 20 addresses".to_owned())
        );
        let long = format!("a@{}.org", "b.".repeat(ADDRESS_MAX));
        assert!(address(&long).is_err());
    }
}

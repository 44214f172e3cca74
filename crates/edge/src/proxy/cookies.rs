//! Cookies that are between a visitor and the site: they open the site, so that no add-on is handed them
//! or may set them (contract add-ons X16, X17). Pure.

use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};
use outbound::Fields;

/// The visitor's token, and the proof that he knew the site's password.
const OWN: [&[u8]; 2] = [b"nf_jwt", b"nf_site_access"];

/// Leaves out of a request the cookies that are the site's own.
pub(super) fn keep_own(headers: &mut Fields) {
    let Some(sent) = headers.get_all(&COOKIE).next() else { return };
    let pairs = || sent.as_bytes().split(|byte| *byte == b';');
    if !pairs().any(is_own) {
        return;
    }
    let kept: Vec<&[u8]> = pairs().filter(|pair| !is_own(pair)).map(<[u8]>::trim_ascii).collect();
    match HeaderValue::from_bytes(&kept.join(&b"; "[..])) {
        Ok(kept) if !kept.is_empty() => headers.set(COOKIE, kept),
        _ => headers.remove(&COOKIE),
    };
}

/// Leaves out of an answer what would set them.
pub(super) fn refuse_own(headers: &mut HeaderMap) {
    if !headers.get_all(SET_COOKIE).iter().any(|value| is_own(value.as_bytes())) {
        return;
    }
    let all: Vec<HeaderValue> = headers.get_all(SET_COOKIE).iter().cloned().collect();
    headers.remove(SET_COOKIE);
    for value in all.into_iter().filter(|value| !is_own(value.as_bytes())) {
        headers.append(SET_COOKIE, value);
    }
}

/// Whether a pair names one of them. A cookie without a name is sent back as its value alone, and then
/// reads as if the value named it.
fn is_own(pair: &[u8]) -> bool {
    let mut text = pair.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii_start();
    while let [b'=', behind @ ..] = text {
        text = behind.trim_ascii_start();
    }
    let name = text.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii();
    OWN.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sites_own_cookies_are_left_out_of_a_request() {
        for (sent, expect) in [
            ("a=1; nf_jwt=x.y.z; b=2", Some("a=1; b=2")),
            ("nf_jwt=x", None),
            ("nf_jwt =x;nf_site_access=1", None),
            ("=nf_jwt=x; c", Some("c")),
            ("a=1;b=nf_jwt=2; nf_ab=0.5", Some("a=1;b=nf_jwt=2; nf_ab=0.5")),
            ("NF_JWT=x; my_nf_jwt=y", Some("NF_JWT=x; my_nf_jwt=y")),
        ] {
            let mut headers = Fields::default();
            headers.append(COOKIE, HeaderValue::from_static(sent));
            keep_own(&mut headers);
            let kept = headers.get_all(&COOKIE).next().and_then(|value| value.to_str().ok());
            assert_eq!(kept, expect, "{sent}");
        }
    }

    #[test]
    fn an_answer_does_not_set_them() {
        let mut headers = HeaderMap::new();
        for value in [
            "a=1; Path=/",
            "nf_jwt=x; Path=/",
            " nf_jwt\t= x",
            "=nf_jwt=x",
            "= =nf_jwt=x",
            "nf_site_access=",
            "b=nf_jwt; nf_jwt=2",
        ] {
            headers.append(SET_COOKIE, HeaderValue::from_static(value));
        }
        refuse_own(&mut headers);
        let kept: Vec<_> = headers.get_all(SET_COOKIE).iter().collect();
        assert_eq!(kept, ["a=1; Path=/", "b=nf_jwt; nf_jwt=2"]);
    }
}

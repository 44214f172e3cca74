//! Which headers a rule can set, of an answer or of a request that it passes on. The same judgement tells
//! the owner of a rule and keeps from visitors what older deploys have kept.

/// Names a rule cannot set in an answer: they are about the message, its way or its bytes, and the server
/// itself answers for them. Those of one connection (RFC 9110 section 7.6.1) are among them.
const RESERVED: [&str; 20] = [
    "accept-ranges",
    "age",
    "allow",
    "alt-svc",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "date",
    "etag",
    "keep-alive",
    "last-modified",
    "location",
    "proxy-connection",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-nf-request-id",
];
/// Names a rule cannot set in a request that it passes on: those of one connection, and what follows from
/// the rule's address and the visitor's body.
pub const RESERVED_IN_REQUESTS: [&str; 15] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "trailers",
    "transfer-encoding",
    "upgrade",
];
/// Longest name that a message shows, in characters.
const SHOWN: usize = 60;

/// Why a rule cannot set this header of an answer, if it cannot.
pub(crate) fn fault(name: &str, value: &str) -> Option<String> {
    judge(name, value, &RESERVED)
}

/// Why a rule cannot set this header of a request that it passes on, if it cannot.
pub(crate) fn fault_in_request(name: &str, value: &str) -> Option<String> {
    judge(name, value, &RESERVED_IN_REQUESTS)
}

fn judge(name: &str, value: &str, reserved: &[&str]) -> Option<String> {
    if !is_token(name) {
        return Some(format!("{} cannot be the name of a header", quoted(name)));
    }
    if reserved.iter().any(|reserved| reserved.eq_ignore_ascii_case(name)) {
        return Some(format!("{name} cannot be set by a rule: the server itself answers for it"));
    }
    if value.bytes().all(is_text) {
        return None;
    }
    Some(format!("the value of {} holds a character that no header can carry", quoted(name)))
}

fn is_token(name: &str) -> bool {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(token)
}

fn is_text(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}

/// The beginning of a name, with a mark in place of what no page can show.
fn quoted(name: &str) -> String {
    let shown = name.chars().take(SHOWN).map(|char| if char.is_control() { '\u{fffd}' } else { char });
    let more = if name.chars().nth(SHOWN).is_some() { "…" } else { "" };
    format!("\"{}{more}\"", shown.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_set_is_named() {
        for (name, value, expect) in [
            ("X-One", "a\tb é", None),
            ("Set-Cookie", "a=b", None),
            ("Content-Type", "text/x", None),
            ("X-Robots-Tag", "", None),
            ("SERVER", "x", Some("SERVER cannot be set by a rule: the server itself answers for it")),
            ("Keep-Alive", "x", Some("Keep-Alive cannot be set by a rule: the server itself answers for it")),
            ("X Y", "1", Some("\"X Y\" cannot be the name of a header")),
            ("X\\", "1", Some("\"X\\\" cannot be the name of a header")),
            ("é\u{1}", "1", Some("\"é\u{fffd}\" cannot be the name of a header")),
            ("", "1", Some("\"\" cannot be the name of a header")),
            ("X", "a\u{1}", Some("the value of \"X\" holds a character that no header can carry")),
            ("X", "a\nb", Some("the value of \"X\" holds a character that no header can carry")),
            ("X", "\u{7f}", Some("the value of \"X\" holds a character that no header can carry")),
        ] {
            assert_eq!(fault(name, value).as_deref(), expect, "{name:?} {value:?}");
        }
        for name in RESERVED {
            assert!(fault(&name.to_uppercase(), "x").is_some(), "{name}");
        }
        for name in RESERVED_IN_REQUESTS {
            assert!(fault_in_request(&name.to_uppercase(), "x").is_some(), "{name}");
        }
        assert_eq!((fault("Host", "x"), fault_in_request("Date", "x")), (None, None));
    }

    #[test]
    fn a_long_name_is_cut() {
        let shown = |length: usize| fault(&"é".repeat(length), "1").unwrap_or_default();
        assert!(shown(SHOWN).contains(&format!("\"{}\"", "é".repeat(SHOWN))));
        assert!(shown(SHOWN + 1).contains(&format!("\"{}…\"", "é".repeat(SHOWN))));
    }
}

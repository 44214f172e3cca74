//! Addresses as people type them on the command line: parsed where the arguments are, so that a slip is
//! told beside the flag, with an example of how it looks.

use url::Url;

/// The address of a consumer.
pub(crate) fn consumer(text: &str) -> Result<Url, String> {
    http(text, "http://localhost:3000/webhook")
}

/// The address of an add-on's provider.
pub(crate) fn provider(text: &str) -> Result<Url, String> {
    http(text, "http://localhost:3000")
}

/// The address of a server.
pub(crate) fn server(text: &str) -> Result<Url, String> {
    http(text, "http://localhost:8888")
}

fn http(text: &str, example: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| format!("it looks like {example}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_answered_with_an_example() {
        for (typed, expect) in [
            ("http://h/in", Ok("http://h/in")),
            ("https://h", Ok("https://h/")),
            ("localhost:3000", Err("it looks like http://localhost:3000/webhook")),
            ("h", Err("it looks like http://localhost:3000/webhook")),
            ("ftp://h", Err("it looks like http://localhost:3000/webhook")),
        ] {
            let said = consumer(typed).map(String::from);
            assert_eq!(said.as_ref().map(String::as_str).map_err(String::as_str), expect, "{typed}");
        }
        assert!(server("h").is_err_and(|said| said.ends_with(":8888")));
        assert!(provider("h").is_err_and(|said| said.ends_with(":3000")));
    }
}

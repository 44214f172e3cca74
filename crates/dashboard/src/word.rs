//! A word of an add-on's provider on its way to the page of the instance: nothing keeps it, so it goes
//! along in the address. It is sealed, since a link could otherwise put words into anybody's mouth.

use crate::App;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Most bytes of a word that go along: with them, an address stays within what most servers let through.
/// No word in plain letters is longer.
pub(crate) const WORD_MAX: usize = 4096;

/// Tells a word from whatever else is sealed here, and for which instance it is.
fn mark(instance: &str) -> String {
    format!("word for {instance}: ")
}

/// The word as a part of an address, cut where it is too long.
pub(crate) fn sealed(app: &App, instance: &str, word: &str) -> String {
    let mut text = mark(instance);
    text.push_str(&word[..word.floor_char_boundary(WORD_MAX)]);
    URL_SAFE_NO_PAD.encode((app.seal)(text.as_bytes()))
}

/// The word for this instance in a part of an address, if this server put it there.
pub(crate) fn opened(app: &App, instance: &str, sealed: &str) -> Option<String> {
    let plain = (app.open)(&URL_SAFE_NO_PAD.decode(sealed).ok()?)?;
    let text = String::from_utf8(plain).ok()?;
    text.strip_prefix(&mark(instance)).filter(|word| !word.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn app() -> App {
        let flip = |bytes: &[u8]| bytes.iter().map(|byte| byte ^ 0x55).collect::<Vec<_>>();
        let open = move |bytes: &[u8]| (!bytes.is_empty()).then(|| flip(bytes));
        App { api: Arc::new(|_| panic!("words ask nobody")), seal: Box::new(flip), open: Box::new(open) }
    }

    #[test]
    fn a_word_reaches_its_own_instance_and_no_other() {
        let app = app();
        for word in ["Welcome <b>", "ä\nb", "for b: x"] {
            let sealed = sealed(&app, "a", word);
            assert_eq!(opened(&app, "a", &sealed).as_deref(), Some(word));
            assert_eq!(opened(&app, "b", &sealed), None);
        }
        let session = URL_SAFE_NO_PAD.encode((app.seal)(b"bh_token"));
        for foreign in ["", "Welcome", "!!", &session, &sealed(&app, "a", "")] {
            assert_eq!(opened(&app, "a", foreign), None, "{foreign}");
        }
    }

    #[test]
    fn a_long_word_is_cut_between_letters() {
        let app = app();
        for (word, bytes) in [("x".repeat(WORD_MAX), WORD_MAX), ("€".repeat(WORD_MAX), WORD_MAX - 1)] {
            let came = opened(&app, "a", &sealed(&app, "a", &word)).unwrap_or_default();
            assert!(came.len() == bytes && word.starts_with(&came), "{}", came.len());
        }
    }
}

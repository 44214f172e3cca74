//! From a notice to the bytes of a mail: headers, a text and an HTML alternative. Pure: the time
//! comes in with the letter, and the same letter makes the same bytes.

use super::{Mailer, Notice};
use crate::outgoing::chat::{self, FieldLimits, Written};
use crate::outgoing::notice::{Dialect, Line, escaped};
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};
use minijinja::{AutoEscape, Environment, Value as Shown, context};
use model::Timestamp;
use serde_json::{Value, json};
use std::error::Error as StdError;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

/// Units of a text in a mail.
pub(crate) const TEXT_MAX: usize = 20_000;
/// Fields of a mail, as many as a form can send in practice.
pub(crate) const FIELDS: FieldLimits = FieldLimits { count: 500, title: 300, value: 50_000, total: 500_000 };
/// Digits of the boundary between the alternatives.
const BOUNDARY: usize = 24;

/// Why somebody gets a mail, and where to change that.
#[derive(Clone, Debug)]
pub(crate) struct Why {
    pub(crate) sentence: String,
    pub(crate) link: String,
}

/// Everything a mail is made of.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) from: Mailbox,
    pub(crate) to: Vec<Address>,
    pub(crate) reply_to: Option<Address>,
    pub(crate) subject: String,
    pub(crate) event: String,
    /// The same whenever this letter is sent again.
    pub(crate) id: String,
    /// The same for all letters about one thing.
    pub(crate) thread: Option<String>,
    pub(crate) notice: Notice,
    pub(crate) why: Why,
    /// When what it tells of happened: a later try sends the same bytes.
    pub(crate) at: Timestamp,
}

/// A mail as it goes out.
pub(crate) struct Mail {
    pub(crate) bytes: Vec<u8>,
    pub(crate) text: String,
    pub(crate) html: String,
    from: Address,
    to: Vec<Address>,
}

/// `Auto-Submitted: auto-generated` (RFC 3834): holiday notes do not answer such mails.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn StdError + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// The event's name, for filters of mailboxes.
#[derive(Clone)]
struct EventName(String);

impl Header for EventName {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("X-Boathook-Event")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn StdError + Send + Sync>> {
        Ok(Self(text.to_owned()))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), self.0.clone())
    }
}

impl Letter {
    /// The mail.
    pub(crate) fn compose(&self) -> Result<Mail, String> {
        let (text, html) = (self.text(), self.html()?);
        let hash = signing::sha256_hex(format!("{}\n{text}\n{html}", self.id).as_bytes());
        let boundary = format!("=_{}", &hash[..BOUNDARY]);
        let parts = MultiPart::alternative()
            .boundary(boundary)
            .singlepart(SinglePart::plain(text.clone()))
            .singlepart(SinglePart::html(html.clone()));
        let domain = self.from.email.domain();
        let since = Duration::from_millis(u64::try_from(self.at.0).unwrap_or_default());
        let mut message = Message::builder()
            .from(self.from.clone())
            .subject(&self.subject)
            .date(SystemTime::UNIX_EPOCH + since)
            .message_id(Some(format!("<{}@{domain}>", self.id)))
            .header(AutoSubmitted)
            .header(EventName(self.event.clone()));
        for to in &self.to {
            message = message.to(Mailbox::new(None, to.clone()));
        }
        if let Some(thread) = &self.thread {
            let root = format!("<{thread}@{domain}>");
            message = message.in_reply_to(root.clone()).references(root);
        }
        if let Some(reply_to) = &self.reply_to {
            message = message.reply_to(Mailbox::new(None, reply_to.clone()));
        }
        let message = message.multipart(parts).map_err(|why| format!("the mail cannot be written: {why}"))?;
        let (from, to) = (self.from.email.clone(), self.to.clone());
        Ok(Mail { bytes: message.formatted(), text, html, from, to })
    }

    /// The text alternative.
    fn text(&self) -> String {
        let notice = &self.notice;
        let mut blocks = vec![notice.headline.write(&PLAIN, TEXT_MAX)];
        blocks.push(match &notice.link {
            Some(link) => format!("{}:\n{link}", notice.title),
            None => notice.title.clone(),
        });
        blocks.push(notice.text.write(&PLAIN, TEXT_MAX));
        let fields = chat::fields(notice, &PLAIN, &FIELDS);
        let field = |one: &Written| {
            let space = if one.value.contains('\n') { "\n" } else { " " };
            format!("{}:{space}{}", one.title, one.value)
        };
        blocks.push(fields.iter().map(field).collect::<Vec<_>>().join("\n"));
        blocks.push(notice.footer.write(&PLAIN, TEXT_MAX));
        blocks.push(format!("-- \n{} Change it:\n{}", self.why.sentence, self.why.link));
        blocks.retain(|block| !block.is_empty());
        blocks.join("\n\n") + "\n"
    }

    /// The HTML alternative.
    fn html(&self) -> Result<String, String> {
        let notice = &self.notice;
        let line = |line: &Line| Shown::from_safe_string(line.write(&HTML, TEXT_MAX));
        let fields: Vec<_> = chat::fields(notice, &HTML, &FIELDS)
            .into_iter()
            .map(|one| {
                context! {
                    title => Shown::from_safe_string(one.title),
                    value => Shown::from_safe_string(one.value),
                }
            })
            .collect();
        let page = context! {
            subject => safe(&self.subject),
            colour => notice.severity.colour(),
            headline => line(&notice.headline),
            text => line(&notice.text),
            title => safe(&notice.title),
            link => notice.link.as_deref().map(safe),
            footer => line(&notice.footer),
            fields,
            why => safe(&self.why.sentence),
            change => safe(&self.why.link),
        };
        let template = PAGES.get_template(PAGE).map_err(|why| why.to_string())?;
        template.render(page).map_err(|why| why.to_string())
    }
}

/// Text that stands for itself. The template's own escaping would spell every slash as a number.
fn safe(text: &str) -> Shown {
    Shown::from_safe_string(escaped(text, &HTML))
}

const PAGE: &str = "body.html";

static PAGES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut pages = Environment::new();
    pages.set_auto_escape_callback(|_| AutoEscape::Html);
    pages.add_template(PAGE, include_str!("body.html")).expect("the built-in template parses");
    pages
});

const PLAIN: Dialect = Dialect {
    letter: |_, letter, out| out.push(letter),
    strong: ("", ""),
    link: |text, url| format!("{text} ({url})"),
};

const HTML: Dialect = Dialect {
    letter: |_, letter, out| entity(letter, out),
    strong: ("<strong>", "</strong>"),
    link: |text, url| {
        let mut href = String::new();
        url.chars().for_each(|letter| entity(letter, &mut href));
        format!("<a href=\"{href}\">{text}</a>")
    },
};

fn entity(letter: char, out: &mut String) {
    match letter {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        '\'' => out.push_str("&#39;"),
        other => out.push(other),
    }
}

impl Mail {
    /// What is put on record: the envelope and the head as sent, and how much there was.
    pub(crate) fn record(&self, mailer: &Mailer) -> Value {
        let text = String::from_utf8_lossy(&self.bytes);
        let head = text.split_once("\r\n\r\n").map_or(text.as_ref(), |(head, _)| head);
        let to: Vec<String> = self.to.iter().map(ToString::to_string).collect();
        json!({
            "server": mailer.server(),
            "envelope": { "from": self.from.to_string(), "to": to },
            "head": head.lines().collect::<Vec<_>>(),
            "bytes": self.bytes.len(),
            "text_bytes": self.text.len(),
            "html_bytes": self.html.len(),
            "sha256": signing::sha256_hex(&self.bytes),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::outgoing::samples;

    #[test]
    fn the_same_letter_makes_the_same_bytes_of_ascii() {
        let notice = samples::notice_of("submission_created");
        let letter = super::super::sample("submission_created", notice);
        let (one, two) = (letter.compose().expect("a mail"), letter.compose().expect("a mail"));
        assert_eq!(one.bytes, two.bytes);
        assert!(one.bytes.is_ascii(), "every server takes it");
        let long = one.bytes.split(|byte| *byte == b'\n').map(<[u8]>::len).max();
        assert!(long.is_some_and(|long| long <= 998), "RFC 5322, 2.1.1");
    }

    #[test]
    fn html_of_visitors_is_text() {
        let notice = samples::notice_with_fields(1, "<script>\"'&</script>");
        let html = super::super::sample("submission_created", notice).compose().expect("a mail").html;
        assert!(
            html.contains("&lt;script&gt;&quot;&#39;&amp;&lt;/script&gt;") && !html.contains("<script"),
            "{html}"
        );
    }
}

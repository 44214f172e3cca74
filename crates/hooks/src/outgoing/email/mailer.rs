//! The way to the mail server: a few connections that are kept for the next mail, each mail within
//! the deadlines of every other call. A connection on which anything was unclear is not used again,
//! so that no answer can be taken for that of another mail.

use context::{Context, MailSecurity, MailSettings};
use lettre::Address;
use lettre::message::Mailbox;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::ClientId;
use outbound::{CONNECT_DEADLINE, TOTAL_DEADLINE};
use serde_json::{Value, json};
use std::error::Error as StdError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Connections at once: mail servers turn away callers who open many.
pub(crate) const CONNECTIONS_MAX: usize = 8;
/// How long a connection waits for the next mail.
pub(crate) const IDLE_MAX: Duration = Duration::from_secs(30);
/// Bytes of the server's words that are kept.
const ANSWER_KEPT: usize = 1024;

/// How a mail went.
#[derive(Clone, Debug)]
pub(crate) enum Posted {
    /// The server took it, for all addresses but those it refused for good.
    Taken { answer: String, refused: Vec<(String, String)>, took: Duration },
    /// The server would not have it.
    Refused { code: i64, answer: String, refused: Vec<(String, String)>, took: Duration },
    /// The mail server cannot be used at all: it is not reached, or wants another login or sender.
    Unable { code: Option<i64>, class: &'static str, message: String, took: Duration },
    /// There was no such answer.
    Failed { class: &'static str, message: String, took: Duration },
}

impl Posted {
    pub(crate) fn duration_ms(&self) -> i64 {
        let (Self::Taken { took, .. }
        | Self::Refused { took, .. }
        | Self::Unable { took, .. }
        | Self::Failed { took, .. }) = self;
        i64::try_from(took.as_millis()).unwrap_or(i64::MAX)
    }

    pub(crate) fn code(&self) -> Option<i64> {
        match self {
            Self::Taken { .. } => Some(250),
            Self::Refused { code, .. } => Some(*code),
            Self::Unable { code, .. } => *code,
            Self::Failed { .. } => None,
        }
    }

    /// The server's words, for the record.
    pub(crate) fn response(&self) -> Option<Value> {
        let (Self::Taken { answer, refused, .. } | Self::Refused { answer, refused, .. }) = self else {
            return None;
        };
        let refused: Vec<_> =
            refused.iter().map(|(to, why)| json!({ "address": to, "answer": why })).collect();
        Some(json!({ "code": self.code(), "answer": answer, "refused": refused }))
    }
}

/// Sends mails through one server.
pub(crate) struct Mailer {
    pub(crate) from: Mailbox,
    settings: MailSettings,
    tls: Option<TlsParameters>,
    hello: ClientId,
    /// Longest time of one mail, and before that of waiting for its turn.
    pub(crate) total: Duration,
    places: Semaphore,
    idle: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
    /// Whether the operator was told in the log that the server cannot be used.
    down: AtomicBool,
}

/// Why a mail did not go out.
enum Stop {
    /// The server said no.
    No(i64, String),
    /// It was not reached, or what it said makes no sense.
    Broken(&'static str, String),
    /// Either of them before anything of the mail was said.
    Unable(Option<i64>, &'static str, String),
}

impl Stop {
    /// As it is before anything of the mail was said: no mail would go out.
    fn unable(self) -> Self {
        match self {
            Self::No(code, said) => {
                Self::Unable(Some(code), "status", format!("the mail server answered {code}: {said}"))
            }
            Self::Broken(class, said) => Self::Unable(None, class, said),
            unable @ Self::Unable(..) => unable,
        }
    }
}

impl From<SmtpError> for Stop {
    fn from(error: SmtpError) -> Self {
        let causes = causes(&error);
        let said = causes.last().map(ToString::to_string).unwrap_or_default();
        let said: String = said.chars().take(ANSWER_KEPT).collect();
        let tls = error.is_tls() || causes.iter().any(|cause| cause.is::<rustls::Error>());
        match error.status() {
            Some(code) => Self::No(u16::from(code).into(), said),
            None if tls => Self::Broken("tls", format!("no secure connection: {said}")),
            None if error.is_timeout() => Self::Broken("timeout", "no answer in time".to_owned()),
            None => Self::Broken("connect", format!("the mail server was not reached or broke off: {said}")),
        }
    }
}

/// Everything underneath an error; what an I/O error wraps is not among its sources.
fn causes(error: &SmtpError) -> Vec<&(dyn StdError + 'static)> {
    let mut found = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        found.push(cause);
        let wrapped = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = wrapped.map(|inner| inner as &(dyn StdError + 'static)).or_else(|| cause.source());
    }
    found
}

impl Mailer {
    /// A way to the server of these settings. Nothing is dialled yet.
    pub(crate) fn new(settings: &MailSettings) -> Result<Self, String> {
        let from: Mailbox = settings
            .from
            .parse()
            .map_err(|_| "BOATHOOK_MAIL_FROM: it is neither an address nor Name <address>")?;
        let domain =
            super::address(from.email.as_ref()).map_err(|why| format!("BOATHOOK_MAIL_FROM: {why}"))?;
        let from = Mailbox::new(from.name, domain);
        let hello = ClientId::Domain(from.email.domain().to_owned());
        Ok(Self {
            from,
            tls: tls(settings)?,
            settings: settings.clone(),
            hello,
            total: TOTAL_DEADLINE,
            places: Semaphore::new(CONNECTIONS_MAX),
            idle: Mutex::default(),
            down: AtomicBool::new(false),
        })
    }

    /// The way to the server that this one is set up with, if any. Settings are judged at the start, so
    /// that those which will not do are only told in the log here.
    pub(crate) fn of(cx: &Context) -> Option<Self> {
        let mailer = Self::new(cx.settings.mail.as_ref()?);
        mailer.inspect_err(|why| tracing::error!(why, "no mail will be sent")).ok()
    }

    /// The server's name and port.
    pub(crate) fn server(&self) -> String {
        format!("{}:{}", self.settings.host, self.settings.port)
    }

    /// Sends a mail to these addresses. Either all whom the server does not refuse for good get it, or
    /// nobody does: who is to be tried again later does not make the others get it twice.
    pub(crate) async fn send(&self, to: &[Address], mail: &[u8]) -> Posted {
        let posted = self.post(to, mail).await;
        self.report(&posted);
        posted
    }

    /// Whether mail could be sent now, without sending any.
    pub(crate) async fn probe(&self) -> Result<(), String> {
        match self.connection().await.map_err(Stop::unable) {
            Ok(connection) => {
                self.idle().push((connection, Instant::now()));
                Ok(())
            }
            Err(Stop::Unable(_, _, message) | Stop::No(_, message) | Stop::Broken(_, message)) => {
                Err(message)
            }
        }
    }

    /// Tells the operator, once, that no mail goes out, and once that it does again.
    fn report(&self, posted: &Posted) {
        let unable = matches!(posted, Posted::Unable { .. });
        if self.down.swap(unable, Ordering::Relaxed) == unable {
            return;
        }
        let server = self.server();
        match posted {
            Posted::Unable { message, .. } => {
                tracing::error!(server, why = message, "no mail goes out: the mail server cannot be used");
            }
            _ => tracing::info!(server, "mail goes out again"),
        }
    }

    async fn post(&self, to: &[Address], mail: &[u8]) -> Posted {
        let Ok(_place) = timeout(self.total, self.places.acquire()).await else {
            let message = "other mails took all the time of the mail server".to_owned();
            return Posted::Unable { code: None, class: "timeout", message, took: self.total };
        };
        let began = Instant::now();
        let mut refused = Vec::new();
        let sent = timeout(self.total, self.converse(to, mail, &mut refused)).await;
        let took = began.elapsed();
        match sent {
            Ok(Ok(answer)) => Posted::Taken { answer, refused, took },
            Ok(Err(Stop::No(code, answer))) => Posted::Refused { code, answer, refused, took },
            Ok(Err(Stop::Unable(code, class, message))) => Posted::Unable { code, class, message, took },
            Ok(Err(Stop::Broken(class, message))) => Posted::Failed { class, message, took },
            Err(_) => Posted::Failed { class: "timeout", message: "no answer in time".to_owned(), took },
        }
    }

    async fn converse(
        &self,
        to: &[Address],
        mail: &[u8],
        refused: &mut Vec<(String, String)>,
    ) -> Result<String, Stop> {
        let mut connection = self.connection().await.map_err(Stop::unable)?;
        let outcome = self.transact(&mut connection, to, mail, refused).await;
        // After a clear answer both sides agree on where they are, unless the server takes its leave.
        if !matches!(&outcome, Err(Stop::Broken(..) | Stop::Unable(..) | Stop::No(421, _))) {
            self.idle().push((connection, Instant::now()));
        }
        outcome
    }

    async fn transact(
        &self,
        connection: &mut AsyncSmtpConnection,
        to: &[Address],
        mail: &[u8],
        refused: &mut Vec<(String, String)>,
    ) -> Result<String, Stop> {
        let from = Mail::new(Some(self.from.email.clone()), Vec::new());
        connection.command(from).await.map_err(|error| Stop::from(error).unable())?;
        let mut last = None;
        for address in to {
            match connection.command(Rcpt::new(address.clone(), Vec::new())).await.map_err(Stop::from) {
                Ok(_) => {}
                Err(Stop::No(code, said)) if code >= 500 => {
                    refused.push((address.to_string(), format!("{code} {said}")));
                    last = Some(Stop::No(code, said));
                }
                Err(stop) => return Err(stop),
            }
        }
        if let Some(stop) = last.filter(|_| refused.len() == to.len()) {
            return Err(stop);
        }
        connection.command(Data).await?;
        // The end of the last line belongs to the mark behind it.
        let response = connection.message(mail.strip_suffix(b"\r\n").unwrap_or(mail)).await?;
        Ok(response.message().collect::<Vec<_>>().join("\n").chars().take(ANSWER_KEPT).collect())
    }

    /// A connection that is ready for a mail: one that waited, or a new one.
    async fn connection(&self) -> Result<AsyncSmtpConnection, Stop> {
        loop {
            let waiting = self.idle().pop();
            let Some((mut connection, since)) = waiting else { break };
            // Whatever the last mail left open is dropped by the server, and its answer shows that it
            // still listens.
            let fresh = since.elapsed() < IDLE_MAX;
            if fresh && matches!(timeout(CONNECT_DEADLINE, connection.command(Rset)).await, Ok(Ok(_))) {
                return Ok(connection);
            }
        }
        let late = || Stop::Broken("timeout", "the mail server did not answer in time".to_owned());
        timeout(CONNECT_DEADLINE, self.connect()).await.map_err(|_| late())?
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Stop> {
        let (server, tls) = ((self.settings.host.as_str(), self.settings.port), self.tls.clone());
        let at_once = tls.clone().filter(|_| self.settings.security == MailSecurity::Tls);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, Some(CONNECT_DEADLINE), &self.hello, at_once, None)
                .await?;
        if let (MailSecurity::StartTls, Some(tls)) = (self.settings.security, tls) {
            if !connection.can_starttls() {
                return Err(Stop::Broken("tls", "the mail server does not offer STARTTLS".to_owned()));
            }
            connection.starttls(tls, &self.hello).await?;
        }
        if let Some((user, password)) = &self.settings.login {
            let login = Credentials::new(user.clone(), password.clone());
            connection.auth(&[Mechanism::Plain, Mechanism::Login], &login).await?;
        }
        Ok(connection)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<(AsyncSmtpConnection, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tls(settings: &MailSettings) -> Result<Option<TlsParameters>, String> {
    if settings.security == MailSecurity::None {
        return Ok(None);
    }
    let mut tls = TlsParameters::builder(settings.host.clone());
    if let Some(pem) = &settings.ca {
        let wrong = || "BOATHOOK_SMTP_CA: there is no certificate in PEM in the file".to_owned();
        // A file without any is no error to the parser.
        let some = String::from_utf8_lossy(pem).contains("-----BEGIN CERTIFICATE-----");
        let certificate = Certificate::from_pem(pem).ok().filter(|_| some).ok_or_else(wrong)?;
        tls = tls.add_root_certificate(certificate);
    }
    tls.build().map(Some).map_err(|why| format!("TLS for mail cannot be set up: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(from: &str, expect: Result<&str, &str>) {
        let settings = MailSettings::parse("smtp://h?tls=none", from).expect("an address");
        let got = Mailer::new(&settings).map(|mailer| mailer.from.to_string());
        assert_eq!(got, expect.map(str::to_owned).map_err(str::to_owned), "{from}");
    }

    #[test]
    fn the_sender_is_judged() {
        check("hooks@example.org", Ok("hooks@example.org"));
        check("Böat Hook <hooks@bücher.example>", Ok("Böat Hook <hooks@xn--bcher-kva.example>"));
        check("nobody", Err("BOATHOOK_MAIL_FROM: it is neither an address nor Name <address>"));
        check("", Err("BOATHOOK_MAIL_FROM: it is neither an address nor Name <address>"));
    }

    #[test]
    fn certificates_are_judged() {
        let mut settings = MailSettings::parse("smtps://h", "a@b.c").expect("an address");
        settings.ca = Some(b"nonsense".to_vec());
        let said = Mailer::new(&settings).map(|_| ()).expect_err("no certificate");
        assert!(said.starts_with("BOATHOOK_SMTP_CA"), "{said}");
    }
}

//! How this server sends mail: through which server, as whom. Read from the operator's settings;
//! nothing is dialled here.

use std::fmt;
use url::{Host, Url};

/// How the connection to a mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailSecurity {
    /// TLS from the first byte.
    Tls,
    /// STARTTLS, or no mail is sent.
    StartTls,
    /// None: for a server on the same machine or network.
    None,
}

impl MailSecurity {
    /// The port that belongs to it (RFC 8314, RFC 6409).
    fn port(self) -> u16 {
        match self {
            Self::Tls => 465,
            Self::StartTls => 587,
            Self::None => 25,
        }
    }
}

/// Where and as whom mail is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct MailSettings {
    /// Name or address of the server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: MailSecurity,
    /// User name and password, when the server wants them.
    pub login: Option<(String, String)>,
    /// Sender of every mail, as `Name <user@host>` or `user@host`.
    pub from: String,
    /// Certificate, PEM, that the server is known by beside those the system trusts.
    pub ca: Option<Vec<u8>>,
}

impl fmt::Debug for MailSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailSettings")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("security", &self.security)
            .field("login", &self.login.as_ref().map(|_| "set"))
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

impl MailSettings {
    /// Reads `smtps://user:pass@host:port`, or `smtp://...` with `?tls=required`, `?tls=starttls` or
    /// `?tls=none`; STARTTLS is the rule for `smtp`. The port may be left out.
    ///
    /// # Errors
    /// A sentence that repeats nothing of the address.
    pub fn parse(address: &str, from: &str) -> Result<Self, &'static str> {
        let url =
            Url::parse(address).map_err(|_| "it is not an address such as smtp://user:pass@host:587")?;
        let security = security(&url)?;
        let host = match url.host() {
            Some(Host::Domain(name)) => decoded(name).filter(|name| !name.is_empty()),
            Some(Host::Ipv4(address)) => Some(address.to_string()),
            Some(Host::Ipv6(address)) => Some(address.to_string()),
            None => None,
        };
        let login = match (url.username(), url.password()) {
            ("", None) => None,
            (_, None) => return Err("it has a user name and no password"),
            (user, Some(password)) => {
                let both = decoded(user).zip(decoded(password));
                Some(both.ok_or("its user name or password is not UTF-8 when decoded")?)
            }
        };
        Ok(Self {
            host: host.ok_or("it names no host")?,
            port: url.port().unwrap_or(security.port()),
            security,
            login,
            from: from.to_owned(),
            ca: None,
        })
    }
}

fn security(url: &Url) -> Result<MailSecurity, &'static str> {
    let mut chosen = match url.scheme() {
        "smtps" => MailSecurity::Tls,
        "smtp" => MailSecurity::StartTls,
        _ => return Err("it must begin with smtp:// or smtps://"),
    };
    for (name, value) in url.query_pairs() {
        chosen = match (name.as_ref(), value.as_ref()) {
            ("tls", "required") => MailSecurity::Tls,
            ("tls", "starttls") => MailSecurity::StartTls,
            ("tls", "none") if url.scheme() == "smtp" => MailSecurity::None,
            _ => {
                return Err(
                    "behind the ? only tls=required, tls=starttls and tls=none (smtp:// alone) are known",
                );
            }
        };
    }
    Ok(chosen)
}

fn decoded(text: &str) -> Option<String> {
    percent_encoding::percent_decode_str(text).decode_utf8().ok().map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Read<'a> = (&'a str, u16, MailSecurity, Option<(&'a str, &'a str)>);

    fn check(address: &str, expect: Result<Read<'_>, &str>) {
        let got = MailSettings::parse(address, "a@b.c");
        let got = got.as_ref().map(|mail| {
            let login = mail.login.as_ref().map(|(user, password)| (user.as_str(), password.as_str()));
            (mail.host.as_str(), mail.port, mail.security, login)
        });
        assert_eq!(got.map_err(|why| why.get(..12).unwrap_or(why)), expect, "{address}");
    }

    #[test]
    fn addresses_of_servers_are_read() {
        use MailSecurity::{None as Open, StartTls, Tls};
        check("smtps://mail.example.org", Ok(("mail.example.org", 465, Tls, None)));
        check("smtp://mail.example.org", Ok(("mail.example.org", 587, StartTls, None)));
        check("smtp://127.0.0.1:2525?tls=none", Ok(("127.0.0.1", 2525, Open, None)));
        check("smtp://[::1]?tls=none", Ok(("::1", 25, Open, None)));
        check("smtp://h:465?tls=required", Ok(("h", 465, Tls, None)));
        check("smtps://h:587?tls=starttls", Ok(("h", 587, StartTls, None)));
        let login = Some(("ann@e.org", "p:/?#ä"));
        check("smtp://ann%40e.org:p%3A%2F%3F%23%C3%A4@h", Ok(("h", 587, StartTls, login)));
        check("smtp://ann@h", Err("it has a use"));
        check("smtp://ann:%ff@h", Err("its user nam"));
        check("smtps://h?tls=none", Err("behind the ?"));
        check("smtp://h?tls=maybe", Err("behind the ?"));
        check("smtp://h?pool=9", Err("behind the ?"));
        check("http://h", Err("it must begi"));
        check("smtp:", Err("it names no "));
        check("mail.example.org", Err("it is not an"));
    }

    #[test]
    fn credentials_are_not_printed() {
        let mail = MailSettings::parse("smtp://ann:s3cret@h", "a@b.c").expect("an address");
        let printed = format!("{mail:?}");
        assert!(!printed.contains("s3cret") && !printed.contains("ann"), "{printed}");
    }
}

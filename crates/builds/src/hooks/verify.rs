//! Whether a caller shows that it knows the hook's secret. Pure; compares in constant time.

use model::{Timestamp, VerifyKind};
use signing::{hub_signature, same_secret, standard_headers};

/// Seconds by which the clock of a signed message may differ from ours.
pub const TOLERANCE_SECONDS: i64 = 300;
/// How long the ids of signed messages are remembered, so that none is taken twice: far longer than
/// their times are believed, since senders that heard no answer send them again, signed anew.
pub const MESSAGES_KEPT_MS: i64 = 24 * 3_600_000;
/// Signatures of one message that are looked at: senders whose secrets overlap send several.
const SIGNATURES_MAX: usize = 8;
/// Bytes of a message's id.
const ID_MAX: usize = 256;

/// The headers by which callers show what they know. None of it is kept.
#[derive(Clone, Default)]
pub struct Credentials {
    /// `X-Hub-Signature-256`.
    pub hub_signature: Option<String>,
    /// `webhook-id`.
    pub webhook_id: Option<String>,
    /// `webhook-timestamp`.
    pub webhook_timestamp: Option<String>,
    /// `webhook-signature`.
    pub webhook_signature: Option<String>,
    /// `Authorization`.
    pub authorization: Option<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials")
    }
}

/// The id of the message, where its sender gives it one.
///
/// # Errors
/// What is wrong, without a word of what was sent or expected.
pub(super) fn verified(
    kind: VerifyKind,
    secret: &str,
    shown: &Credentials,
    body: &[u8],
    now: Timestamp,
) -> Result<Option<String>, &'static str> {
    match kind {
        VerifyKind::Github => {
            let signature = shown.hub_signature.as_deref().ok_or("X-Hub-Signature-256 is missing")?;
            fits(signature, &hub_signature(body, secret), "X-Hub-Signature-256 does not fit the body")?;
            Ok(None)
        }
        VerifyKind::Bearer => {
            let header = shown.authorization.as_deref().ok_or("Authorization: Bearer is missing")?;
            let (scheme, token) = header.split_once(' ').ok_or("Authorization is not Bearer")?;
            if !scheme.eq_ignore_ascii_case("bearer") {
                return Err("Authorization is not Bearer");
            }
            fits(token.trim(), secret, "the bearer token is not the hook's")?;
            Ok(None)
        }
        VerifyKind::StandardWebhooks => standard(secret, shown, body, now).map(Some),
    }
}

fn fits(shown: &str, expected: &str, otherwise: &'static str) -> Result<(), &'static str> {
    if same_secret(shown.as_bytes(), expected.as_bytes()) { Ok(()) } else { Err(otherwise) }
}

fn standard(secret: &str, shown: &Credentials, body: &[u8], now: Timestamp) -> Result<String, &'static str> {
    let (Some(id), Some(time), Some(signatures)) =
        (&shown.webhook_id, &shown.webhook_timestamp, &shown.webhook_signature)
    else {
        return Err("webhook-id, webhook-timestamp or webhook-signature is missing");
    };
    if id.is_empty() || id.len() > ID_MAX {
        return Err("webhook-id has 1 to 256 bytes");
    }
    let seconds: i64 = time.parse().map_err(|_| "webhook-timestamp is no number of seconds")?;
    let expected = standard_headers(id, seconds, body, secret).signature;
    let mut known = false;
    for signature in signatures.split(' ').take(SIGNATURES_MAX) {
        known |= same_secret(signature.as_bytes(), expected.as_bytes());
    }
    if !known {
        return Err("webhook-signature does not fit the message");
    }
    // looked at last, so that only who knows the secret learns of our clock
    match seconds.checked_sub(now.seconds()) {
        Some(apart) if apart.saturating_abs() <= TOLERANCE_SECONDS => Ok(id.clone()),
        _ => Err("webhook-timestamp is too far from the present"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_767_323_045_678);
    const BODY: &[u8] = b"{\"a\": 1}";

    fn check(kind: VerifyKind, shown: &Credentials, expect: Result<Option<&str>, &str>) {
        let got = verified(kind, "whsec_aHVudGVyMg==", shown, BODY, NOW);
        assert_eq!(got, expect.map(|id| id.map(str::to_owned)));
    }

    #[test]
    fn in_githubs_manner() {
        let with =
            |signature: &str| Credentials { hub_signature: Some(signature.into()), ..Credentials::default() };
        let right = hub_signature(BODY, "whsec_aHVudGVyMg==");
        let wrong = Err("X-Hub-Signature-256 does not fit the body");
        check(VerifyKind::Github, &with(&right), Ok(None));
        check(VerifyKind::Github, &with(&right.to_uppercase()), wrong);
        check(VerifyKind::Github, &with(&right[..20]), wrong);
        check(VerifyKind::Github, &with(&hub_signature(b"other", "whsec_aHVudGVyMg==")), wrong);
        check(VerifyKind::Github, &Credentials::default(), Err("X-Hub-Signature-256 is missing"));
    }

    #[test]
    fn by_a_bearer_token() {
        let with =
            |header: &str| Credentials { authorization: Some(header.into()), ..Credentials::default() };
        check(VerifyKind::Bearer, &with("Bearer whsec_aHVudGVyMg=="), Ok(None));
        check(VerifyKind::Bearer, &with("bearer  whsec_aHVudGVyMg== "), Ok(None));
        let wrong = Err("the bearer token is not the hook's");
        check(VerifyKind::Bearer, &with("Bearer whsec_"), wrong);
        check(VerifyKind::Bearer, &with("Basic whsec_aHVudGVyMg=="), Err("Authorization is not Bearer"));
        check(VerifyKind::Bearer, &Credentials::default(), Err("Authorization: Bearer is missing"));
    }

    #[test]
    fn by_standard_webhooks() {
        let at = |age: i64, change: fn(&mut Credentials)| {
            let headers = standard_headers("m1", NOW.seconds() + age, BODY, "whsec_aHVudGVyMg==");
            let mut shown = Credentials {
                webhook_id: Some(headers.id),
                webhook_timestamp: Some(headers.timestamp),
                webhook_signature: Some(headers.signature),
                ..Credentials::default()
            };
            change(&mut shown);
            shown
        };
        let kind = VerifyKind::StandardWebhooks;
        check(kind, &at(0, |_| ()), Ok(Some("m1")));
        check(kind, &at(TOLERANCE_SECONDS, |_| ()), Ok(Some("m1")));
        check(kind, &at(-TOLERANCE_SECONDS, |_| ()), Ok(Some("m1")));
        let far = Err("webhook-timestamp is too far from the present");
        check(kind, &at(TOLERANCE_SECONDS + 1, |_| ()), far);
        check(kind, &at(-TOLERANCE_SECONDS - 1, |_| ()), far);
        check(kind, &at(i64::MIN, |_| ()), far);
        let several = |shown: &mut Credentials| {
            shown.webhook_signature =
                shown.webhook_signature.take().map(|right| format!("v1,AAAA v1a,x {right}"));
        };
        check(kind, &at(0, several), Ok(Some("m1")));
        let unfit = Err("webhook-signature does not fit the message");
        let too_many = |shown: &mut Credentials| {
            let right = shown.webhook_signature.take().unwrap_or_default();
            shown.webhook_signature = Some(format!("{}{right}", "v1,AAAA ".repeat(SIGNATURES_MAX)));
        };
        check(kind, &at(0, too_many), unfit);
        check(kind, &at(0, |shown| shown.webhook_id = Some("m2".into())), unfit);
        check(kind, &at(0, |shown| shown.webhook_timestamp = Some("1".into())), unfit);
        check(
            kind,
            &at(0, |shown| shown.webhook_timestamp = Some("now".into())),
            Err("webhook-timestamp is no number of seconds"),
        );
        check(
            kind,
            &at(0, |shown| shown.webhook_id = Some("x".repeat(ID_MAX + 1))),
            Err("webhook-id has 1 to 256 bytes"),
        );
        let missing = Err("webhook-id, webhook-timestamp or webhook-signature is missing");
        check(kind, &at(0, |shown| shown.webhook_signature = None), missing);
    }
}

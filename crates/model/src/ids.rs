//! Identifiers and names: how they look and how they are made from an instant and random bytes.

use crate::Timestamp;

/// Longest site name and alias: one DNS label.
pub const LABEL_MAX: usize = 63;

/// A 24-digit lower-case hex id: four bytes of seconds, then eight random ones, so that ids sort by
/// time. Deploy ids must look like this because clients test them with a regular expression.
#[must_use]
pub fn hex24(at: Timestamp, random: [u8; 8]) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "32 bits of seconds last until 2106"
    )]
    let seconds = at.seconds() as u32;
    format!("{seconds:08x}{}", hex::encode(random))
}

/// Whether `text` is a 24-digit lower-case hex id.
#[must_use]
pub fn is_hex24(text: &str) -> bool {
    text.len() == 24 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// A version 4 UUID from 16 random bytes, the form of site ids.
#[must_use]
pub fn uuid(mut random: [u8; 16]) -> String {
    random[6] = (random[6] & 0x0f) | 0x40;
    random[8] = (random[8] & 0x3f) | 0x80;
    let h = hex::encode(random);
    format!("{}-{}-{}-{}-{}", &h[..8], &h[8..12], &h[12..16], &h[16..20], &h[20..])
}

/// A ULID: 26 characters of Crockford's base 32, 48 bits of milliseconds and 80 random bits.
#[must_use]
pub fn ulid(at: Timestamp, random: [u8; 10]) -> String {
    const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut bytes = [0_u8; 16];
    bytes[..6].copy_from_slice(&at.0.to_be_bytes()[2..]);
    bytes[6..].copy_from_slice(&random);
    let value = u128::from_be_bytes(bytes);
    (0..26)
        .rev()
        .map(|place| char::from(DIGITS[usize::try_from((value >> (place * 5)) & 31).unwrap_or(0)]))
        .collect()
}

/// Text as one DNS label: lower case, everything else than letters and digits a single hyphen, no
/// hyphen at the ends, at most [`LABEL_MAX`] characters. Branch names become aliases this way.
#[must_use]
pub fn slug(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
        if out.len() >= LABEL_MAX {
            break;
        }
    }
    out.trim_end_matches('-').to_owned()
}

/// A site's name, valid as one DNS label and unambiguous in front of a `--` permalink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteName(String);

impl SiteName {
    /// Accepts 1 to 63 characters of `a-z`, `0-9` and `-`, no hyphen at the ends and no `--`
    /// (which separates an alias from the name in a host). Upper case is folded.
    ///
    /// # Errors
    /// A sentence that says what is wrong, fit for the person who typed the name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let name = text.trim().to_ascii_lowercase();
        if name.is_empty() || name.len() > LABEL_MAX {
            return Err(format!("name must have 1 to {LABEL_MAX} characters"));
        }
        if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err("name may hold only letters, digits and hyphens".to_owned());
        }
        if name.starts_with('-') || name.ends_with('-') || name.contains("--") {
            return Err("name may not begin or end with a hyphen nor hold two in a row".to_owned());
        }
        Ok(Self(name))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as an owned text.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_their_documented_form() {
        let id = hex24(Timestamp(1_767_323_045_678), [0xab; 8]);
        assert_eq!(id, "695735a5abababababababab");
        assert!(is_hex24(&id));
        assert!(!is_hex24(&id.to_uppercase()));
        assert_eq!(uuid([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }

    #[test]
    fn ulids_sort_by_time_and_have_26_characters() {
        let early = ulid(Timestamp(1), [255; 10]);
        let late = ulid(Timestamp(2), [0; 10]);
        assert_eq!((early.len(), late.len()), (26, 26));
        assert!(early < late);
        assert_eq!(ulid(Timestamp(0), [0; 10]), "0".repeat(26));
    }

    #[test]
    fn slugs_are_labels() {
        for (text, label) in [
            ("feature/New Thing", "feature-new-thing"),
            ("--x--", "x"),
            ("main", "main"),
            ("déjà", "d-j"),
            ("", ""),
        ] {
            assert_eq!(slug(text), label, "{text}");
        }
        assert_eq!(slug(&"a".repeat(200)).len(), LABEL_MAX);
    }

    #[test]
    fn site_names_are_checked() {
        for good in ["a", "my-site", "My-Site", "0x"] {
            assert_eq!(SiteName::parse(good).map(SiteName::into_string), Ok(good.to_ascii_lowercase()));
        }
        for bad in ["", "-a", "a-", "a--b", "a b", "ä", &"x".repeat(64), "a.b"] {
            assert!(SiteName::parse(bad).is_err(), "{bad}");
        }
    }
}

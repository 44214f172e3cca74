//! Reads the little that must be known of a stored CA certificate: until when it is valid, and
//! whether it belongs to a key and names certain hosts. Pure; it verifies no signature, since it
//! only ever sees a file that this server wrote.

/// DER tags that occur before the end of the validity (RFC 5280, section 4.1).
const SEQUENCE: u8 = 0x30;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// Fields of a v3 `TBSCertificate` before its validity: version, serial, algorithm, issuer.
const FIELDS_BEFORE_VALIDITY: usize = 4;

/// The end of validity as fourteen digits `YYYYMMDDhhmmss` in UTC, which sort as time does.
/// `None` when the bytes are not a v3 certificate.
pub fn not_after(der: &[u8]) -> Option<String> {
    let (certificate, _) = expect(SEQUENCE, der)?;
    let (mut fields, _) = expect(SEQUENCE, certificate)?;
    for _ in 0..FIELDS_BEFORE_VALIDITY {
        (_, _, fields) = element(fields)?;
    }
    let (validity, _) = expect(SEQUENCE, fields)?;
    let (_, _, rest) = element(validity)?;
    let (tag, text, _) = element(rest)?;
    fourteen_digits(tag, std::str::from_utf8(text).ok()?)
}

/// Whether `needle` occurs in the certificate, byte for byte.
pub(crate) fn contains(der: &[u8], needle: &[u8]) -> bool {
    !needle.is_empty() && der.windows(needle.len()).any(|window| window == needle)
}

/// Two-digit years of 50 and more belong to the last century (RFC 5280, section 4.1.2.5.1).
fn fourteen_digits(tag: u8, text: &str) -> Option<String> {
    let digits = text.strip_suffix('Z')?;
    let full = match tag {
        UTC_TIME if digits < "50" => format!("20{digits}"),
        UTC_TIME => format!("19{digits}"),
        GENERALIZED_TIME => digits.to_owned(),
        _ => return None,
    };
    let sound = full.len() == 14 && full.bytes().all(|byte| byte.is_ascii_digit());
    sound.then_some(full)
}

fn expect(wanted: u8, input: &[u8]) -> Option<(&[u8], &[u8])> {
    let (tag, content, rest) = element(input)?;
    (tag == wanted).then_some((content, rest))
}

/// Splits the first DER element off: its tag, its content, and what follows.
fn element(input: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, input) = input.split_first()?;
    let (length, input) = length(input)?;
    let (content, rest) = input.split_at_checked(length)?;
    Some((*tag, content, rest))
}

/// Lengths of up to two bytes, enough for any certificate under 64 KiB.
fn length(input: &[u8]) -> Option<(usize, &[u8])> {
    match input {
        [short @ 0..=0x7f, rest @ ..] => Some((usize::from(*short), rest)),
        [0x81, one, rest @ ..] => Some((usize::from(*one), rest)),
        [0x82, high, low, rest @ ..] => Some((usize::from(u16::from_be_bytes([*high, *low])), rest)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    fn certificate(year: i32) -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["host.test".to_owned()]).unwrap();
        params.not_after = date_time_ymd(year, 3, 7);
        let key = KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn the_end_of_validity_is_read_in_both_spellings() {
        let check = |year, digits: &str| {
            assert_eq!(not_after(&certificate(year)).as_deref(), Some(digits));
        };
        check(1999, "19990307000000");
        check(2035, "20350307000000");
        check(2071, "20710307000000");
    }

    #[test]
    fn broken_bytes_have_no_end_of_validity() {
        let whole = certificate(2035);
        for length in 0..whole.len() {
            assert_eq!(not_after(&whole[..length]), None, "{length} bytes");
        }
        assert_eq!(not_after(b"-----BEGIN CERTIFICATE-----"), None);
        assert_eq!(fourteen_digits(UTC_TIME, "35030700000"), None);
        assert_eq!(fourteen_digits(UTC_TIME, "3503070000xxZ"), None);
        assert_eq!(fourteen_digits(SEQUENCE, "20350307000000Z"), None);
    }

    #[test]
    fn contained_bytes_are_found() {
        let whole = certificate(2035);
        assert!(contains(&whole, b"host.test"));
        assert!(!contains(&whole, b"other.test"));
        assert!(!contains(&whole, b""));
        assert!(!contains(b"abc", b"abcd"));
    }
}

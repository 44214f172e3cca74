//! Which encoding of a file goes out, by the client's Accept-Encoding (RFC 9110 section 12.5.3).

use http::{HeaderMap, HeaderValue, header};

/// How the bytes of a file are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Not at all.
    Identity,
    /// gzip.
    Gzip,
    /// Brotli.
    Br,
}

/// Which encodings of a file exist beside the identity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Encodings {
    pub(crate) gzip: bool,
    pub(crate) br: bool,
}

/// Weights in thousandths as the client gave them; none where it said nothing.
#[derive(Default)]
struct Weights {
    gzip: Option<u16>,
    br: Option<u16>,
    identity: Option<u16>,
    any: Option<u16>,
}

impl Encoding {
    /// The value of Content-Encoding.
    pub(crate) fn header(self) -> Option<HeaderValue> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some(HeaderValue::from_static("gzip")),
            Self::Br => Some(HeaderValue::from_static("br")),
        }
    }
}

impl Encodings {
    pub(crate) fn is_empty(self) -> bool {
        !self.gzip && !self.br
    }
}

/// The best encoding the client takes, Brotli before gzip where it likes both the same. A client
/// that takes none of them gets the identity even if it refuses that too: it can still say so.
pub(crate) fn choose(headers: &HeaderMap, available: Encodings) -> Encoding {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter();
    choose_from(values.filter_map(|value| value.to_str().ok()), available)
}

/// The same by the values of Accept-Encoding.
pub(crate) fn choose_from<'v>(values: impl IntoIterator<Item = &'v str>, available: Encodings) -> Encoding {
    if available.is_empty() {
        return Encoding::Identity;
    }
    let weights = weights(values);
    let br = if available.br { weights.br.or(weights.any).unwrap_or(0) } else { 0 };
    let gzip = if available.gzip { weights.gzip.or(weights.any).unwrap_or(0) } else { 0 };
    let identity = weights.identity.unwrap_or(0);
    if br > 0 && br >= gzip && br >= identity {
        Encoding::Br
    } else if gzip > 0 && gzip >= identity {
        Encoding::Gzip
    } else {
        Encoding::Identity
    }
}

fn weights<'v>(values: impl IntoIterator<Item = &'v str>) -> Weights {
    let mut weights = Weights::default();
    for item in values.into_iter().flat_map(|value| value.split(',')) {
        let (coding, parameters) = item.split_once(';').unwrap_or((item, ""));
        let slot = match coding.trim() {
            name if name.eq_ignore_ascii_case("br") => &mut weights.br,
            name if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") => {
                &mut weights.gzip
            }
            name if name.eq_ignore_ascii_case("identity") => &mut weights.identity,
            "*" => &mut weights.any,
            _ => continue,
        };
        *slot = Some(weight(parameters));
    }
    weights
}

/// A `q=0.5` in thousandths; all when there is none, nothing when it cannot be read.
fn weight(parameters: &str) -> u16 {
    let text = parameters.trim();
    if text.is_empty() {
        return 1000;
    }
    let Some((name, value)) = text.split_once('=') else { return 0 };
    if !name.trim().eq_ignore_ascii_case("q") {
        return 0;
    }
    match value.trim().parse::<f32>() {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be 0 to 1")]
        Ok(q) if (0.0..=1.0).contains(&q) => (q * 1000.0).round() as u16,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: Encodings = Encodings { gzip: true, br: true };
    const GZIP: Encodings = Encodings { gzip: true, br: false };

    fn check(accept: &[&'static str], available: Encodings, expect: Encoding) {
        let mut headers = HeaderMap::new();
        for value in accept {
            headers.append(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
        }
        assert_eq!(choose(&headers, available), expect, "{accept:?} {available:?}");
    }

    #[test]
    fn the_best_common_encoding_is_chosen() {
        for (accept, expect) in [
            ("gzip, deflate, br, zstd", Encoding::Br),
            ("br;q=0.5, gzip;q=0.8", Encoding::Gzip),
            ("br;q=0.8, gzip;q=0.8", Encoding::Br),
            ("GZIP", Encoding::Gzip),
            ("x-gzip", Encoding::Gzip),
            ("*", Encoding::Br),
            ("*;q=0.1, br;q=0", Encoding::Gzip),
            ("gzip;q=0", Encoding::Identity),
            ("gzip ; q=0.001", Encoding::Gzip),
            ("identity", Encoding::Identity),
            ("identity, gzip;q=0.9", Encoding::Identity),
            ("identity;q=0.5, gzip;q=0.5", Encoding::Gzip),
            ("identity;q=0", Encoding::Identity),
            ("identity;q=0, *;q=0", Encoding::Identity),
            ("deflate", Encoding::Identity),
            ("", Encoding::Identity),
            ("gzip;q=high", Encoding::Identity),
            ("gzip;q=2", Encoding::Identity),
            ("gzip;level=9", Encoding::Identity),
        ] {
            check(&[accept], BOTH, expect);
        }
        check(&["identity", "br"], BOTH, Encoding::Br);
        check(&[], BOTH, Encoding::Identity);
    }

    #[test]
    fn only_what_exists_is_chosen() {
        check(&["br"], GZIP, Encoding::Identity);
        check(&["br, gzip;q=0.1"], GZIP, Encoding::Gzip);
        check(&["br, gzip"], Encodings::default(), Encoding::Identity);
    }
}

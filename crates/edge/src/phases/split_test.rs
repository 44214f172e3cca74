//! Shares out the visitors of a site's live addresses by the cookie `nf_ab` (contract edge 1.7): a
//! number that is drawn once and read by the shares of the test, or the name of a branch.

use crate::answer::Answer;
use crate::draws::Draws;
use crate::exchange::Exchange;
use crate::sites::SiteView;
use http::{HeaderMap, HeaderValue, header};

const COOKIE: &str = "nf_ab";
/// How long a browser keeps its number: a year, as scripts that set a branch by hand do. Scripts can
/// read it, and it goes over plain http too: it is no secret.
const ATTRIBUTES: &str = "; Path=/; Max-Age=31536000; SameSite=Lax";
const VARY: HeaderValue = HeaderValue::from_static("cookie");

/// That a request was shared out, until its answer says so.
pub(crate) struct Share {
    /// The cookie of a visitor who had none that counts.
    cookie: Option<HeaderValue>,
}

/// The view that answers this visitor.
pub(crate) fn run<'a>(draws: &Draws, exchange: &mut Exchange, site: &'a SiteView) -> &'a SiteView {
    let Some(split) = &site.split else { return site };
    let selected = cookie(exchange.headers()).and_then(|value| split.selected(value));
    let (branch, cookie) = match selected {
        Some(branch) => (branch, None),
        None => {
            let millionths = draws.millionths();
            (split.drawn(f64::from(millionths) / 1e6), Some(set_cookie(millionths)))
        }
    };
    exchange.share = Some(Share { cookie });
    // Two branches may have become what they are in the same second: a date tells them not apart.
    exchange.head_mut().headers.remove(header::IF_MODIFIED_SINCE);
    split.site(branch).unwrap_or(site)
}

/// Keeps caches from giving the page of one visitor to another, and gives a new visitor its number.
pub(crate) fn mark(exchange: &mut Exchange, answer: &mut Answer) {
    let Some(share) = exchange.share.take() else { return };
    answer.headers.append(header::VARY, VARY);
    if let Some(cookie) = share.cookie {
        answer.headers.append(header::SET_COOKIE, cookie);
    }
}

fn set_cookie(millionths: u32) -> HeaderValue {
    let text = format!("{COOKIE}=0.{millionths:06}{ATTRIBUTES}");
    HeaderValue::try_from(text).expect("digits and letters make a header value")
}

/// The first value of the cookie, without the quotes that may stand around it.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    let texts = headers.get_all(header::COOKIE).iter();
    let texts = texts.filter_map(|value| std::str::from_utf8(value.as_bytes()).ok());
    let mut pairs = texts.flat_map(|text| text.split(';')).filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.trim() == COOKIE)?;
    let value = value.trim();
    Some(value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others() {
        for (lines, expect) in [
            (&["nf_ab=0.5"][..], Some("0.5")),
            (&["a=b; nf_ab=0.5; c=d"], Some("0.5")),
            (&["a=b", "nf_ab = beta "], Some("beta")),
            (&["nf_ab=\"beta\""], Some("beta")),
            (&["nf_ab=a=b"], Some("a=b")),
            (&["nf_ab="], Some("")),
            (&["nf_ab=1; nf_ab=2"], Some("1")),
            (&["nf_abc=1; xnf_ab=2; NF_AB=3; nf_ab"], None),
            (&[], None),
        ] {
            let mut all = HeaderMap::new();
            for line in lines {
                all.append(header::COOKIE, HeaderValue::from_static(line));
            }
            assert_eq!(cookie(&all), expect, "{lines:?}");
        }
    }

    #[test]
    fn a_number_has_six_decimals() {
        for (millionths, begin) in
            [(0, "nf_ab=0.000000; Path=/;"), (42, "nf_ab=0.000042;"), (999_999, "nf_ab=0.999999;")]
        {
            assert!(set_cookie(millionths).to_str().unwrap().starts_with(begin));
        }
    }
}

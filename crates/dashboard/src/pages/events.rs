//! The ledger: everything that happened, newest first, by site and by event.

use super::{Answer, site::text};
use crate::client::with_query;
use crate::view::{self, values};
use crate::visit::Visit;
use futures_util::future::join3;
use http::StatusCode;
use serde_json::Value;
use std::collections::BTreeSet;

/// Events of one page.
const PER_PAGE: usize = 50;

/// `GET /events`.
pub(crate) async fn show(visit: Visit) -> Answer {
    let (site, event) = (visit.query("site_id"), visit.query("event"));
    let number = visit.query("page").parse::<u32>().unwrap_or(1).max(1);
    let (size, at) = (PER_PAGE.to_string(), number.to_string());
    let filter = [("site_id", site.as_str()), ("event", &event), ("per_page", &size), ("page", &at)];
    let operation = with_query("/events", &filter);
    let (events, sites, types) = join3(
        visit.get(&operation),
        visit.section("/sites?filter=all&per_page=100"),
        visit.section("/hooks/types"),
    )
    .await;
    let events = events?;
    let more = events.as_array().is_some_and(|list| list.len() == PER_PAGE);
    let kept = with_query("/events", &[("site_id", &site), ("event", &event)]);
    let values = values! {
        title => "Events", nav => "events", names => names(&types.items), events, sites, site, event, number, more,
        next => page_address(&kept, number + 1), previous => page_address(&kept, number.saturating_sub(1))
    };
    Ok(view::page(StatusCode::OK, "events.html", values))
}

fn page_address(kept: &str, number: u32) -> String {
    let joint = if kept.contains('?') { '&' } else { '?' };
    format!("{kept}{joint}page={number}")
}

/// Every event that some target can be told of.
fn names(types: &Value) -> BTreeSet<&str> {
    let kinds = types.as_array().into_iter().flatten();
    let events = kinds.filter_map(|kind| kind["events"].as_array()).flatten();
    events.filter_map(|event| event.as_str().or_else(|| Some(text(event, "name")))).collect()
}

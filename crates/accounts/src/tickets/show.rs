//! Shows a ticket: to the command line that waits for the answer, and to the page that asks for it.

use super::{TicketView, is_over, view};
use context::{Context, Error, Result};
use store::tickets;

/// The ticket with this id.
///
/// # Errors
/// [`Error::NotFound`] when it is unknown, denied, exchanged or expired.
pub async fn show(cx: &Context, ticket_id: &str) -> Result<TicketView> {
    let mut db = cx.read().await?;
    let row = tickets::find(&mut db, ticket_id).await?;
    row.filter(|row| !is_over(row, cx.now())).map(view).ok_or(Error::NotFound)
}

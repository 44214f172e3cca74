//! The way of a request, as lists. [`site`] finds out whom it is for, [`decide`] what the answer
//! is, [`run`], [`serve`] and [`show`] work on the answer afterwards. A behaviour is one file in `phases/`
//! and its line here; a phase that has to wait is an `async fn`.

use crate::Shared;
use crate::answer::{Answer, Next};
use crate::exchange::Exchange;
use crate::phases::{addons, basic_auth, canonical_host, defaults, form_post, headers, host, not_found};
use crate::phases::{pretty_urls, redirects, reserved, robots};
use crate::phases::{site_access, site_password, snippets, split_test, static_file, target};
use crate::sites::SiteView;
use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::Arc;

/// The answer to one request.
pub(crate) async fn run(edge: &Shared, exchange: &mut Exchange) -> Answer {
    let mut answer = match site(edge, exchange).await {
        Continue(site) => serve(edge, exchange, &site).await,
        Break(answer) => answer,
    };
    defaults::run(exchange, &mut answer);
    answer
}

/// The site is looked up once, so that everything in an answer comes from one deploy.
async fn site(edge: &Shared, exchange: &mut Exchange) -> ControlFlow<Answer, Arc<SiteView>> {
    target::run(exchange)?;
    host::run(&edge.sites, exchange).await
}

/// What a site answers.
async fn serve(edge: &Shared, exchange: &mut Exchange, site: &SiteView) -> Answer {
    let mut answer = match admit(edge, exchange, site).await {
        Continue(()) => {
            let shown = split_test::run(&edge.draws, exchange, site);
            show(edge, exchange, shown).await
        }
        Break(answer) => snippets::on_password_page(site, answer),
    };
    split_test::mark(exchange, &mut answer);
    canonical_host::strict(exchange, site, &mut answer);
    robots::run(site, &mut answer);
    answer
}

/// Whether a visitor may come in, and by this address.
async fn admit(edge: &Shared, exchange: &mut Exchange, site: &SiteView) -> Next {
    site_access::run(exchange, site)?;
    canonical_host::run(&*edge.https, exchange, site)?;
    site_password::run(&edge.gate, &edge.cx, exchange, site).await
}

/// What the deploy answers that this visitor sees.
async fn show(edge: &Shared, exchange: &mut Exchange, site: &SiteView) -> Answer {
    let (Break(mut answer) | Continue(mut answer)) = decide(edge, exchange, site).await;
    headers::run(exchange, site, &mut answer);
    snippets::run(edge, exchange, site, answer).await
}

async fn decide(edge: &Shared, exchange: &mut Exchange, site: &SiteView) -> ControlFlow<Answer, Answer> {
    basic_auth::run(exchange, site)?;
    addons::run(edge, exchange, site).await?;
    host::deployed(site)?;
    reserved::run(exchange, site)?;
    redirects::run(edge, exchange, site).await?;
    form_post::run(edge, exchange, site).await?;
    pretty_urls::run(exchange, site)?;
    static_file::run(exchange, site)?;
    Continue(not_found::answer(exchange, site))
}

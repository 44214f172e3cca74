//! The way of a request, as lists. [`site`] finds out whom it is for, [`decide`] what the answer
//! is, [`run`] and [`serve`] work on the answer afterwards. A behaviour is one file in `phases/`
//! and its line here; a phase that has to wait is an `async fn`.

use crate::Shared;
use crate::answer::Answer;
use crate::exchange::Exchange;
use crate::phases::{defaults, host, not_found, reserved, site_access, static_file, target};
use crate::sites::SiteView;
use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::Arc;

/// The answer to one request.
pub(crate) async fn run(edge: &Shared, exchange: &mut Exchange) -> Answer {
    let mut answer = match site(edge, exchange).await {
        Continue(site) => serve(exchange, &site).await,
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
async fn serve(exchange: &mut Exchange, site: &SiteView) -> Answer {
    let (Break(answer) | Continue(answer)) = decide(exchange, site).await;
    answer
}

async fn decide(exchange: &mut Exchange, site: &SiteView) -> ControlFlow<Answer, Answer> {
    site_access::run(exchange, site)?;
    reserved::run(exchange, site)?;
    static_file::run(exchange, site)?;
    Continue(not_found::answer(exchange, site))
}

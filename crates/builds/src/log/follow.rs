//! Following a log: every line once, in order, from any number on, until the build has ended.

use crate::running::Running;
use context::{Context, Error, Result};
use futures_util::stream::{BoxStream, StreamExt as _, TryStreamExt as _, try_unfold};
use model::{BuildState, LogLine};
use std::time::Duration;
use store::{build_log, builds};

/// Lines taken at once.
const BATCH: usize = 500;
/// How often a follower looks when the build runs on another node or waits.
const POLL: Duration = Duration::from_secs(1);

/// What a follower gets.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// A line and its number.
    Line(i64, LogLine),
    /// The build has ended so, and every line was given.
    End(BuildState),
}

struct Follower {
    cx: Context,
    running: Running,
    build_id: String,
    next: i64,
    ended: bool,
}

/// See [`crate::Builds::follow`].
pub(crate) fn follow(
    cx: &Context,
    running: &Running,
    build_id: &str,
    from: i64,
) -> BoxStream<'static, Result<Step>> {
    let follower = Follower {
        cx: cx.clone(),
        running: running.clone(),
        build_id: build_id.to_owned(),
        next: from.max(0),
        ended: false,
    };
    let batches = try_unfold(follower, |mut follower| async move {
        let steps = follower.advance().await?;
        Ok::<_, Error>(steps.map(|steps| (futures_util::stream::iter(steps.into_iter().map(Ok)), follower)))
    });
    batches.try_flatten().boxed()
}

impl Follower {
    /// The next steps; none after the end.
    async fn advance(&mut self) -> Result<Option<Vec<Step>>> {
        while !self.ended {
            // asked for before the log is read, so that nothing written in between is missed
            let news = self.running.news(&self.build_id);
            let mut db = self.cx.read().await?;
            let build = builds::find(&mut db, &self.build_id).await?.ok_or(Error::NotFound)?;
            let lines = build_log::read(&mut db, &self.build_id, self.next, BATCH).await?;
            drop(db);
            if let Some((last, _)) = lines.last() {
                self.next = last + 1;
                return Ok(Some(lines.into_iter().map(|(number, line)| Step::Line(number, line)).collect()));
            }
            if build.state.is_final() && news.is_none() {
                self.ended = true;
                return Ok(Some(vec![Step::End(build.state)]));
            }
            wait(news).await;
        }
        Ok(None)
    }
}

async fn wait(news: Option<tokio::sync::watch::Receiver<()>>) {
    let heard = async {
        match news {
            // an error means that the build left: there is something to read either way
            Some(mut news) => drop(news.changed().await),
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = heard => {}
        () = tokio::time::sleep(POLL) => {}
    }
}

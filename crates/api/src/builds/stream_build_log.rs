//! `GET /build/logs` as a WebSocket: the log of the build that makes a deploy, as `netlify logs` shows
//! it while the build runs and afterwards (contract clients 5). The client's first message is
//! `{deploy_id, site_id, access_token}`; then come lines `{ts, message, section, level, type}` from
//! the first on, and at last one of the type `report` in the section `building`, by which clients know
//! that the build has ended. Anything wrong closes the socket with a reason.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use accounts::{Access, Principal};
use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use builds::Step;
use context::{Context, Error, Result};
use futures_util::StreamExt as _;
use model::{BuildState, LogLine, Scope, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use store::builds::BuildRow;

/// Longest first message, in bytes.
const HELLO_BYTES: usize = 16 * 1024;
/// Time for the first message.
const HELLO: Duration = Duration::from_secs(10);
/// Time for a client to take a message; one that reads nothing holds no log.
const TAKE: Duration = Duration::from_secs(30);
/// How often a silent socket shows that it is alive.
const BEAT: Duration = Duration::from_secs(15);

#[derive(Deserialize)]
struct Hello {
    deploy_id: String,
    #[serde(default)]
    access_token: String,
}

pub(crate) async fn handle(call: Call) -> Outcome {
    let socket = call.socket.lock().take();
    let socket = socket.ok_or_else(|| Error::Invalid("this address speaks WebSocket only".to_owned()))?;
    let app = Arc::clone(&call.app);
    let socket = socket.max_message_size(HELLO_BYTES).max_frame_size(HELLO_BYTES);
    Ok(Reply::of(socket.on_upgrade(|socket| serve(app, socket))))
}

async fn serve(app: Arc<crate::App>, mut socket: WebSocket) {
    let stopping = app.stopping.clone();
    let served = tokio::select! {
        served = converse(&app, &mut socket) => served,
        () = stopping.cancelled() => Err("the server stops"),
    };
    let (code, reason) = match served {
        Ok(()) => (close_code::NORMAL, ""),
        Err(reason) => (close_code::POLICY, reason),
    };
    // a client that has gone needs no farewell
    let _gone = socket.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await;
}

/// What is said to a client that gets no log, whatever it may not know.
const NOT_FOUND: &str = "there is no such log, or the token may not read it";
const FAULT: &str = "the server could not read the log";
const GONE: &str = "the client went away";

async fn converse(app: &crate::App, socket: &mut WebSocket) -> std::result::Result<(), &'static str> {
    let hello = tokio::time::timeout(HELLO, hello(socket)).await.map_err(|_| "nothing was asked for")??;
    let build = match find(&app.cx, &hello).await {
        Ok(build) => build,
        Err(error) => {
            let is_fault = matches!(error, Error::Internal(_));
            return Err(if is_fault { FAULT } else { NOT_FOUND });
        }
    };
    follow(app, &build, socket).await
}

async fn hello(socket: &mut WebSocket) -> std::result::Result<Hello, &'static str> {
    loop {
        match socket.recv().await {
            Some(Ok(Message::Text(text))) => {
                return serde_json::from_str(&text).map_err(|_| "the first message names no deploy");
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            _ => return Err(GONE),
        }
    }
}

/// The build whose log is asked for, if the token may read it or anybody may.
async fn find(cx: &Context, hello: &Hello) -> Result<BuildRow> {
    let mut db = cx.read().await?;
    let deploy = store::deploys::find(&mut db, &hello.deploy_id).await?.ok_or(Error::NotFound)?;
    let site = store::sites::find(&mut db, &deploy.site_id).await?.ok_or(Error::NotFound)?;
    let build = store::builds::by_deploy(&mut db, &deploy.id).await?.ok_or(Error::NotFound)?;
    drop(db);
    if site.info.build.private_logs != Some(false) {
        let who = accounts::authenticate(cx, &hello.access_token).await?;
        admit(&who, &site.account_id)?;
    }
    Ok(build)
}

fn admit(who: &Principal, account_id: &str) -> Result<()> {
    let admitted = who.build.is_none() && matches!(who.may(account_id, Scope::Read), Access::Granted);
    if admitted { Ok(()) } else { Err(Error::NotFound) }
}

async fn follow(
    app: &crate::App,
    build: &BuildRow,
    socket: &mut WebSocket,
) -> std::result::Result<(), &'static str> {
    let mut steps = app.builds.follow(&build.id, 0);
    loop {
        let message = tokio::select! {
            step = steps.next() => match step {
                Some(Ok(Step::Line(_, line))) => text(&show(&line)),
                Some(Ok(Step::End(state))) => return send(socket, text(&report(state, app.cx.now()))).await,
                Some(Err(_)) | None => return Err(FAULT),
            },
            heard = socket.recv() => match heard {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(GONE),
                Some(Ok(_)) => continue,
            },
            () = tokio::time::sleep(BEAT) => Message::Ping(Vec::new().into()),
        };
        send(socket, message).await?;
    }
}

async fn send(socket: &mut WebSocket, message: Message) -> std::result::Result<(), &'static str> {
    let sent = tokio::time::timeout(TAKE, socket.send(message)).await;
    sent.map_err(|_| "the client does not read")?.map_err(|_| GONE)
}

fn text(value: &Value) -> Message {
    Message::Text(value.to_string().into())
}

fn show(line: &LogLine) -> Value {
    let level = if line.error { "ERROR" } else { "INFO" };
    let (ts, kind) = (line.ts.0, if line.error { "stderr" } else { "stdout" });
    json!({ "ts": ts, "message": line.message, "section": line.section, "level": level, "type": kind })
}

fn report(state: BuildState, now: Timestamp) -> Value {
    let (message, level) = match state {
        BuildState::Done => ("The build is done.", "INFO"),
        BuildState::Cancelled => ("The build was cancelled.", "WARN"),
        _ => ("The build failed.", "ERROR"),
    };
    json!({ "ts": now.0, "message": message, "section": "building", "level": level, "type": "report" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_the_shape_that_clients_read() {
        let line = LogLine { ts: Timestamp(5), section: "build".into(), message: "hi".into(), error: true };
        let expect =
            json!({ "ts": 5, "message": "hi", "section": "build", "level": "ERROR", "type": "stderr" });
        assert_eq!(show(&line), expect);
        for (state, level) in
            [(BuildState::Done, "INFO"), (BuildState::Cancelled, "WARN"), (BuildState::Failed, "ERROR")]
        {
            let report = report(state, Timestamp(7));
            assert_eq!((&report["type"], &report["section"]), (&"report".into(), &"building".into()));
            assert_eq!((&report["level"], &report["ts"]), (&level.into(), &7.into()));
        }
    }
}

//! A mail server that is not ours, and reads mails with a parser that is not ours: aiosmtpd.

use crate::service;
use parking_lot::Mutex;
use serde_json::Value;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::Notify;

/// How long a mail, or the start, may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running mail server. Dropping it stops it.
pub struct MailServer {
    /// Its port on this machine.
    pub port: u16,
    mails: Arc<Mutex<Vec<Value>>>,
    came: Arc<Notify>,
    _input: Option<ChildStdin>,
    _child: Child,
}

impl MailServer {
    /// Starts one with these orders, all of which may be left out: `rcpt` (`{address: [answers in
    /// turn]}`, `hang` being none), `data` (answers in turn before mails are taken), `login` (`[user,
    /// password]`), `cert` and `key` (files), and `starttls`.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(orders: &Value) -> Self {
        let python = format!("{}/bin/python", service("BOATHOOK_TEST_VENV"));
        let mut command = Command::new(python);
        command.args(["-W", "ignore", "-c", include_str!("smtp.py"), &orders.to_string()]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("the Python of the tests can be started");
        let output = child.stdout.take().expect("its output is piped");
        let mut lines = BufReader::new(output).lines();
        let first = tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("it starts in time");
        let port = first.ok().flatten().and_then(|line| line.parse().ok()).expect("it says its port");
        let (mails, came) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Notify::new()));
        let (kept, told) = (Arc::clone(&mails), Arc::clone(&came));
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                kept.lock().push(serde_json::from_str(&line).expect("it speaks JSON"));
                told.notify_one();
            }
        });
        Self { port, mails, came, _input: child.stdin.take(), _child: child }
    }

    /// Every mail so far: `from`, `to`, `tls`, `login`, `headers` (pairs, decoded), `kind`, `parts`,
    /// `defects`, `text`, `html` and `source`.
    #[must_use]
    pub fn mails(&self) -> Vec<Value> {
        self.mails.lock().clone()
    }

    /// Waits until so many mails came; all of them.
    ///
    /// # Panics
    /// When they do not come in time.
    pub async fn wait_for(&self, count: usize) -> Vec<Value> {
        let enough = async {
            while self.mails.lock().len() < count {
                self.came.notified().await;
            }
        };
        tokio::time::timeout(PATIENCE, enough).await.expect("the mails come in time");
        self.mails()
    }
}

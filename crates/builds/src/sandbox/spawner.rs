//! The thread that sandboxes are started from. A fork copies the server's page tables and ends with the
//! program's beginning, milliseconds that no thread of the runtime, which has visitors to answer, is to
//! spend; and what a thread started dies with it, so that threads which come and go will not do.

use crate::process::start;
use std::io::{Error, Result};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};
use tokio::process::Child;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// A process that is being started. It is killed when this is dropped.
#[derive(Debug)]
pub(super) struct Starting(oneshot::Receiver<Result<Child>>);

type Order = Box<dyn FnOnce() + Send>;

/// Has a process started, in a group of its own and with a pipe for its input; within a runtime.
pub(super) fn begin(command: Command) -> Starting {
    let (teller, told) = oneshot::channel();
    let runtime = Handle::current();
    let order = move || {
        let _within = runtime.enter();
        // whoever does not want it any more has it killed by not taking it
        let _unwanted = teller.send(start(command.into(), Stdio::piped()));
    };
    if let Some(orders) = orders() {
        // without the thread the teller is gone, which says so
        let _gone = orders.send(Box::new(order));
    }
    Starting(told)
}

impl Starting {
    /// The process, once its program runs.
    pub(super) async fn child(self) -> Result<Child> {
        self.0.await.unwrap_or_else(|_| Err(gone()))
    }

    /// One that is there.
    #[cfg(test)]
    pub(super) fn done(child: Child) -> Self {
        let (teller, told) = oneshot::channel();
        let _told = teller.send(Ok(child));
        Self(told)
    }

    /// The same where it may block.
    pub(super) fn child_now(self) -> Result<Child> {
        self.0.blocking_recv().unwrap_or_else(|_| Err(gone()))
    }
}

fn gone() -> Error {
    Error::other("the server cannot start processes any more")
}

/// Where the thread takes its orders; none where the system gives no thread.
fn orders() -> Option<&'static Sender<Order>> {
    static ORDERS: OnceLock<Option<Sender<Order>>> = OnceLock::new();
    let open = || {
        let (orders, taken) = channel::<Order>();
        let work = move || taken.into_iter().for_each(|order| order());
        let thread = std::thread::Builder::new().name("boathook-spawner".to_owned()).spawn(work);
        match thread {
            Ok(_) => Some(orders),
            Err(error) => {
                tracing::error!(%error, "no thread to start builds from");
                None
            }
        }
    };
    ORDERS.get_or_init(open).as_ref()
}

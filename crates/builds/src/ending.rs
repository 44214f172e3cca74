//! Ends processes: the one loop that kills what somebody finds and looks again until nothing is found.
//! It can take seconds, so that what may not wait goes through [`aside`]. Knows no builds.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use std::time::{Duration, Instant};

/// How often what is being killed is looked at, and how often at most: ten seconds in all.
const LOOK: Duration = Duration::from_millis(5);
const LOOKS: usize = 2000;

/// Ends what `look` finds by `end`, and returns when it finds nothing. Blocks. What cannot be killed is
/// told in the server's log, where it is named by `whose`.
pub(crate) fn until_gone(whose: &str, look: impl Fn() -> Vec<i32>, end: impl Fn(Vec<i32>)) {
    for number in 0..LOOKS {
        let found = look();
        if found.is_empty() {
            return;
        }
        end(found.clone());
        // most are on their way out already, and are gone in less than a millisecond
        if number > 0 || !end_soon(&found) {
            std::thread::sleep(LOOK);
        }
    }
    tracing::error!(whose, "processes of a build cannot be killed");
}

/// Waits for the end of these processes until it is time to look again; whether all have ended.
fn end_soon(ids: &[i32]) -> bool {
    let until = Instant::now() + LOOK;
    ids.iter().filter_map(|id| Pid::from_raw(*id)).all(|id| {
        // one that is not there any more has ended
        let Ok(process) = pidfd_open(id, PidfdFlags::empty()) else { return true };
        let left = Timespec::try_from(until.saturating_duration_since(Instant::now())).unwrap_or_default();
        poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&left)).is_ok_and(|ended| ended > 0)
    })
}

/// Kills these processes.
pub(crate) fn kill(ids: impl IntoIterator<Item = i32>) {
    for id in ids.into_iter().filter(|id| *id > 1).filter_map(Pid::from_raw) {
        if let Err(error) = kill_process(id, Signal::KILL) {
            tracing::debug!(%error, ?id, "a process was gone before it was killed");
        }
    }
}

/// Does something that may take long beside everything else, for those who may not wait: a value that
/// is dropped on a thread of the runtime. A server that ends meanwhile does it at its next start.
pub(crate) fn aside(work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().name("boathook-ending".to_owned());
    if let Err(error) = thread.spawn(work) {
        tracing::error!(%error, "no thread can be started; what a build left stays until the next start");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::process::Command;
    use std::sync::mpsc;

    #[test]
    fn it_looks_again_until_nothing_is_found() {
        let found = RefCell::new(vec![vec![9], vec![7, 8]]);
        let ended = RefCell::new(Vec::new());
        until_gone("x", || found.borrow_mut().pop().unwrap_or_default(), |ids| ended.borrow_mut().push(ids));
        assert_eq!(ended.into_inner(), [vec![7, 8], vec![9]]);
    }

    #[test]
    fn processes_are_killed_and_the_system_is_not() {
        let mut child = Command::new("sleep").arg("600").spawn().expect("it starts");
        kill([0, 1, -1, i32::try_from(child.id()).expect("a number")]);
        assert_eq!(child.wait().expect("it ended").code(), None);
    }

    #[test]
    fn what_is_done_aside_is_done_on_another_thread() {
        let (say, said) = mpsc::channel();
        aside(move || say.send(std::thread::current().id()).expect("somebody listens"));
        assert_ne!(said.recv().expect("it is done"), std::thread::current().id());
    }
}

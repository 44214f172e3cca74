//! Ctrl-C and TERM end the run in order: services are stopped and folders removed before xtask leaves.
//! The handler only sets a flag; whoever waits looks at it.

use std::sync::atomic::{AtomicBool, Ordering};

static ASKED_TO_STOP: AtomicBool = AtomicBool::new(false);

extern "C" fn remember(_signal: libc::c_int) {
    ASKED_TO_STOP.store(true, Ordering::Relaxed);
}

/// From now on INT, TERM and HUP set the flag instead of ending the process.
pub fn watch() {
    let handler = remember as extern "C" fn(libc::c_int) as libc::sighandler_t;
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        // SAFETY: the handler stores to an atomic and does nothing else, which a signal handler may do.
        unsafe { libc::signal(signal, handler) };
    }
}

/// Whether somebody asked this process to stop.
pub fn stop_asked() -> bool {
    ASKED_TO_STOP.load(Ordering::Relaxed)
}

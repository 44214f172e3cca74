//! Builds as a whole, on SQLite, with real repositories, real Git and the sandbox of this machine.

mod asking;
mod cut_off;
mod hooks;
mod logs;
mod making;
mod stopping;
mod world;

//! A Context on either engine for tests inside feature crates; knows no feature.

mod bed;
mod both;
mod clock;
mod database;
mod dice;
mod git_hosts;
mod need;
mod scripted;
mod smtp;

pub use bed::Bed;
pub use both::{Setup, run};
pub use clock::{ManualClock, START};
pub use database::Database;
pub use dice::Dice;
pub use git_hosts::GitHosts;
pub use need::service;
pub use scripted::{Came, Scripted, Turn};
pub use smtp::MailServer;

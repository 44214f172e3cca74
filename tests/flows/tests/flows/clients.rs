//! Walks that need the Node of the client tests and what is installed beside it.

mod git_hosts;

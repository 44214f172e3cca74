//! The words of each host, held against what it documents; and the whole way from a signed body to a
//! build.

mod hosts;
mod way;

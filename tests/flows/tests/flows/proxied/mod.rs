//! Requests of visitors to the add-ons of a site (contract add-ons sections 7 and 8): what a provider's
//! socket gets, to the letter, and what comes back.

mod answers;
mod life;
mod requests;
mod tokens;
mod world;

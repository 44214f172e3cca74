//! The product's promises, each as a walk through the front door of a real server: HTTP in, HTTP out.
//! One program, so that the server is linked once. No test looks inside.

mod backup;
mod builds;
mod crash;
mod deploys;
mod events;
mod limits;
mod moves;
mod notifications;
mod permissions;
mod resending;
mod signatures;
mod sites;
mod support;
mod uploads;
mod zips;

//! The product's promises, each as a walk through the front door of a real server: HTTP in, HTTP out.
//! One program, so that the server is linked once. No test looks inside.

mod addresses;
mod authors;
mod backup;
mod builds;
mod captchas;
mod certificates;
mod chaos;
mod clients;
mod crash;
mod deploys;
mod events;
mod floods;
mod forms;
mod hostile;
mod limits;
mod masses;
mod messages;
mod moves;
mod notifications;
mod origin;
mod permissions;
mod proxying;
mod resending;
mod rules;
mod secure;
mod signatures;
mod sites;
mod snippets;
mod splits;
mod support;
mod switches;
mod tls_support;
mod uploads;
mod zips;

//! The one client by which this server calls addresses that its users name. Each call has a total
//! deadline and a cap on what is read; redirects are answers, not orders; and the address that is
//! dialled must be one that the operator lets users reach. It knows nothing of why a call is made.

mod client;
mod destination;
mod gate;
mod origin;
mod policy;
mod relay;
mod resolver;

pub use client::{
    BODY_KEPT, BODY_READ, CONNECT_DEADLINE, Client, Failure, FailureClass, IDLE_PER_HOST, Options, Request,
    Sent, SetupError, TOTAL_DEADLINE, Timing,
};
pub use destination::Destination;
pub use gate::{CONNECTIONS_MAX, Gate, Trouble};
pub use origin::Origin;
pub use policy::{AddressPolicy, AddressRange, RangeError};
pub use relay::{
    Fields, IDLE_IN_ALL, IDLE_LIMIT, IDLE_PER_ORIGIN, Passed, Relay, Relayed, RelayedBody, Spelling,
};

//! Speaking to the servers of providers: five calls, signed, each within one deadline, none repeated
//! blindly, all recorded. It changes nothing here; what an answer means is decided by who asked.

mod agree;
mod answer;
mod ask;
mod env;
mod gate;
mod masks;
mod record;
mod request;

pub(crate) use agree::{agreed, told};
pub(crate) use answer::{Answer, Said};
pub(crate) use ask::trouble;
pub(crate) use request::{About, Ask, Operation, addressable};

pub use answer::{ENV_MAX, MESSAGE_MAX, NOTE_MAX, SNIPPETS_BYTES_MAX, SNIPPETS_MAX};
pub use gate::IN_FLIGHT_MAX;
pub use record::{BODY_SHOWN, CALLS_KEPT};
pub use request::{CALLBACK_HEADER, PREVIOUS_HEADER, REMOTE_ID_MAX, SIGN_HEADER, TOKEN_LIFE_SECONDS};

use gate::Gate;
use outbound::{AddressPolicy, Client, Options};
use std::time::Duration;
use url::Url;

/// Longest time of a whole call, the one repetition of a read included.
pub const TOTAL: Duration = Duration::from_secs(10);
/// Longest time to reach a provider.
pub const CONNECT: Duration = Duration::from_secs(5);
/// Most bytes of an answer.
pub const ANSWER_MAX: usize = 1 << 20;

/// The way to providers. Cloning is cheap and shares connections and limits.
#[derive(Clone, Debug)]
pub struct Provider {
    client: Client,
    total: Duration,
    gate: Gate,
}

impl Provider {
    /// A way out under this address policy, through the operator's proxy if there is one.
    ///
    /// # Errors
    /// When the machine's certificate store cannot be used, or the proxy's address makes no sense.
    pub fn new(policy: AddressPolicy, proxy: Option<Url>) -> Result<Self, outbound::SetupError> {
        Self::within(TOTAL, policy, proxy)
    }

    /// The same with another deadline.
    ///
    /// # Errors
    /// As [`Provider::new`].
    pub fn within(
        total: Duration,
        policy: AddressPolicy,
        proxy: Option<Url>,
    ) -> Result<Self, outbound::SetupError> {
        let options = Options { policy, proxy, total, connect: CONNECT.min(total) };
        Ok(Self { client: Client::new(options)?, total, gate: Gate::default() })
    }
}

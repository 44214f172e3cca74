//! Names of sites that nobody chose.

use context::Context;

const MOODS: [&str; 32] = [
    "amber", "brisk", "calm", "clear", "coral", "dapper", "eager", "fabled", "gentle", "golden", "happy",
    "hazel", "ivory", "jolly", "keen", "lively", "lucid", "mellow", "merry", "misty", "nimble", "olive",
    "plucky", "quiet", "rosy", "sandy", "silver", "snug", "sunny", "tidy", "vivid", "witty",
];
const THINGS: [&str; 32] = [
    "anchor", "bay", "beacon", "buoy", "canoe", "cove", "dinghy", "dock", "drift", "ferry", "fjord",
    "galley", "gull", "harbor", "island", "jetty", "kayak", "keel", "lagoon", "lantern", "mast", "oar",
    "pier", "quay", "reef", "sail", "schooner", "shore", "skiff", "tide", "wharf", "yawl",
];

/// A name like `calm-lagoon-3fa9c1`, random enough not to be taken.
pub(crate) fn random(cx: &Context) -> String {
    let [mood, thing, tail @ ..] = cx.random::<5>();
    let pick = |list: &[&'static str; 32], byte: u8| list[usize::from(byte % 32)];
    let tail: String = tail.iter().map(|b| format!("{b:02x}")).collect();
    format!("{}-{}-{tail}", pick(&MOODS, mood), pick(&THINGS, thing))
}

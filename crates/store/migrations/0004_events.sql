CREATE TABLE hooks (
    id TEXT PRIMARY KEY,
    site_id TEXT NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    -- JSON array of event names
    events TEXT NOT NULL,
    -- {contexts: [], branches: []} as JSON
    filters TEXT NOT NULL,
    -- settings that may be shown, as JSON
    data TEXT NOT NULL,
    -- settings that may not, as encrypted JSON
    sealed BLOB NOT NULL,
    -- how deliveries are made: schedule, limits, order, fields, as JSON
    options TEXT NOT NULL,
    -- whether it hears of the whole life of a deploy
    follows INTEGER NOT NULL DEFAULT 0,
    disabled INTEGER NOT NULL DEFAULT 0,
    form_id TEXT,
    user_id TEXT,
    success INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX hooks_by_site ON hooks (site_id, created_at);

-- How deliveries of a hook have gone lately; no row means well.
CREATE TABLE hook_health (
    hook_id TEXT PRIMARY KEY REFERENCES hooks (id) ON DELETE CASCADE,
    -- first try that failed since the last that did not
    failing_since INTEGER,
    -- tries that failed since then
    failures INTEGER NOT NULL,
    warnings INTEGER NOT NULL,
    warned_at INTEGER,
    -- nothing is sent before, because the receiver asked or keeps failing
    paused_until INTEGER,
    -- wait before the next probe of a receiver that keeps failing; 0 while it is not doubted
    probe_wait INTEGER NOT NULL,
    -- why it was disabled
    reason TEXT
) STRICT;

-- Which node makes the deliveries of a hook, where there are several nodes.
CREATE TABLE hook_lanes (
    hook_id TEXT PRIMARY KEY,
    worker TEXT NOT NULL,
    lease_until INTEGER NOT NULL
) STRICT;
CREATE INDEX hook_lanes_by_worker ON hook_lanes (worker);

CREATE TABLE events (
    seq SEQUENCE,
    id TEXT NOT NULL UNIQUE,
    event TEXT NOT NULL,
    account_id TEXT NOT NULL,
    site_id TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    -- the exact bytes that are delivered
    body TEXT NOT NULL,
    -- whether it was fired by hand, as a sample
    fired INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX events_by_site ON events (site_id, seq);
CREATE INDEX events_by_account ON events (account_id, seq);

CREATE TABLE deliveries (
    seq SEQUENCE,
    id TEXT NOT NULL UNIQUE,
    event_id TEXT NOT NULL,
    event TEXT NOT NULL,
    -- deliveries outlive their hook: what became of each event stays on record
    hook_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    site_id TEXT NOT NULL,
    -- what the event is about, where the hook gets the deliveries about one thing in order
    order_key TEXT,
    state TEXT NOT NULL,
    tries INTEGER NOT NULL,
    -- tries made before the last resend; the schedule starts over from there
    resent_after INTEGER NOT NULL DEFAULT 0,
    due INTEGER,
    created_at INTEGER NOT NULL,
    finished_at INTEGER,
    -- the exact bytes to deliver, where they are not the event's
    body TEXT,
    -- end of the window in which events were gathered: deliveries of the same one that are due at the
    -- same instant go out as one message
    digest INTEGER
) STRICT;
CREATE INDEX deliveries_by_hook ON deliveries (hook_id, created_at, seq);
CREATE INDEX deliveries_by_site ON deliveries (site_id, created_at, seq);
CREATE INDEX deliveries_by_end ON deliveries (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX deliveries_by_event ON deliveries (event_id);
-- The queue of each hook.
CREATE INDEX deliveries_waiting ON deliveries (hook_id, due, seq) WHERE state = 'waiting';
CREATE INDEX deliveries_in_order ON deliveries (hook_id, order_key, seq)
    WHERE state = 'waiting' AND order_key IS NOT NULL;
CREATE INDEX deliveries_in_digest ON deliveries (hook_id, digest, due, seq)
    WHERE state = 'waiting' AND digest IS NOT NULL;

CREATE TABLE attempts (
    id TEXT NOT NULL,
    delivery_id TEXT NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    -- how long the delivery had been due
    queued_ms INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    status INTEGER,
    error_class TEXT,
    error TEXT,
    request TEXT NOT NULL,
    response TEXT,
    PRIMARY KEY (delivery_id, number)
) STRICT;

CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    -- whose turn it is: a hook, a site; jobs of one tenant do not hold up another's
    tenant TEXT NOT NULL,
    payload TEXT NOT NULL,
    run_at INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    lease_until INTEGER,
    worker TEXT,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX jobs_due ON jobs (kind, run_at);
CREATE INDEX jobs_in_line ON jobs (kind, tenant, run_at, id);
CREATE INDEX jobs_leased ON jobs (kind, tenant) WHERE lease_until IS NOT NULL;

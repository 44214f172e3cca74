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
    disabled INTEGER NOT NULL DEFAULT 0,
    form_id TEXT,
    user_id TEXT,
    success INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX hooks_by_site ON hooks (site_id, created_at);

CREATE TABLE events (
    seq SEQUENCE,
    id TEXT NOT NULL UNIQUE,
    event TEXT NOT NULL,
    account_id TEXT NOT NULL,
    site_id TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    -- the exact bytes that are delivered
    body TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_site ON events (site_id, seq);
CREATE INDEX events_by_account ON events (account_id, seq);

CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    event_id TEXT NOT NULL,
    event TEXT NOT NULL,
    -- deliveries outlive their hook: what became of each event stays on record
    hook_id TEXT NOT NULL,
    site_id TEXT NOT NULL,
    state TEXT NOT NULL,
    tries INTEGER NOT NULL,
    -- tries made before the last resend; the schedule starts over from there
    resent_after INTEGER NOT NULL DEFAULT 0,
    due INTEGER,
    created_at INTEGER NOT NULL,
    finished_at INTEGER
) STRICT;
CREATE INDEX deliveries_by_hook ON deliveries (hook_id, created_at);
CREATE INDEX deliveries_by_site ON deliveries (site_id, created_at);
CREATE INDEX deliveries_by_end ON deliveries (finished_at);
CREATE INDEX deliveries_by_event ON deliveries (event_id);

CREATE TABLE attempts (
    id TEXT PRIMARY KEY,
    delivery_id TEXT NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    status INTEGER,
    error_class TEXT,
    error TEXT,
    request TEXT NOT NULL,
    response TEXT
) STRICT;
CREATE INDEX attempts_by_delivery ON attempts (delivery_id, number);
CREATE INDEX attempts_by_age ON attempts (at);

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

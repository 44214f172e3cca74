CREATE TABLE addons (
    id TEXT PRIMARY KEY,
    -- whose people look after it; none once that account is gone, while sites still use it
    account_id TEXT REFERENCES accounts (id) ON DELETE SET NULL,
    slug TEXT NOT NULL UNIQUE,
    -- 1 when every account of this server may use it
    public INTEGER NOT NULL,
    -- root of its management API, no slash at the end
    endpoint TEXT NOT NULL,
    -- slug, name and description in lower case, for searches
    words TEXT NOT NULL,
    -- what people read about it, as JSON
    doc TEXT NOT NULL,
    -- its secrets, as JSON, encrypted
    sealed BLOB NOT NULL,
    -- what its provider last said of it, to the letter, and when
    manifest TEXT,
    manifest_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX addons_by_account ON addons (account_id);

CREATE TABLE addon_instances (
    id TEXT PRIMARY KEY,
    addon_id TEXT NOT NULL REFERENCES addons (id),
    site_id TEXT NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
    uuid TEXT NOT NULL UNIQUE,
    -- what the provider calls it; none while the provider is asked to make it
    remote_id TEXT,
    -- asked, provisioning, active, failed
    state TEXT NOT NULL,
    -- what the provider said about the state
    note TEXT,
    endpoint TEXT,
    -- JSON array
    snippets TEXT NOT NULL,
    -- configuration and variables, as JSON, encrypted
    sealed BLOB NOT NULL,
    build_hook_id TEXT,
    -- until when a call that may change it counts as under way
    busy_until INTEGER,
    -- counts changes, so that of two who read the same one writes
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (site_id, addon_id)
) STRICT;
CREATE INDEX addon_instances_by_addon ON addon_instances (addon_id);

-- What providers must still be told to remove: the instance is gone here.
CREATE TABLE addon_removals (
    id TEXT PRIMARY KEY,
    addon_id TEXT NOT NULL REFERENCES addons (id),
    site_id TEXT NOT NULL,
    site_name TEXT NOT NULL,
    -- the site's own domain, when it had one
    domain TEXT,
    uuid TEXT NOT NULL,
    remote_id TEXT NOT NULL
) STRICT;
CREATE INDEX addon_removals_by_addon ON addon_removals (addon_id);

-- Calls of providers, secrets masked.
CREATE TABLE addon_calls (
    seq SEQUENCE,
    addon_id TEXT NOT NULL REFERENCES addons (id) ON DELETE CASCADE,
    site_id TEXT,
    instance_id TEXT,
    operation TEXT NOT NULL,
    -- 0 without an answer
    status INTEGER NOT NULL,
    at INTEGER NOT NULL,
    -- request, answer or error, and timing, as JSON
    doc TEXT NOT NULL
) STRICT;
CREATE INDEX addon_calls_by_addon ON addon_calls (addon_id, seq);

CREATE TABLE sites (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name TEXT NOT NULL UNIQUE,
    published_deploy_id TEXT,
    -- 1 while the published deploy holds the site
    locked INTEGER NOT NULL DEFAULT 0,
    disabled INTEGER NOT NULL DEFAULT 0,
    -- everything that no query asks for, as JSON
    doc TEXT NOT NULL,
    metadata TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sites_by_account ON sites (account_id, updated_at);

CREATE TABLE site_domains (
    domain TEXT PRIMARY KEY,
    site_id TEXT NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
    -- primary, alias, branch, preview
    kind TEXT NOT NULL
) STRICT;
CREATE INDEX site_domains_by_site ON site_domains (site_id);

CREATE TABLE env_vars (
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- empty for variables shared by all sites of the account
    site_id TEXT NOT NULL,
    key TEXT NOT NULL,
    scopes TEXT NOT NULL,
    is_secret INTEGER NOT NULL,
    -- the values, as JSON, encrypted
    sealed BLOB NOT NULL,
    updated_at INTEGER NOT NULL,
    updated_by TEXT,
    PRIMARY KEY (account_id, site_id, key)
) STRICT;
CREATE INDEX env_vars_by_site ON env_vars (site_id);

CREATE TABLE deploy_keys (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    public_key TEXT NOT NULL,
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- What other nodes must forget: read by sequence.
CREATE TABLE changes (
    seq SEQUENCE,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;

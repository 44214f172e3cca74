CREATE TABLE build_hooks (
    id TEXT PRIMARY KEY,
    site_id TEXT NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
    title TEXT NOT NULL,
    branch TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX build_hooks_by_site ON build_hooks (site_id, created_at);

CREATE TABLE builds (
    id TEXT PRIMARY KEY,
    site_id TEXT NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
    account_id TEXT NOT NULL,
    deploy_id TEXT NOT NULL,
    state TEXT NOT NULL,
    sha TEXT,
    error TEXT,
    -- what asked for it: branch, title, incoming hook body, clear_cache, ... as JSON
    cause TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER
) STRICT;
CREATE INDEX builds_by_site ON builds (site_id, created_at);
CREATE INDEX builds_by_deploy ON builds (deploy_id);

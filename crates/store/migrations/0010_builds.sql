-- Builds of a site with the same label make the same deploy's successor: `production`,
-- `branch-deploy:<branch>`, `deploy-preview:<request>`. Of those that wait, the newest counts.
ALTER TABLE builds ADD COLUMN label TEXT NOT NULL DEFAULT '';
-- when the run in progress began: an interrupted build keeps its start, but time the server was
-- down is nobody's
ALTER TABLE builds ADD COLUMN run_at INTEGER;
CREATE INDEX builds_unfinished ON builds (site_id, label) WHERE finished_at IS NULL;
CREATE INDEX builds_by_account ON builds (account_id, created_at);

-- What each finished build took. It outlives its site: what an account used, it used.
CREATE TABLE build_time (
    build_id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    site_id TEXT NOT NULL,
    finished_at INTEGER NOT NULL,
    millis INTEGER NOT NULL
) STRICT;
CREATE INDEX build_time_by_account ON build_time (account_id, finished_at);
CREATE INDEX build_time_by_age ON build_time (finished_at);

-- Who shares places with whom: the account whose site's build it is. Tenants without one stand for
-- themselves.
ALTER TABLE jobs ADD COLUMN owner TEXT;
CREATE INDEX jobs_leased_by_owner ON jobs (kind, owner) WHERE lease_until IS NOT NULL AND owner IS NOT NULL;

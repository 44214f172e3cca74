-- What lets a running build ask the API about its own site, and nothing else.
CREATE TABLE build_passes (
    -- SHA-256 of the token
    hash TEXT PRIMARY KEY,
    build_id TEXT NOT NULL REFERENCES builds (id) ON DELETE CASCADE,
    account_id TEXT NOT NULL,
    site_id TEXT NOT NULL,
    deploy_id TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX build_passes_by_build ON build_passes (build_id);

-- What build plugins report of themselves.
CREATE TABLE plugin_runs (
    number SEQUENCE,
    deploy_id TEXT NOT NULL REFERENCES deploys (id) ON DELETE CASCADE,
    site_id TEXT NOT NULL,
    package TEXT NOT NULL,
    state TEXT NOT NULL,
    -- version, reporting_event, title, summary, text as JSON
    doc TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX plugin_runs_by_deploy ON plugin_runs (deploy_id, number);
CREATE INDEX plugin_runs_by_site ON plugin_runs (site_id, package, number);

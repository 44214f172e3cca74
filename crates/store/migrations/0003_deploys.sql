CREATE TABLE deploys (
    id TEXT PRIMARY KEY,
    site_id TEXT NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
    account_id TEXT NOT NULL,
    build_id TEXT,
    state TEXT NOT NULL,
    context TEXT NOT NULL,
    branch TEXT,
    draft INTEGER NOT NULL,
    -- uploads still missing; counts down to 0
    pending INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    published_at INTEGER,
    -- everything that no query asks for, as JSON
    doc TEXT NOT NULL
) STRICT;
CREATE INDEX deploys_by_site ON deploys (site_id, created_at);
CREATE INDEX deploys_unfinished ON deploys (state, updated_at);

CREATE TABLE deploy_manifests (
    deploy_id TEXT PRIMARY KEY REFERENCES deploys (id) ON DELETE CASCADE,
    -- {path: sha1} as the client sent it
    files TEXT NOT NULL,
    -- {name: {sha, runtime, invocation_mode, timeout}}
    functions TEXT NOT NULL,
    -- what the edge serves; empty until ready
    served TEXT NOT NULL
) STRICT;

-- Digests of a deploy that have not arrived.
CREATE TABLE deploy_uploads (
    deploy_id TEXT NOT NULL REFERENCES deploys (id) ON DELETE CASCADE,
    -- file (SHA-1) or function (SHA-256)
    kind TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (deploy_id, kind, digest)
) STRICT;

-- Labels that lead to the newest ready deploy of a branch, alias or preview.
CREATE TABLE deploy_aliases (
    site_id TEXT NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
    alias TEXT NOT NULL,
    deploy_id TEXT NOT NULL REFERENCES deploys (id) ON DELETE CASCADE,
    PRIMARY KEY (site_id, alias)
) STRICT;

-- Which blob a digest (SHA-1 of a file, SHA-256 of a function) stands for, account by account:
-- SHA-1 can be forged, so that one account's upload must never stand in for another's file.
CREATE TABLE digests (
    account_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    blob TEXT NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (account_id, digest)
) STRICT;

-- Compressed forms of a blob; an empty variant says that compressing does not pay.
CREATE TABLE variants (
    blob TEXT NOT NULL,
    encoding TEXT NOT NULL,
    variant TEXT NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (blob, encoding)
) STRICT;

-- The URL of a site that Git hosts call.
CREATE TABLE push_hooks (
    -- the last part of the URL
    id TEXT PRIMARY KEY,
    site_id TEXT NOT NULL UNIQUE REFERENCES sites (id) ON DELETE CASCADE,
    -- sealed, in hex; none while calls need no signature
    secret TEXT,
    -- the secret before, sealed, in hex, and until when it counts
    previous TEXT,
    previous_until INTEGER,
    rotated_at INTEGER,
    created_at INTEGER NOT NULL
) STRICT;

-- What Git hosts told of lately, and what became of it.
CREATE TABLE pushes (
    id TEXT PRIMARY KEY,
    site_id TEXT NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
    -- 1 where the signature did not fit
    refused INTEGER NOT NULL,
    doc TEXT NOT NULL,
    received_at INTEGER NOT NULL
) STRICT;
CREATE INDEX pushes_by_site ON pushes (site_id, received_at);

-- Deliveries, by the host's id and by the digest of their body, so that none counts twice.
CREATE TABLE push_deliveries (
    site_id TEXT NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
    delivery TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (site_id, delivery)
) STRICT;
CREATE INDEX push_deliveries_by_age ON push_deliveries (site_id, seen_at);

-- The newest commit that is known of each branch and each request of a site's repository.
CREATE TABLE push_heads (
    site_id TEXT NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
    line TEXT NOT NULL,
    doc TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (site_id, line)
) STRICT;
CREATE INDEX push_heads_by_age ON push_heads (site_id, updated_at);

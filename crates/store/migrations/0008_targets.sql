-- What deliveries told other services, so that they say nothing twice and nothing old: the state of
-- a commit, the comment of a pull request.
CREATE TABLE target_memory (
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    -- whose it is, when it is one site's; what several sites share has none
    site_id TEXT REFERENCES sites (id) ON DELETE CASCADE,
    -- counts the changes, so that of two who read the same one writes
    version INTEGER NOT NULL,
    value TEXT NOT NULL,
    -- when it may be forgotten; never without
    expires INTEGER,
    PRIMARY KEY (account_id, key)
) STRICT;
CREATE INDEX target_memory_by_site ON target_memory (site_id) WHERE site_id IS NOT NULL;
CREATE INDEX target_memory_by_end ON target_memory (expires) WHERE expires IS NOT NULL;

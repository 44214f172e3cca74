CREATE TABLE split_tests (
    id TEXT PRIMARY KEY,
    site_id TEXT NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
    -- empty when its owner gave it none
    name TEXT NOT NULL,
    -- [{branch, percentage}] in the order in which visitors are shared out, as JSON
    branches TEXT NOT NULL,
    active INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    unpublished_at INTEGER
) STRICT;
CREATE INDEX split_tests_by_site ON split_tests (site_id, created_at);
-- Visitors of a site are shared out by one test at a time.
CREATE UNIQUE INDEX split_tests_active ON split_tests (site_id) WHERE active = 1;

CREATE TABLE snippets (
    id SEQUENCE,
    site_id TEXT NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
    title TEXT NOT NULL,
    -- what is put into pages, and where: head or footer; other places are kept and not served
    general TEXT NOT NULL,
    general_position TEXT NOT NULL,
    goal TEXT NOT NULL,
    goal_position TEXT NOT NULL
) STRICT;
CREATE INDEX snippets_by_site ON snippets (site_id, id);

ALTER TABLE build_hooks ADD COLUMN options TEXT NOT NULL DEFAULT '{}';
-- the secret part of the URL; none as long as it is the id itself, until it is first rotated
ALTER TABLE build_hooks ADD COLUMN secret TEXT;
-- calls so far; the next one's number
ALTER TABLE build_hooks ADD COLUMN called INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX build_hooks_by_secret ON build_hooks (secret) WHERE secret IS NOT NULL;

-- Secret parts that were replaced and still count for a while.
CREATE TABLE build_hook_former (
    secret TEXT PRIMARY KEY,
    hook_id TEXT NOT NULL REFERENCES build_hooks (id) ON DELETE CASCADE,
    until INTEGER NOT NULL
) STRICT;
CREATE INDEX build_hook_former_by_hook ON build_hook_former (hook_id, until);

-- Calls that wait to become one build: at most one row for each branch of a hook.
CREATE TABLE build_hook_pending (
    id TEXT PRIMARY KEY,
    hook_id TEXT NOT NULL REFERENCES build_hooks (id) ON DELETE CASCADE,
    branch TEXT NOT NULL,
    first_at INTEGER NOT NULL,
    due INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    -- what the newest call said: a document of the builds feature
    cause TEXT NOT NULL,
    UNIQUE (hook_id, branch)
) STRICT;

-- Who called, and what came of it.
CREATE TABLE build_hook_calls (
    id TEXT PRIMARY KEY,
    hook_id TEXT NOT NULL REFERENCES build_hooks (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT,
    branch TEXT NOT NULL,
    -- what it waits in, or waited in
    pending_id TEXT,
    build_id TEXT,
    deploy_id TEXT,
    -- address, user agent, query, body, ...: a document of the builds feature
    request TEXT NOT NULL
) STRICT;
CREATE INDEX build_hook_calls_by_number ON build_hook_calls (hook_id, number);
CREATE INDEX build_hook_calls_by_time ON build_hook_calls (at);
CREATE INDEX build_hook_calls_by_pending ON build_hook_calls (pending_id) WHERE pending_id IS NOT NULL;

-- Signed messages that were taken, so that none is taken twice.
CREATE TABLE build_hook_messages (
    hook_id TEXT NOT NULL REFERENCES build_hooks (id) ON DELETE CASCADE,
    message TEXT NOT NULL,
    call_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (hook_id, message)
) STRICT;
CREATE INDEX build_hook_messages_by_time ON build_hook_messages (at);

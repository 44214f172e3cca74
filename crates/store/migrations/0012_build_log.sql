-- What there is of the log of a build: one row for each that has one.
CREATE TABLE build_logs (
    build_id TEXT PRIMARY KEY REFERENCES builds (id) ON DELETE CASCADE,
    -- number of the next line
    lines INTEGER NOT NULL,
    -- bytes of the chunks as they are kept
    stored INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    -- parts of the build in their order, JSON
    sections TEXT NOT NULL
) STRICT;
CREATE INDEX build_logs_by_age ON build_logs (changed_at);

-- The log in chunks: lines are numbered from 0 within a build.
CREATE TABLE build_log (
    build_id TEXT NOT NULL REFERENCES builds (id) ON DELETE CASCADE,
    first_line INTEGER NOT NULL,
    count INTEGER NOT NULL,
    -- JSON array of lines, deflated
    lines BLOB NOT NULL,
    PRIMARY KEY (build_id, first_line)
) STRICT;

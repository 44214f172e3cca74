CREATE TABLE forms (
    id TEXT PRIMARY KEY,
    site_id TEXT NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
    -- as pages and visitors name it
    name TEXT NOT NULL,
    -- fields, pages, honeypot, ... as JSON
    doc TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (site_id, name)
) STRICT;

-- What was found in a page, by its blob: a page that did not change is not read again.
CREATE TABLE form_scans (
    blob TEXT NOT NULL,
    -- version of the reader
    reader INTEGER NOT NULL,
    -- forms and the blob that is served in its place, as JSON
    scan TEXT NOT NULL,
    PRIMARY KEY (blob, reader)
) STRICT;

CREATE TABLE submissions (
    id TEXT PRIMARY KEY,
    site_id TEXT NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
    form_id TEXT NOT NULL REFERENCES forms (id) ON DELETE CASCADE,
    -- counted per site from 1
    number INTEGER NOT NULL,
    -- verified, spam
    state TEXT NOT NULL,
    -- what the visitor sent, as JSON
    sent TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (site_id, number)
) STRICT;
CREATE INDEX submissions_by_site ON submissions (site_id, state, number);
CREATE INDEX submissions_by_form ON submissions (form_id, state, number);

-- The last number given to a submission of a site: a deleted one's is not given again.
CREATE TABLE submission_numbers (
    site_id TEXT PRIMARY KEY REFERENCES sites (id) ON DELETE CASCADE,
    last INTEGER NOT NULL
) STRICT;

-- How many jobs of a kind run at once for an owner, where an operator says so: in place of the
-- handler's limit for all owners.
CREATE TABLE job_places (
    kind TEXT NOT NULL,
    owner TEXT NOT NULL,
    most INTEGER NOT NULL,
    PRIMARY KEY (kind, owner)
) STRICT;

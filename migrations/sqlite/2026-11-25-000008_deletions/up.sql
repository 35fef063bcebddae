-- Deletion with retention: a third status, and when its users are erased.
ALTER TABLE accounts ADD COLUMN pending_users INTEGER NOT NULL DEFAULT 0 CHECK (pending_users >= 0);

-- SQLite can't change a CHECK, and building the table anew would cascade to all that refers to it. What is on disk stays
-- as it is, so its text may be changed: https://www.sqlite.org/lang_altertable.html#making_other_kinds_of_table_schema_changes
PRAGMA writable_schema = ON;
UPDATE sqlite_master SET sql = replace(sql, '''enabled'', ''disabled'')', '''enabled'', ''disabled'', ''pending'')')
WHERE type = 'table' AND name = 'users';
PRAGMA writable_schema = RESET;

-- Whoever is pending deletion has given address, username and extension back. A query must say both conditions, or
-- SQLite does not see that the index serves it.
DROP INDEX users_email;
DROP INDEX users_username;
DROP INDEX users_phone_ext;
DROP INDEX users_sign_in_email;
DROP INDEX users_sign_in_username;
CREATE UNIQUE INDEX users_email ON users (account_id, email_key) WHERE email_key <> '' AND status <> 'pending';
CREATE UNIQUE INDEX users_username ON users (account_id, username_key) WHERE username_key <> '' AND status <> 'pending';
CREATE UNIQUE INDEX users_phone_ext ON users (account_id, phone_ext) WHERE phone_ext <> '' AND status <> 'pending';
CREATE INDEX users_sign_in_email ON users (email_key) WHERE email_key <> '' AND status <> 'pending';
CREATE INDEX users_sign_in_username ON users (username_key) WHERE username_key <> '' AND status <> 'pending';
-- The beginning of usernames, searched for on each tab.
CREATE INDEX users_by_username ON users (account_id, status, username_key) WHERE username_key <> '';

CREATE TABLE deletions (
    account_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    erase_at TIMESTAMP NOT NULL,
    PRIMARY KEY (account_id, user_id),
    FOREIGN KEY (account_id, user_id) REFERENCES users (account_id, id) ON DELETE CASCADE
);
CREATE INDEX deletions_due ON deletions (erase_at);
-- What is, or was, sent to an erased user goes with them.
CREATE INDEX outbox_by_user ON outbox (account_id, user_id);
CREATE INDEX outbox_sent ON outbox (sent_at) WHERE state = 'sent';

-- What erased users had used stays used: erased is part of allocated and of used.
ALTER TABLE credit_pools ADD COLUMN erased BIGINT NOT NULL DEFAULT 0 CHECK (erased >= 0);

-- Deleted words leave the search index at once, and not when its segments are merged some day.
INSERT INTO users_search (users_search, rank) VALUES ('secure-delete', 1);

-- With the order in it: without, SQLite takes the primary key for the sake of the order, and reads all members of all teams.
DROP INDEX team_members_by_user;
CREATE INDEX team_members_by_user ON team_members (account_id, user_id, team_id);

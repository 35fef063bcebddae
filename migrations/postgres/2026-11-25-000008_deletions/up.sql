-- Deletion with retention: a third status, and when its users are erased.
ALTER TABLE accounts ADD COLUMN pending_users INTEGER NOT NULL DEFAULT 0 CHECK (pending_users >= 0);

ALTER TABLE users DROP CONSTRAINT users_status_check;
ALTER TABLE users ADD CONSTRAINT users_status_check CHECK (status IN ('enabled', 'disabled', 'pending'));

-- Whoever is pending deletion has given address, username and extension back.
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

-- With the order in it: without, SQLite takes the primary key for the sake of the order, and reads all members of all teams.
DROP INDEX team_members_by_user;
CREATE INDEX team_members_by_user ON team_members (account_id, user_id, team_id);

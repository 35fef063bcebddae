DROP INDEX team_members_by_user;
CREATE INDEX team_members_by_user ON team_members (account_id, user_id);
-- Who is pending deletion comes back as disabled; where an address was taken since, the unique indexes refuse that.
INSERT INTO users_search (users_search, rank) VALUES ('secure-delete', 0);
ALTER TABLE credit_pools DROP COLUMN erased;
DROP INDEX outbox_sent;
DROP INDEX outbox_by_user;
DROP TABLE deletions;
UPDATE accounts SET disabled_users = disabled_users + pending_users;
UPDATE users SET status = 'disabled' WHERE status = 'pending';
DROP INDEX users_by_username;
DROP INDEX users_email;
DROP INDEX users_username;
DROP INDEX users_phone_ext;
DROP INDEX users_sign_in_email;
DROP INDEX users_sign_in_username;
CREATE UNIQUE INDEX users_email ON users (account_id, email_key) WHERE email_key <> '';
CREATE UNIQUE INDEX users_username ON users (account_id, username_key) WHERE username_key <> '';
CREATE UNIQUE INDEX users_phone_ext ON users (account_id, phone_ext) WHERE phone_ext <> '';
CREATE INDEX users_sign_in_email ON users (email_key) WHERE email_key <> '';
CREATE INDEX users_sign_in_username ON users (username_key) WHERE username_key <> '';
PRAGMA writable_schema = ON;
UPDATE sqlite_master SET sql = replace(sql, '''enabled'', ''disabled'', ''pending'')', '''enabled'', ''disabled'')')
WHERE type = 'table' AND name = 'users';
PRAGMA writable_schema = RESET;
ALTER TABLE accounts DROP COLUMN pending_users;

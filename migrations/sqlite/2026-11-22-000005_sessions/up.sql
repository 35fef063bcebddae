-- Signed-in sessions. Only a hash of the key is stored; the key itself is in the browser's cookie.
CREATE TABLE sessions (
    key_hash TEXT NOT NULL PRIMARY KEY,
    account_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    last_seen TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    address TEXT NOT NULL,
    device TEXT NOT NULL,
    FOREIGN KEY (account_id, user_id) REFERENCES users (account_id, id) ON DELETE CASCADE
);
CREATE INDEX sessions_by_user ON sessions (account_id, user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- Failed sign-ins, by a hash of what was typed and of the network address.
CREATE TABLE sign_in_failures (
    key_hash TEXT NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    since TIMESTAMP NOT NULL,
    last_at TIMESTAMP NOT NULL
);
CREATE INDEX sign_in_failures_by_time ON sign_in_failures (since);

-- The one-time link of an installation without an account: one row at most.
CREATE TABLE setup_links (
    token_hash TEXT NOT NULL PRIMARY KEY,
    expires_at TIMESTAMP NOT NULL
);

-- What the list shows, sorts and searches. Sort columns are never NULL: '' or 1970-01-01 for none.
-- The *_key columns are made by Rust, since SQLite folds ASCII only: names by users::fold, what one signs in with in lower case.
CREATE TABLE users (
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    id INTEGER NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('enabled', 'disabled')),
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'manager', 'moderator', 'dev', 'agent', 'member')),
    plan_id BIGINT NOT NULL REFERENCES plans (id),
    seat TEXT NOT NULL CHECK (seat IN ('package', 'card', 'direct')),
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    username TEXT NOT NULL,
    username_key TEXT NOT NULL,
    phone TEXT NOT NULL,
    phone_ext TEXT NOT NULL,
    company TEXT NOT NULL,
    company_key TEXT NOT NULL,
    credits BIGINT NOT NULL CHECK (credits >= 0),
    last_activity TIMESTAMP NOT NULL,
    created_at TIMESTAMP NOT NULL,
    search TEXT NOT NULL,
    UNIQUE (account_id, id)
);
CREATE UNIQUE INDEX users_email ON users (account_id, email_key) WHERE email_key <> '';
CREATE UNIQUE INDEX users_username ON users (account_id, username_key) WHERE username_key <> '';
CREATE UNIQUE INDEX users_phone_ext ON users (account_id, phone_ext) WHERE phone_ext <> '';
-- A sign-in on the shared host does not know the account.
CREATE INDEX users_sign_in_email ON users (email_key) WHERE email_key <> '';
CREATE INDEX users_sign_in_username ON users (username_key) WHERE username_key <> '';
CREATE INDEX users_by_name ON users (account_id, status, name_key, id);
CREATE INDEX users_by_email ON users (account_id, status, email_key, id);
CREATE INDEX users_by_credits ON users (account_id, status, credits, id);
CREATE INDEX users_by_last_activity ON users (account_id, status, last_activity, id);
CREATE INDEX users_by_created ON users (account_id, status, created_at, id);
CREATE INDEX users_by_role ON users (account_id, status, role, id);
CREATE INDEX users_by_plan ON users (account_id, status, plan_id, id);
CREATE INDEX users_by_company ON users (account_id, status, company_key, id);

CREATE TABLE user_settings (
    account_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    user_type TEXT NOT NULL CHECK (user_type IN ('username', 'email')),
    job_title TEXT NOT NULL,
    dialer BOOLEAN NOT NULL,
    local_presence BOOLEAN NOT NULL,
    use_balance TEXT NOT NULL CHECK (use_balance IN ('company', 'user')),
    ext_phone TEXT NOT NULL,
    PRIMARY KEY (account_id, user_id),
    FOREIGN KEY (account_id, user_id) REFERENCES users (account_id, id) ON DELETE CASCADE
);

CREATE TABLE credentials (
    account_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    password_hash TEXT NOT NULL,
    changed_at TIMESTAMP NOT NULL,
    PRIMARY KEY (account_id, user_id),
    FOREIGN KEY (account_id, user_id) REFERENCES users (account_id, id) ON DELETE CASCADE
);

-- One key a person. Personal values in the activity log are sealed under it; deleting the key forgets them all.
CREATE TABLE person_keys (
    account_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    sealing_key TEXT NOT NULL,
    PRIMARY KEY (account_id, user_id),
    FOREIGN KEY (account_id, user_id) REFERENCES users (account_id, id) ON DELETE CASCADE
);

-- Who runs the installation: not a role of an account.
CREATE TABLE operators (
    account_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    PRIMARY KEY (account_id, user_id),
    FOREIGN KEY (account_id, user_id) REFERENCES users (account_id, id) ON DELETE CASCADE
);

-- Search by trigrams, kept in step by triggers. detail=none keeps the index small: see users::list for how it is asked.
CREATE VIRTUAL TABLE users_search USING fts5 (
    search, content = 'users', content_rowid = 'id', tokenize = 'trigram case_sensitive 1', detail = none
);
CREATE TRIGGER users_search_insert AFTER INSERT ON users BEGIN
    INSERT INTO users_search (rowid, search) VALUES (new.id, new.search);
END;
CREATE TRIGGER users_search_delete AFTER DELETE ON users BEGIN
    INSERT INTO users_search (users_search, rowid, search) VALUES ('delete', old.id, old.search);
END;
CREATE TRIGGER users_search_update AFTER UPDATE OF search ON users BEGIN
    INSERT INTO users_search (users_search, rowid, search) VALUES ('delete', old.id, old.search);
    INSERT INTO users_search (rowid, search) VALUES (new.id, new.search);
END;

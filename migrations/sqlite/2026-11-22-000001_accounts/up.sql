-- The subscription tiers of the installation, defined by the operator for all accounts.
CREATE TABLE plans (
    id BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    paid BOOLEAN NOT NULL,
    dialer BOOLEAN NOT NULL,
    local_presence BOOLEAN NOT NULL,
    api BOOLEAN NOT NULL,
    position INTEGER NOT NULL
);

-- A customer of the operator. The counts are kept in step by users::seats and recounted by `seatkeeper verify`.
CREATE TABLE accounts (
    id BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    country TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    plan_id BIGINT NOT NULL REFERENCES plans (id),
    shared_host BOOLEAN NOT NULL,
    seat_limit INTEGER NOT NULL,
    seats_used INTEGER NOT NULL,
    enabled_users INTEGER NOT NULL,
    disabled_users INTEGER NOT NULL,
    owners INTEGER NOT NULL,
    created_at TIMESTAMP NOT NULL,
    CHECK (seats_used >= 0 AND seats_used <= seat_limit),
    CHECK (enabled_users >= 0),
    CHECK (disabled_users >= 0),
    CHECK (owners >= 0)
);

-- The white-label host names. A host belongs to one account.
CREATE TABLE domains (
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    id BIGINT NOT NULL,
    host TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL CHECK (status IN ('pending', 'verified', 'failing')),
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (account_id, id)
);

-- The companies that an account's users work for: what the form suggests and the filter offers.
CREATE TABLE companies (
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    name_key TEXT NOT NULL,
    name TEXT NOT NULL,
    users INTEGER NOT NULL CHECK (users > 0),
    PRIMARY KEY (account_id, name_key)
);

-- What an account has of each credit kind; allocated and used are the sums of its allocations.
CREATE TABLE credit_pools (
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    kind TEXT NOT NULL CHECK (kind IN ('export', 'direct_dial', 'calling', 'minutes')),
    total BIGINT NOT NULL,
    allocated BIGINT NOT NULL,
    used BIGINT NOT NULL,
    PRIMARY KEY (account_id, kind),
    CHECK (used >= 0 AND used <= allocated AND allocated <= total)
);

-- The part of a pool given to one user.
CREATE TABLE allocations (
    account_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('export', 'direct_dial', 'calling', 'minutes')),
    allocated BIGINT NOT NULL,
    used BIGINT NOT NULL,
    PRIMARY KEY (account_id, user_id, kind),
    FOREIGN KEY (account_id, user_id) REFERENCES users (account_id, id) ON DELETE CASCADE,
    CHECK (used >= 0 AND used <= allocated)
);

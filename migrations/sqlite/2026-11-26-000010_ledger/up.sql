-- What each pool does at the end of its cycle, and how far its users have been warned.
ALTER TABLE credit_pools ADD COLUMN cycle INTEGER NOT NULL DEFAULT 1;
-- NULL: it has no cycle.
ALTER TABLE credit_pools ADD COLUMN cycle_ends_at TIMESTAMP;
ALTER TABLE credit_pools ADD COLUMN cycle_day INTEGER NOT NULL DEFAULT 1 CHECK (cycle_day BETWEEN 1 AND 28);
ALTER TABLE credit_pools ADD COLUMN at_cycle_end TEXT NOT NULL DEFAULT 'keep'
    CHECK (at_cycle_end IN ('keep', 'reset', 'roll_over'));
ALTER TABLE credit_pools ADD COLUMN cycle_grant BIGINT NOT NULL DEFAULT 0 CHECK (cycle_grant >= 0);
ALTER TABLE credit_pools ADD COLUMN roll_over_cap BIGINT NOT NULL DEFAULT 0 CHECK (roll_over_cap >= 0);
-- The highest threshold, in percent, that was told of.
ALTER TABLE credit_pools ADD COLUMN warned INTEGER NOT NULL DEFAULT 0;
CREATE INDEX credit_pools_cycle ON credit_pools (cycle_ends_at);

-- The pool's cycle in which "used" was counted: in a later one, nothing is used yet.
ALTER TABLE allocations ADD COLUMN cycle INTEGER NOT NULL DEFAULT 1;

-- At how many percent of a pool its admins are told, separated by spaces.
ALTER TABLE accounts ADD COLUMN low_credit_at TEXT NOT NULL DEFAULT '80 95';

-- Every change to a pool and to what its users have of it. Append-only: the triggers below refuse everything else. People
-- are named by id, without foreign key, so that entries outlive them; what may be personal is sealed under their key.
CREATE TABLE ledger (
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    id BIGINT NOT NULL,
    at TIMESTAMP NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('export', 'direct_dial', 'calling', 'minutes')),
    entry TEXT NOT NULL CHECK (entry IN ('grant', 'allocate', 'take_back', 'use', 'refund', 'expire')),
    -- Whose part of the pool; NULL: the pool itself.
    user_id BIGINT,
    amount BIGINT NOT NULL CHECK (amount > 0),
    -- After it: what the user has left; of the pool itself, what is unallocated.
    balance BIGINT NOT NULL CHECK (balance >= 0),
    -- The pool's cycle in which it counts.
    cycle INTEGER NOT NULL,
    -- NULL: the system.
    actor_id BIGINT,
    impersonator_id BIGINT,
    -- The API token by which it was reported.
    token_id BIGINT,
    -- Sealed under the user's key.
    reason TEXT NOT NULL,
    -- As the product that reported it knows it; sealed too.
    reference TEXT NOT NULL,
    batch_id BIGINT,
    -- The hash of the key under which it was reported.
    idempotency_key TEXT,
    -- Of use and refund: when, and the account's day that it counts to.
    used_at TIMESTAMP,
    day DATE,
    PRIMARY KEY (account_id, id)
);
CREATE UNIQUE INDEX ledger_once ON ledger (account_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX ledger_by_user ON ledger (account_id, user_id, id);
CREATE INDEX ledger_by_batch ON ledger (account_id, batch_id) WHERE batch_id IS NOT NULL;

-- What there is already, as entries that begin the ledger.
INSERT INTO ledger (account_id, id, at, kind, entry, user_id, amount, balance, cycle, reason, reference)
SELECT account_id, ROW_NUMBER() OVER (PARTITION BY account_id ORDER BY step, user_id, kind), CURRENT_TIMESTAMP, kind, entry,
    user_id, amount, balance, 1, '', ''
FROM (
    SELECT account_id, kind, 'grant' AS entry, CAST(NULL AS BIGINT) AS user_id, total AS amount, total AS balance, 1 AS step
    FROM credit_pools WHERE total > 0
    UNION ALL
    -- What erased users had used.
    SELECT account_id, kind, 'allocate', CAST(NULL AS BIGINT), erased, total - erased, 2 FROM credit_pools WHERE erased > 0
    UNION ALL
    SELECT account_id, kind, 'use', CAST(NULL AS BIGINT), erased, total - erased, 3 FROM credit_pools WHERE erased > 0
    UNION ALL
    SELECT account_id, kind, 'allocate', user_id, allocated, allocated, 4 FROM allocations WHERE allocated > 0
    UNION ALL
    SELECT account_id, kind, 'use', user_id, used, allocated - used, 5 FROM allocations WHERE used > 0
) AS opening;

-- What was used, added up as it comes in: of the account (of_id 0), of each team and of each user.
CREATE TABLE usage_days (
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    scope TEXT NOT NULL CHECK (scope IN ('account', 'team', 'user')),
    of_id BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('export', 'direct_dial', 'calling', 'minutes')),
    day DATE NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (account_id, scope, of_id, kind, day)
);
-- The same by months, each named by its first day.
CREATE TABLE usage_months (
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    scope TEXT NOT NULL CHECK (scope IN ('account', 'team', 'user')),
    of_id BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('export', 'direct_dial', 'calling', 'minutes')),
    month DATE NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (account_id, scope, of_id, kind, month)
);
CREATE INDEX usage_months_most ON usage_months (account_id, scope, kind, month, amount, of_id);

-- By which programs report usage. The token itself is kept nowhere.
CREATE TABLE api_tokens (
    account_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    -- Its last characters, to tell it from others.
    hint TEXT NOT NULL,
    scope TEXT NOT NULL CHECK (scope IN ('usage')),
    -- It works as long as they are enabled and may have API tokens.
    created_by BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    -- NULL: never.
    expires_at TIMESTAMP,
    last_used_at TIMESTAMP,
    revoked_at TIMESTAMP,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, created_by) REFERENCES users (account_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX api_tokens_hash ON api_tokens (token_hash);
CREATE INDEX api_tokens_by_creator ON api_tokens (account_id, created_by);

-- Why, sealed under the actor's key, and the batch that took this one back.
ALTER TABLE batches ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE batches ADD COLUMN undone_by BIGINT;

CREATE TRIGGER ledger_keeps_entries BEFORE UPDATE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_keeps_all BEFORE DELETE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

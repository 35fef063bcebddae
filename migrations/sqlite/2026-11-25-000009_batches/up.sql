-- One change to many users: who is meant was fixed when the confirmation was shown.
CREATE TABLE batches (
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    id BIGINT NOT NULL,
    actor_id BIGINT NOT NULL,
    -- Sealed under the actor's key.
    address TEXT NOT NULL,
    action TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('draft', 'running', 'done')),
    -- Who gets what the deleted ones leave behind.
    heir_id BIGINT,
    total INTEGER NOT NULL,
    done INTEGER NOT NULL,
    unchanged INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    -- The last user that was dealt with: they come in the order of their ids.
    reached BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    changed_at TIMESTAMP NOT NULL,
    PRIMARY KEY (account_id, id)
);
CREATE INDEX batches_running ON batches (changed_at) WHERE state = 'running';
CREATE INDEX batches_by_time ON batches (created_at);
CREATE INDEX batches_by_actor ON batches (account_id, actor_id, id);

-- Users are named by id, without foreign key: a batch outlives those whom it deletes.
CREATE TABLE batch_items (
    account_id BIGINT NOT NULL,
    batch_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    -- Why nothing was done; '' for all others.
    refused TEXT NOT NULL,
    PRIMARY KEY (account_id, batch_id, user_id),
    FOREIGN KEY (account_id, batch_id) REFERENCES batches (account_id, id) ON DELETE CASCADE
);

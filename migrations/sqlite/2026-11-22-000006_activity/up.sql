-- Who did what to whom. Append-only; people are named by id, without foreign key, so that entries outlive them.
CREATE TABLE activity (
    account_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    at TIMESTAMP NOT NULL,
    actor_id BIGINT,
    impersonator_id BIGINT,
    address TEXT NOT NULL,
    action TEXT NOT NULL,
    object_id BIGINT NOT NULL,
    changes TEXT NOT NULL,
    PRIMARY KEY (account_id, id)
);
CREATE INDEX activity_by_object ON activity (account_id, object_id, id);

-- The key first, so that it is looked for by the key whatever the database thinks of the account's size.
DROP INDEX ledger_once;
CREATE UNIQUE INDEX ledger_once ON ledger (idempotency_key, account_id) WHERE idempotency_key IS NOT NULL;

-- What was given and taken back; a user's usage may be much more.
DROP INDEX ledger_by_user;
CREATE INDEX ledger_given ON ledger (account_id, user_id, id) WHERE entry IN ('allocate', 'take_back');

-- For comparing teams or users. In part, so that SQLite does not take it for what one of them used, which the key finds.
DROP INDEX usage_months_most;
CREATE INDEX usage_months_most ON usage_months (account_id, scope, kind, month, amount, of_id) WHERE scope <> 'account';

-- Names the form that made a token, which may be sent again: by a reload, since its answer shows the token.
ALTER TABLE api_tokens ADD COLUMN form_key TEXT;
CREATE UNIQUE INDEX api_tokens_once ON api_tokens (account_id, form_key) WHERE form_key IS NOT NULL;

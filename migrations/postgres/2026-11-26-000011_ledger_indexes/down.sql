DROP INDEX api_tokens_once;
ALTER TABLE api_tokens DROP COLUMN form_key;
DROP INDEX usage_months_most;
CREATE INDEX usage_months_most ON usage_months (account_id, scope, kind, month, amount, of_id);
DROP INDEX ledger_given;
CREATE INDEX ledger_by_user ON ledger (account_id, user_id, id);
DROP INDEX ledger_once;
CREATE UNIQUE INDEX ledger_once ON ledger (account_id, idempotency_key) WHERE idempotency_key IS NOT NULL;

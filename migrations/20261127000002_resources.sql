-- Resources that administrators add, change and delete.
ALTER TABLE resources ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE resources ADD COLUMN refresh_token_seconds BIGINT;
ALTER TABLE resources ADD COLUMN deleted_at BIGINT;
-- Which clients hold something on a resource, and who agreed to it. Expressions, so that no other index can serve
-- these lists: Postgres would else walk all grants or consents in order, to meet those of a small resource late.
CREATE INDEX live_grants_of_resource ON grants (resource_id, (client_id || '')) WHERE revoked_at IS NULL;
CREATE INDEX consents_of_resource ON consents (resource_id, (id || ''));

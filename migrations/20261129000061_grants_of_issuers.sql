-- What rests on an issuer's word instead of a person's: one live grant for each person, client, resource and issuer,
-- and its line among the person's apps, which is no approval of theirs.
ALTER TABLE grants ADD COLUMN issuer_id TEXT;
ALTER TABLE consents ADD COLUMN issuer_id TEXT;
CREATE UNIQUE INDEX grants_of_issuer ON grants (issuer_id, user_id, client_id, resource_id)
    WHERE issuer_id IS NOT NULL AND revoked_at IS NULL;
CREATE INDEX consents_of_issuer ON consents (issuer_id) WHERE issuer_id IS NOT NULL;

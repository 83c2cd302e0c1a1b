-- Scopes that include others and can be edited.
ALTER TABLE scopes ADD COLUMN implies TEXT NOT NULL DEFAULT '[]';
ALTER TABLE scopes ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE scopes ADD COLUMN named_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE scopes ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;
UPDATE scopes SET updated_at = created_at;

-- Raised with every change of a resource's scopes, so that what holds for all of them together stays true; and
-- the tools that a start has put under a scope, so that none is put there twice.
ALTER TABLE resources ADD COLUMN scopes_version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE resources ADD COLUMN known_tools TEXT NOT NULL DEFAULT '[]';

-- What one client may have at most: scopes of resources, and the life of its access tokens.
ALTER TABLE clients ADD COLUMN allowed_scopes TEXT;
ALTER TABLE clients ADD COLUMN access_token_seconds BIGINT;
CREATE INDEX clients_with_ceiling ON clients (id) WHERE allowed_scopes IS NOT NULL;

-- A machine has one standing grant on a resource, however often it asks for a token.
CREATE UNIQUE INDEX grants_one_of_machine ON grants (client_id, resource_id)
WHERE user_id IS NULL AND revoked_at IS NULL;

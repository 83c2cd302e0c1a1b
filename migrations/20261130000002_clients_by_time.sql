-- Clients are listed by when they were added: the id of one that publishes a document is a URL and says nothing of it.
DROP INDEX clients_kept;
DROP INDEX clients_by_kind;
DROP INDEX clients_active;
DROP INDEX clients_active_by_kind;
DROP INDEX clients_disabled;
DROP INDEX clients_disabled_by_kind;
DROP INDEX clients_held;
CREATE INDEX clients_kept ON clients (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX clients_by_kind ON clients (kind, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX clients_active ON clients (created_at, id) WHERE disabled_at IS NULL AND deleted_at IS NULL;
CREATE INDEX clients_active_by_kind ON clients (kind, created_at, id) WHERE disabled_at IS NULL AND deleted_at IS NULL;
CREATE INDEX clients_disabled ON clients (created_at, id) WHERE disabled_at IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX clients_disabled_by_kind ON clients (kind, created_at, id)
    WHERE disabled_at IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX clients_held ON clients (created_at, id) WHERE held_at IS NOT NULL AND deleted_at IS NULL;

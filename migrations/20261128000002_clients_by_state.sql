-- Clients listed by kind and state together, whichever of them are few.
CREATE INDEX clients_active ON clients (id) WHERE disabled_at IS NULL AND deleted_at IS NULL;
CREATE INDEX clients_active_by_kind ON clients (kind, id) WHERE disabled_at IS NULL AND deleted_at IS NULL;
CREATE INDEX clients_disabled_by_kind ON clients (kind, id) WHERE disabled_at IS NOT NULL AND deleted_at IS NULL;

-- Clients as administrators see and change them. A deleted one keeps its row, so that the audit trail can name it.
ALTER TABLE clients ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE clients ADD COLUMN registrations BIGINT NOT NULL DEFAULT 1;
ALTER TABLE clients ADD COLUMN deleted_at BIGINT;
ALTER TABLE clients ADD COLUMN has_terms BIGINT NOT NULL DEFAULT 0;
CREATE INDEX clients_kept ON clients (id) WHERE deleted_at IS NULL;
CREATE INDEX clients_by_kind ON clients (kind, id) WHERE deleted_at IS NULL;
CREATE INDEX clients_disabled ON clients (id) WHERE disabled_at IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX clients_without_terms ON clients (id) WHERE has_terms = 0;

-- What clients are found by: see types/terms.rs.
CREATE TABLE client_terms (
    term      TEXT NOT NULL,
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    PRIMARY KEY (term, client_id)
);
CREATE INDEX client_terms_of_client ON client_terms (client_id, term);

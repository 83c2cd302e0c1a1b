-- Clients that publish a document of themselves: which of them a resource takes, and what becomes of one whose
-- document changes.
ALTER TABLE resources ADD COLUMN cimd_policy TEXT NOT NULL DEFAULT 'open';
ALTER TABLE resources ADD COLUMN cimd_allow TEXT NOT NULL DEFAULT '[]';
ALTER TABLE clients ADD COLUMN held_mark TEXT;
ALTER TABLE clients ADD COLUMN accepted_at BIGINT;
ALTER TABLE grants ADD COLUMN document_mark TEXT;

CREATE INDEX clients_held ON clients (id) WHERE held_at IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX clients_of_documents ON clients (created_at) WHERE kind = 'cimd';

-- Clients by document that were never given anything are removed soon.
CREATE INDEX clients_newcomers ON clients (created_at) WHERE kind = 'cimd' AND last_used_at IS NULL;

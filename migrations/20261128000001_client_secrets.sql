-- Secrets as administrators see and end them. The hint is the end of the secret: enough to tell several apart.
ALTER TABLE client_secrets ADD COLUMN hint TEXT NOT NULL DEFAULT '';
ALTER TABLE client_secrets ADD COLUMN expires_at BIGINT;
ALTER TABLE client_secrets ADD COLUMN last_used_at BIGINT;
CREATE INDEX client_secrets_revoked ON client_secrets (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX client_secrets_expiring ON client_secrets (expires_at) WHERE expires_at IS NOT NULL;

-- What one form made: sent twice, it makes nothing twice.
ALTER TABLE client_secrets ADD COLUMN form_nonce TEXT;
CREATE UNIQUE INDEX client_secrets_of_form ON client_secrets (form_nonce) WHERE form_nonce IS NOT NULL;
ALTER TABLE clients ADD COLUMN form_nonce TEXT;
CREATE UNIQUE INDEX clients_of_form ON clients (form_nonce) WHERE form_nonce IS NOT NULL;

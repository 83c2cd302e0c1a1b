-- Applications that may ask for tokens. Secrets are hashes; there may be several while one is replaced.
CREATE TABLE clients (
    id              TEXT PRIMARY KEY,
    kind            TEXT NOT NULL,
    name            TEXT NOT NULL,
    auth_method     TEXT NOT NULL,
    redirect_uris   TEXT NOT NULL,
    grant_types     TEXT NOT NULL,
    scope           TEXT NOT NULL,
    metadata        TEXT NOT NULL,
    digest          TEXT UNIQUE,
    management_hash TEXT,
    created_at      BIGINT NOT NULL,
    last_used_at    BIGINT,
    disabled_at     BIGINT
);
CREATE INDEX clients_unused ON clients (created_at) WHERE last_used_at IS NULL AND kind = 'dynamic';

CREATE TABLE client_secrets (
    id          TEXT PRIMARY KEY,
    client_id   TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    secret_hash TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    revoked_at  BIGINT
);
CREATE INDEX client_secrets_of_client ON client_secrets (client_id);

-- What people agreed to (consents), what followed from it (grants), and what a grant gave out.
CREATE TABLE consents (
    id          TEXT PRIMARY KEY,
    user_id     TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    client_id   TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    resource_id TEXT NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
    scopes      TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    UNIQUE (user_id, client_id, resource_id)
);

CREATE TABLE grants (
    id             TEXT PRIMARY KEY,
    user_id        TEXT REFERENCES users (id) ON DELETE CASCADE,
    client_id      TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    resource_id    TEXT NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
    session_id     TEXT,
    scopes         TEXT NOT NULL,
    created_at     BIGINT NOT NULL,
    ends_at        BIGINT NOT NULL,
    revoked_at     BIGINT,
    revoked_reason TEXT
);
CREATE INDEX grants_of_user ON grants (user_id);
CREATE INDEX grants_of_client ON grants (client_id);
CREATE INDEX grants_revoked ON grants (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX grants_end ON grants (ends_at);

CREATE TABLE codes (
    id             TEXT PRIMARY KEY,
    secret_hash    TEXT NOT NULL,
    grant_id       TEXT NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
    redirect_uri   TEXT NOT NULL,
    code_challenge TEXT NOT NULL,
    nonce          TEXT,
    auth_time      BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    spent_at       BIGINT
);
CREATE INDEX codes_of_grant ON codes (grant_id);
CREATE INDEX codes_unspent ON codes (expires_at) WHERE spent_at IS NULL;

-- One row a grant: rotation replaces the hash in place, so the table never grows with use.
CREATE TABLE refresh_tokens (
    id              TEXT PRIMARY KEY,
    secret_hash     TEXT NOT NULL,
    previous_hash   TEXT,
    rotated_at      BIGINT,
    generation      BIGINT NOT NULL,
    grant_id        TEXT NOT NULL UNIQUE REFERENCES grants (id) ON DELETE CASCADE,
    created_at      BIGINT NOT NULL,
    idle_expires_at BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL
);
CREATE INDEX refresh_tokens_idle ON refresh_tokens (idle_expires_at);

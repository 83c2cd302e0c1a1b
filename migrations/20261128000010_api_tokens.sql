-- Tokens with which programs use the administration, each on behalf of the administrator who made it.
CREATE TABLE api_tokens (
    id              TEXT   NOT NULL PRIMARY KEY,
    secret_hash     TEXT   NOT NULL,
    hint            TEXT   NOT NULL,
    name            TEXT   NOT NULL,
    scopes          TEXT   NOT NULL,
    created_by      TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    last_used_at    BIGINT,
    revoked_at      BIGINT,
    revoked_because TEXT
);
CREATE INDEX api_tokens_of_user ON api_tokens (created_by, id);
CREATE INDEX api_tokens_expiring ON api_tokens (expires_at);

-- The token by which the actor did it, where a program did.
ALTER TABLE audit_events ADD COLUMN token_id TEXT;

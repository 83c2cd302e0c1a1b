-- Signing keys (private part sealed), the audit trail, and the counters that tell caches to reload.
CREATE TABLE signing_keys (
    id           TEXT PRIMARY KEY,
    alg          TEXT NOT NULL,
    state        TEXT NOT NULL,
    sealed       TEXT NOT NULL,
    public_jwk   TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    activated_at BIGINT,
    retired_at   BIGINT
);
CREATE UNIQUE INDEX signing_keys_one_active ON signing_keys (alg) WHERE state = 'active';

CREATE TABLE audit_events (
    id          TEXT PRIMARY KEY,
    at          BIGINT NOT NULL,
    kind        TEXT NOT NULL,
    outcome     TEXT NOT NULL,
    reason      TEXT NOT NULL,
    user_id     TEXT,
    client_id   TEXT,
    resource_id TEXT,
    grant_id    TEXT,
    session_id  TEXT,
    address     TEXT,
    reference   TEXT,
    detail      TEXT
);
CREATE INDEX audit_events_reference ON audit_events (reference) WHERE reference IS NOT NULL;
CREATE INDEX audit_events_at ON audit_events (at);

CREATE TABLE change_versions (
    topic   TEXT PRIMARY KEY,
    version BIGINT NOT NULL
);

-- Issuers elsewhere whose assertions the token endpoint takes: of workloads, each of which becomes a machine by a rule,
-- and of enterprises, which vouch for people.
CREATE TABLE trusted_issuers (
    id              TEXT PRIMARY KEY,
    name            TEXT NOT NULL,
    issuer          TEXT NOT NULL,
    kind            TEXT NOT NULL,
    keys_from       TEXT NOT NULL,
    jwks_uri        TEXT,
    jwks            TEXT,
    algorithms      TEXT NOT NULL,
    single_use      BIGINT NOT NULL,
    trusted_domains TEXT NOT NULL,
    admits          BIGINT NOT NULL,
    client_ids      TEXT,
    scopes          TEXT,
    version         BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    disabled_at     BIGINT,
    UNIQUE (issuer, kind)
);

CREATE TABLE issuer_rules (
    id          TEXT PRIMARY KEY,
    issuer_id   TEXT NOT NULL REFERENCES trusted_issuers (id) ON DELETE CASCADE,
    claims      TEXT NOT NULL,
    client_id   TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    resource_id TEXT NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
    scopes      TEXT,
    version     BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL
);
CREATE INDEX issuer_rules_of_issuer ON issuer_rules (issuer_id, id);
CREATE INDEX issuer_rules_of_client ON issuer_rules (client_id);
CREATE INDEX issuer_rules_of_resource ON issuer_rules (resource_id);

-- Protected MCP servers and the scopes each of them knows.
CREATE TABLE resources (
    id                   TEXT PRIMARY KEY,
    name                 TEXT NOT NULL,
    kind                 TEXT NOT NULL,
    path                 TEXT NOT NULL UNIQUE,
    uri                  TEXT,
    aliases              TEXT NOT NULL,
    is_default           BIGINT NOT NULL,
    registration_open    BIGINT NOT NULL,
    access_token_seconds BIGINT,
    signing_alg          TEXT NOT NULL,
    created_at           BIGINT NOT NULL,
    updated_at           BIGINT NOT NULL
);
CREATE UNIQUE INDEX resources_one_default ON resources (is_default) WHERE is_default = 1;

CREATE TABLE scopes (
    resource_id TEXT NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    tools       TEXT NOT NULL,
    is_default  BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (resource_id, name)
);

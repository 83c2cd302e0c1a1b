-- Which client may exchange an access token of one resource for one of another (RFC 8693).
CREATE TABLE exchange_rules (
    id         TEXT PRIMARY KEY,
    client_id  TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    from_id    TEXT NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
    to_id      TEXT NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
    scopes     TEXT NOT NULL,
    version    BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (client_id, from_id, to_id)
);
CREATE INDEX exchange_rules_from ON exchange_rules (from_id);
CREATE INDEX exchange_rules_to ON exchange_rules (to_id);

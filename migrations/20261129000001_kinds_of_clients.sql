-- Clients that have keys, that publish a document of themselves, or whose tokens are bound to a key.
ALTER TABLE clients ADD COLUMN jwks TEXT;
ALTER TABLE clients ADD COLUMN jwks_uri TEXT;
ALTER TABLE clients ADD COLUMN dpop_bound BIGINT NOT NULL DEFAULT 0;
ALTER TABLE clients ADD COLUMN document_mark TEXT;
ALTER TABLE clients ADD COLUMN held_at BIGINT;
ALTER TABLE grants ADD COLUMN jkt TEXT;

-- What was signed by others and may be shown once: a keyless hash of who signed what, and for how long it matters.
CREATE TABLE replays (
    id         TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX replays_end ON replays (expires_at);

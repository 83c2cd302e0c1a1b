-- Ways to sign in beside the password, and what is asked in steps.
CREATE TABLE identities (
    id           TEXT PRIMARY KEY,
    user_id      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    issuer       TEXT NOT NULL,
    subject      TEXT NOT NULL,
    provider     TEXT NOT NULL,
    email        TEXT,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT,
    UNIQUE (issuer, subject)
);
CREATE INDEX identities_of_user ON identities (user_id);

CREATE TABLE passkeys (
    id            TEXT PRIMARY KEY,
    user_id       TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    credential_id TEXT NOT NULL UNIQUE,
    credential    TEXT NOT NULL,
    name          TEXT NOT NULL,
    created_at    BIGINT NOT NULL,
    last_used_at  BIGINT
);
CREATE INDEX passkeys_of_user ON passkeys (user_id);

CREATE TABLE totp (
    user_id       TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    sealed_secret TEXT NOT NULL,
    last_step     BIGINT NOT NULL,
    created_at    BIGINT NOT NULL
);

CREATE TABLE recovery_codes (
    id          TEXT PRIMARY KEY,
    user_id     TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    secret_hash TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    spent_at    BIGINT
);
CREATE INDEX recovery_codes_of_user ON recovery_codes (user_id);

-- What is under way on one browser and takes more than one request: a login at a provider, a passkey's
-- challenge, the code after the password.
CREATE TABLE ceremonies (
    id           TEXT PRIMARY KEY,
    kind         TEXT NOT NULL,
    secret_hash  TEXT NOT NULL,
    browser_hash TEXT NOT NULL,
    user_id      TEXT REFERENCES users (id) ON DELETE CASCADE,
    data         TEXT NOT NULL,
    attempts     BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    spent_at     BIGINT
);
CREATE INDEX ceremonies_expiry ON ceremonies (expires_at);
CREATE INDEX ceremonies_of_user ON ceremonies (user_id) WHERE user_id IS NOT NULL;

-- Browsers on which somebody has signed in, to tell when a new one appears.
CREATE TABLE known_browsers (
    user_id       TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    browser_hash  TEXT NOT NULL,
    first_seen_at BIGINT NOT NULL,
    last_seen_at  BIGINT NOT NULL,
    PRIMARY KEY (user_id, browser_hash)
);
CREATE INDEX known_browsers_last_seen ON known_browsers (last_seen_at);

-- How the person proved who they are, e.g. `password+code`.
ALTER TABLE sessions ADD COLUMN method TEXT NOT NULL DEFAULT 'password';
ALTER TABLE codes ADD COLUMN method TEXT NOT NULL DEFAULT 'password';

-- When the client last used the grant, to the minute.
ALTER TABLE grants ADD COLUMN last_used_at BIGINT;

-- A deleted account keeps its row, emptied, until no token of it can live any more.
ALTER TABLE users ADD COLUMN deleted_at BIGINT;

CREATE INDEX audit_events_of_user ON audit_events (user_id, id) WHERE user_id IS NOT NULL;

-- Issuers at which a person removed an identity: nothing from there is linked to them by itself any more.
CREATE TABLE unlinked_issuers (
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    issuer     TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, issuer)
);

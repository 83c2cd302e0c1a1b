-- Requests of devices without a browser (RFC 8628): asked for by the device, decided by a person on another one,
-- fetched by the device. A spent one stays until its grant ends, so that a replay is recognised.
CREATE TABLE device_codes (
    id            TEXT   NOT NULL PRIMARY KEY,
    secret_hash   TEXT   NOT NULL,
    user_code_mac TEXT   NOT NULL,
    client_id     TEXT   NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    resource_id   TEXT   NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
    scopes        TEXT   NOT NULL,
    asked_from    TEXT,
    created_at    BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    poll_interval BIGINT NOT NULL,
    polled_at     BIGINT,
    polled_early  BIGINT NOT NULL,
    decided_at    BIGINT,
    grant_id      TEXT REFERENCES grants (id) ON DELETE CASCADE,
    auth_time     BIGINT,
    method        TEXT,
    spent_at      BIGINT
);
CREATE UNIQUE INDEX device_codes_waiting ON device_codes (user_code_mac) WHERE decided_at IS NULL;
CREATE INDEX device_codes_of_client ON device_codes (client_id, expires_at);
CREATE INDEX device_codes_of_grant ON device_codes (grant_id);
CREATE INDEX device_codes_end ON device_codes (expires_at);
CREATE INDEX device_codes_of_resource ON device_codes (resource_id);

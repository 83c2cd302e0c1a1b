-- Authorization requests that clients sent ahead of the browser (RFC 9126), each good for one decision.
CREATE TABLE pushed_requests (
    id          TEXT   NOT NULL PRIMARY KEY,
    secret_hash TEXT   NOT NULL,
    client_id   TEXT   NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    parameters  TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    begun_at    BIGINT,
    ends_at     BIGINT NOT NULL,
    spent_at    BIGINT
);
CREATE INDEX pushed_requests_of_client ON pushed_requests (client_id, ends_at);
CREATE INDEX pushed_requests_end ON pushed_requests (ends_at);

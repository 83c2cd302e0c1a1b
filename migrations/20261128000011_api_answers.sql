-- What requests of the API with an Idempotency-Key were answered, so that a repetition is answered the same.
CREATE TABLE api_answers (
    token_id   TEXT   NOT NULL REFERENCES api_tokens (id) ON DELETE CASCADE,
    key        TEXT   NOT NULL,
    request    TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    status     BIGINT,
    location   TEXT,
    body       TEXT,
    PRIMARY KEY (token_id, key)
);
CREATE INDEX api_answers_by_age ON api_answers (created_at);

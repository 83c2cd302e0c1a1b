-- Access tokens that ended before their time while their grant goes on: those that a client exchanged and revoked.
CREATE TABLE ended_tokens (
    id         TEXT   NOT NULL PRIMARY KEY,
    client_id  TEXT   NOT NULL,
    ended_at   BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX ended_tokens_of_client ON ended_tokens (client_id, expires_at);
CREATE INDEX ended_tokens_ended ON ended_tokens (ended_at);
CREATE INDEX ended_tokens_expire ON ended_tokens (expires_at);

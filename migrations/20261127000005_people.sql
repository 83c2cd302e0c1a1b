-- People as administrators look for them and change them.
-- Raised by each change, so that of two administrators who change the same person the second is told.
ALTER TABLE users ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
-- This person must show a second factor, whatever the general rule says.
ALTER TABLE users ADD COLUMN second_factor_required BIGINT NOT NULL DEFAULT 0;
-- Whether the search knows them. Rows from before this migration are made known in small batches.
ALTER TABLE users ADD COLUMN has_terms BIGINT NOT NULL DEFAULT 0;
CREATE INDEX users_without_terms ON users (id) WHERE has_terms = 0;
CREATE INDEX users_admins ON users (id) WHERE is_admin = 1;
CREATE INDEX users_disabled ON users (id) WHERE disabled_at IS NOT NULL;
CREATE INDEX users_never_signed_in ON users (id) WHERE last_login_at IS NULL;

-- What a person is found by: name and address from each word's start, as lower-case hex, so that a beginning is a
-- range of the primary key whatever the database's collation.
CREATE TABLE user_terms (
    term    TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (term, user_id)
);
CREATE INDEX user_terms_of_user ON user_terms (user_id, term);

-- Grants by person, client and resource, the newest first.
DROP INDEX grants_of_user;
DROP INDEX grants_of_client;
CREATE INDEX grants_of_user ON grants (user_id, id);
CREATE INDEX grants_of_client ON grants (client_id, id);
CREATE INDEX grants_of_resource ON grants (resource_id, id);

-- Resources that take only access tokens that are bound to a key (RFC 9728, dpop_bound_access_tokens_required).
ALTER TABLE resources ADD COLUMN dpop_required BIGINT NOT NULL DEFAULT 0;

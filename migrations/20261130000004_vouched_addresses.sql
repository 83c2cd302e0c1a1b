-- An issuer whose assertions say nothing of whether an address is verified, and whose word on its own domains counts.
ALTER TABLE trusted_issuers ADD COLUMN vouches BIGINT NOT NULL DEFAULT 0;

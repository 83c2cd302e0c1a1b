-- Whose tokens a resource takes: `embedded` (this server's), `scalekit`, or as the setting says.
ALTER TABLE resources ADD COLUMN issuer TEXT;
ALTER TABLE resources ADD COLUMN scalekit_environment TEXT;
ALTER TABLE resources ADD COLUMN scalekit_resource_id TEXT;
ALTER TABLE resources ADD COLUMN both_until BIGINT;

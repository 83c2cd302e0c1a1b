-- Who did it, where that is not the person it happened to: an administrator, the command line, an API token.
ALTER TABLE audit_events ADD COLUMN actor_id TEXT;

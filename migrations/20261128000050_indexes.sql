-- What has ended is looked for every minute, and what hangs on it goes along: none of it by reading a whole table.
CREATE INDEX users_deleted ON users (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX sessions_last_seen ON sessions (last_seen_at);
CREATE INDEX sessions_ended ON sessions (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX consents_of_client ON consents (client_id);
CREATE INDEX one_time_links_of_user ON one_time_links (user_id) WHERE user_id IS NOT NULL;

-- What a person's apps hold, and when each was last used, from the index alone.
CREATE INDEX grants_of_user_by_client ON grants (user_id, client_id, resource_id, last_used_at);

-- What happened about one client, the newest first.
CREATE INDEX audit_events_of_client ON audit_events (client_id, id) WHERE client_id IS NOT NULL;

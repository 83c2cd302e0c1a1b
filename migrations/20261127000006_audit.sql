-- The audit trail, searched: by authorization flow, grant, actor, kind, and among refusals.
-- Ids are in order of time, so that ranges of them stand for ranges of time and the index over `at` is not needed.
ALTER TABLE audit_events ADD COLUMN flow_id TEXT;
CREATE INDEX audit_events_of_flow ON audit_events (flow_id, id) WHERE flow_id IS NOT NULL;
CREATE INDEX audit_events_of_grant ON audit_events (grant_id, id) WHERE grant_id IS NOT NULL;
CREATE INDEX audit_events_of_actor ON audit_events (actor_id, id) WHERE actor_id IS NOT NULL;
CREATE INDEX audit_events_of_kind ON audit_events (kind, id);
CREATE INDEX audit_events_refused ON audit_events (reason, id) WHERE outcome <> 'ok';
DROP INDEX audit_events_at;

-- Since when a grant has been used at its resource; nothing for one whose token was never shown there.
ALTER TABLE grants ADD COLUMN first_call_at BIGINT;
CREATE INDEX grants_last_used ON grants (last_used_at) WHERE last_used_at IS NOT NULL;

-- What happened in each hour, counted as it is written: a year of it is read without looking at an event.
CREATE TABLE activity_hours (
    hour  BIGINT NOT NULL,
    topic TEXT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (hour, topic)
);

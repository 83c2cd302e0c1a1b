-- One waiting key for each algorithm, as one active one: processes that started together each made theirs.
-- A waiting key has signed nothing, so that those too many can simply go.
DELETE FROM signing_keys
WHERE state = 'next' AND id NOT IN (SELECT MIN(id) FROM signing_keys WHERE state = 'next' GROUP BY alg);
CREATE UNIQUE INDEX signing_keys_one_next ON signing_keys (alg) WHERE state = 'next';
UPDATE change_versions SET version = version + 1 WHERE topic = 'keys';

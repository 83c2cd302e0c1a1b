-- The key that the token request for a code must prove to hold, where the authorization request named one.
ALTER TABLE codes ADD COLUMN dpop_jkt TEXT;

-- How the tokens and endpoints of a resource look, and whom its tokens name as their issuer.
ALTER TABLE resources ADD COLUMN dialect TEXT NOT NULL DEFAULT 'standard';
ALTER TABLE resources ADD COLUMN token_issuer TEXT NOT NULL DEFAULT 'environment';

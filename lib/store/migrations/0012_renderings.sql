-- HTML of markdown, kept so that no text is rendered twice. It can be made
-- again at any time: the oldest rows go when all take too much.
CREATE TABLE renderings (
	subject TEXT NOT NULL,		-- a conversation or an execution
	at BIGINT NOT NULL,		-- the part's; 0 of an execution's result
	hash TEXT NOT NULL,		-- of the renderer's version and the text
	html TEXT NOT NULL,		-- '': shown as it was written
	bytes BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (subject, at)
);
CREATE INDEX renderings_by_age ON renderings (created_at, bytes);

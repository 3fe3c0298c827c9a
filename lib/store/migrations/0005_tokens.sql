-- SHA-256 of the gateway token that the conversation's Claude was given; ''
-- while it has none.
ALTER TABLE conversations ADD COLUMN token_hash TEXT NOT NULL DEFAULT '';
CREATE INDEX conversations_by_token ON conversations (user_id)
	WHERE token_hash <> '';

-- What is recorded counts against a conversation's and an account's limit.
ALTER TABLE parts ADD COLUMN bytes BIGINT NOT NULL DEFAULT 0;	-- of data
UPDATE parts SET bytes = length(data);
ALTER TABLE conversations ADD COLUMN recorded_bytes BIGINT NOT NULL DEFAULT 0;	-- sum of its parts
UPDATE conversations SET recorded_bytes = (SELECT coalesce(sum(bytes), 0)
	FROM parts WHERE parts.conversation_id = conversations.id);

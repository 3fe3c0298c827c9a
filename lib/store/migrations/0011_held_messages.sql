-- A withdrawn message that its person has not decided about: why it was not
-- sent (stopped, withdrawn, untaken); '' when it was removed or sent anew.
ALTER TABLE messages ADD COLUMN held TEXT NOT NULL DEFAULT '';
CREATE INDEX messages_held ON messages (conversation_id, seq) WHERE held <> '';

-- Gateway tokens that are to end, from before it is tried until Redis has taken
-- them away: token_hash '' is all of the account.
CREATE TABLE token_endings (
	id TEXT NOT NULL PRIMARY KEY,
	user_id TEXT NOT NULL,
	token_hash TEXT NOT NULL
);

-- When the removal of an account began (gongbang user remove); 0: it stays.
-- From then on it is disabled for good.
ALTER TABLE users ADD COLUMN removing_at BIGINT NOT NULL DEFAULT 0;
-- Whose the ledger's rows of removed accounts are: nobody's. No login is
-- empty, so this row is no account (REMOVED_ID in lib/store/removal.h).
INSERT INTO users (id, login, display_name, password_hash, role, created_at,
	disabled_at) VALUES ('00000000-0000-7000-8000-000000000000', '', '',
	'', 'user', 0, 1);

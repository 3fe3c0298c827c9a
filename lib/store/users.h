/* Accounts. */
#ifndef STORE_USERS_H
#define STORE_USERS_H

#include "core/id.h"
#include "store/db.h"

/* A talloc object; its texts are its children. */
struct user {
	char id[ID_SIZE];
	const char *login;		/* lower-case, [a-z0-9._-]{1,32}, begins with a letter */
	const char *display_name;
	const char *password_hash;	/* libsodium's text; never shown */
	bool admin;
	const char *locale;		/* "" until chosen */
	const char *theme;		/* "" (as the system), "light" or "dark" */
	const char *timezone;		/* "" until chosen */
	int64_t created_at;
	int64_t disabled_at;		/* 0: enabled */
	int64_t removing_at;		/* 0: it stays; else it is disabled, too (store/removal.h) */
	const char *budget_timezone;	/* "" as above; holds for budgets until then: */
	int64_t budget_timezone_until;	/* UTC ms; 0: timezone holds (spending/budget_zone.h) */
};

/* ERR_CONFLICT "error_login_taken" when the login exists; ERR_INPUT "error_login_name" for a bad one. */
int user_create(struct db *db, const char *login, const char *password_hash,
		bool admin, char id[ID_SIZE], struct err *e) must_check;

/* The spelling under which a login is kept, found and counted: lower case, beyond ASCII too. Gives (child of ctx). */
char *user_fold_login(const void *ctx, const char *login);

/* ERR_MISSING when there is none. Gives (child of ctx). A login is found by its fold. */
struct user *user_load(struct db *db, const void *ctx, const char *id, struct err *e) must_check;
struct user *user_load_by_login(struct db *db, const void *ctx, const char *login, struct err *e) must_check;

int user_set_password_hash(struct db *db, const char *id, const char *hash, struct err *e) must_check;
/* ERR_CONFLICT for one that is being removed. */
int user_set_disabled(struct db *db, const char *id, bool disabled, struct err *e) must_check;
/*
 * budget_until: UTC ms, until which the zone that held goes on for budgets,
 * unless one does already (budget_zone_end; 0: another takes over at once).
 * ERR_INPUT "error_display_name" (1 to 64 characters), "error_locale", "error_theme", "error_timezone".
 */
int user_set_preferences(struct db *db, const char *id, const char *display_name,
			 const char *locale, const char *theme, const char *timezone,
			 int64_t budget_until, struct err *e) must_check;

/* By login; texts are borrowed during the call. */
int user_each(struct db *db, int (*each)(void *data, const struct user *u, struct err *e),
	      void *data, struct err *e) must_check;

#endif

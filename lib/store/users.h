/* Accounts. */
#ifndef STORE_USERS_H
#define STORE_USERS_H

#include "core/id.h"
#include "store/db.h"

/* A talloc object; its texts are its children. */
struct user {
	char id[ID_SIZE];
	const char *login;		/* lower case, [a-z0-9._-]{1,32}, begins with a letter */
	const char *display_name;
	const char *password_hash;	/* from libsodium; never shown */
	bool admin;
	const char *locale;		/* "" until chosen */
	const char *theme;		/* "" (the system's), "light" or "dark" */
	const char *timezone;		/* "" until chosen */
	int64_t created_at;
	int64_t disabled_at;		/* 0: enabled */
	int64_t removing_at;		/* 0 unless it is being removed; then it is disabled, too (store/removal.h) */
	const char *budget_timezone;	/* the zone of budgets until budget_timezone_until */
	int64_t budget_timezone_until;	/* UTC ms; 0: budgets use timezone (spending/budget_zone.h) */
};

/* ERR_CONFLICT "error_login_taken" if the login exists; ERR_INPUT "error_login_name" if it is invalid. */
int user_create(struct db *db, const char *login, const char *password_hash,
		bool admin, char id[ID_SIZE], struct err *e) must_check;

/* The form in which a login is stored, searched and counted: Unicode lower case. Gives (child of ctx). */
char *user_fold_login(const void *ctx, const char *login);

/* ERR_MISSING if there is none. Gives (child of ctx). Logins are compared by user_fold_login. */
struct user *user_load(struct db *db, const void *ctx, const char *id, struct err *e) must_check;
struct user *user_load_by_login(struct db *db, const void *ctx, const char *login, struct err *e) must_check;

int user_set_password_hash(struct db *db, const char *id, const char *hash, struct err *e) must_check;
/* ERR_CONFLICT if the account is being removed. */
int user_set_disabled(struct db *db, const char *id, bool disabled, struct err *e) must_check;
/*
 * budget_until: UTC ms until which budgets keep the previous zone, unless one is
 * kept already (budget_zone_end; 0: the new zone applies at once). ERR_INPUT
 * "error_display_name" (1 to 64 characters), "error_locale", "error_theme",
 * "error_timezone".
 */
int user_set_preferences(struct db *db, const char *id, const char *display_name,
			 const char *locale, const char *theme, const char *timezone,
			 int64_t budget_until, struct err *e) must_check;

/* Ordered by login; texts are borrowed during the call. */
int user_each(struct db *db, int (*each)(void *data, const struct user *u, struct err *e),
	      void *data, struct err *e) must_check;

#endif

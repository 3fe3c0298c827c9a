#include "config.h"
#include "store/users.h"

#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/locale_names.h"
#include "core/str.h"
#include "core/unicode.h"
#include "store/casefold.h"

#define LOGIN_MAX 32
#define DISPLAY_NAME_MAX 64
#define COLUMNS \
	"id, login, display_name, password_hash, role, locale, theme," \
	" timezone, created_at, disabled_at, budget_timezone," \
	" budget_timezone_until, removing_at"

static bool login_valid(const char *login)
{
	size_t n = strlen(login);

	return n >= 1 && n <= LOGIN_MAX && *login >= 'a' && *login <= 'z' &&
	       strspn(login, "abcdefghijklmnopqrstuvwxyz0123456789._-") == n;
}

int user_create(struct db *db, const char *login, const char *password_hash,
		bool admin, char id[ID_SIZE], struct err *e)
{
	char fresh[ID_SIZE];

	if (!login_valid(login))
		return err_tell(e, ERR_INPUT, "error_login_name", "a username has 1 to"
				" 32 of a-z 0-9 . _ -, starting with a letter");
	id_new(fresh);
	if (db_run(db, e, "INSERT INTO users (id, login, display_name,"
		   " password_hash, role, created_at)"
		   " VALUES ($1, $2, $2, $3, $4, $5)", "ttttn", fresh, login,
		   password_hash, admin ? "admin" : "user",
		   clock_now_ms()) < 0) {
		if (e->kind == ERR_CONFLICT)
			err_tell(e, ERR_CONFLICT, "error_login_taken",
				 "login %s is taken", login);
		return -1;
	}
	memcpy(id, fresh, ID_SIZE);
	return 0;
}

/* The row owns the texts. */
static int read_row(struct user *u, const struct db_row *row, struct err *e)
{
	if (!str_copy(u->id, sizeof(u->id), db_text(row, 0)))
		return err_set(e, ERR_INTERNAL, "id of a user is too long");
	u->login = db_text(row, 1);
	u->display_name = db_text(row, 2);
	u->password_hash = db_text(row, 3);
	u->admin = str_equal(db_text(row, 4), "admin");
	u->locale = db_text(row, 5);
	u->theme = db_text(row, 6);
	u->timezone = db_text(row, 7);
	u->created_at = db_number(row, 8);
	u->disabled_at = db_number(row, 9);
	u->budget_timezone = db_text(row, 10);
	u->budget_timezone_until = db_number(row, 11);
	u->removing_at = db_number(row, 12);
	return 0;
}

struct loading {
	const void *ctx;
	struct user *user;
};

static int keep_row(void *data, const struct db_row *row, struct err *e)
{
	struct loading *l = data;
	struct user *u = alloc_checked(talloc_zero(l->ctx, struct user));

	if (read_row(u, row, e) < 0) {
		talloc_free(u);
		return -1;
	}
	u->login = db_own(u, u->login);
	u->display_name = db_own(u, u->display_name);
	u->password_hash = db_own(u, u->password_hash);
	u->locale = db_own(u, u->locale);
	u->theme = db_own(u, u->theme);
	u->timezone = db_own(u, u->timezone);
	u->budget_timezone = db_own(u, u->budget_timezone);
	l->user = u;
	return 0;
}

static struct user *load(struct db *db, const void *ctx, const char *sql,
			 const char *value, struct err *e)
{
	struct loading l = { .ctx = ctx };

	if (db_query(db, e, keep_row, &l, sql, "t", value) < 0)
		return NULL;
	if (!l.user)
		err_set(e, ERR_MISSING, "no such user");
	return l.user;
}

struct user *user_load(struct db *db, const void *ctx, const char *id,
		       struct err *e)
{
	return load(db, ctx, "SELECT " COLUMNS " FROM users WHERE id = $1"
		    " AND login <> ''", id, e);
}

char *user_fold_login(const void *ctx, const char *login)
{
	size_t n = strlen(login);
	char *out = alloc_checked(talloc_size(ctx, 4 * n + 1));

	out[casefold_lower(out, login, n)] = '\0';
	return out;
}

struct user *user_load_by_login(struct db *db, const void *ctx,
				const char *login, struct err *e)
{
	char *folded = user_fold_login(NULL, login);
	struct user *u = load(db, ctx, "SELECT " COLUMNS " FROM users"
			      " WHERE login = $1 AND login <> ''", folded, e);

	talloc_free(folded);
	return u;
}

/* Exactly one row must have changed. */
static int expect_user(struct db *db, struct err *e)
{
	if (db_changed(db) == 1)
		return 0;
	return err_set(e, ERR_MISSING, "no such user");
}

int user_set_password_hash(struct db *db, const char *id, const char *hash,
			   struct err *e)
{
	if (db_run(db, e, "UPDATE users SET password_hash = $2 WHERE id = $1",
		   "tt", id, hash) < 0)
		return -1;
	return expect_user(db, e);
}

int user_set_disabled(struct db *db, const char *id, bool disabled,
		      struct err *e)
{
	struct user *u;

	if (db_run(db, e, "UPDATE users SET disabled_at = $2"
		   " WHERE id = $1 AND removing_at = 0", "tn", id,
		   disabled ? clock_now_ms() : (int64_t)0) < 0)
		return -1;
	if (db_changed(db) == 1)
		return 0;
	u = user_load(db, NULL, id, e);
	if (!u)
		return -1;
	talloc_free(u);
	return err_set(e, ERR_CONFLICT, "the account is being removed");
}

static int check_preferences(const char *display_name, const char *locale,
			     const char *theme, const char *timezone,
			     struct err *e)
{
	size_t n;

	if (!unicode_name_valid(display_name, DISPLAY_NAME_MAX))
		return err_tell(e, ERR_INPUT, "error_display_name",
				"a name is 1 to 64 characters");
	if (*locale && !locale_name_valid(locale))
		return err_tell(e, ERR_INPUT, "error_locale",
				"no such language");
	if (!str_equal(theme, "") && !str_equal(theme, "light") &&
	    !str_equal(theme, "dark"))
		return err_tell(e, ERR_INPUT, "error_theme",
				"theme: light or dark");
	n = strlen(timezone);
	if (n > 64 || strstr(timezone, "..") || *timezone == '/' ||
	    strspn(timezone, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		   "abcdefghijklmnopqrstuvwxyz0123456789_+-/.") != n)
		return err_tell(e, ERR_INPUT, "error_timezone",
				"not the name of a time zone");
	return 0;
}

int user_set_preferences(struct db *db, const char *id,
			 const char *display_name, const char *locale,
			 const char *theme, const char *timezone,
			 int64_t budget_until, struct err *e)
{
	if (check_preferences(display_name, locale, theme, timezone, e) < 0)
		return -1;
	/*
	 * In one statement: concurrent changes cannot leave a zone that never
	 * applied.
	 */
	if (db_run(db, e, "UPDATE users SET display_name = $2, locale = $3,"
		   " theme = $4, timezone = $5, budget_timezone ="
		   " CASE WHEN timezone = $5 OR budget_timezone_until > $6"
		   " THEN budget_timezone ELSE timezone END,"
		   " budget_timezone_until ="
		   " CASE WHEN timezone = $5 OR budget_timezone_until > $6"
		   " THEN budget_timezone_until ELSE $7 END"
		   " WHERE id = $1", "tttttnn", id, display_name, locale, theme,
		   timezone, clock_now_ms(), budget_until) < 0)
		return -1;
	return expect_user(db, e);
}

struct listing {
	int (*each)(void *data, const struct user *u, struct err *e);
	void *data;
};

static int list_row(void *data, const struct db_row *row, struct err *e)
{
	struct listing *l = data;
	struct user u = { 0 };

	if (read_row(&u, row, e) < 0)
		return -1;
	return l->each(l->data, &u, e);
}

int user_each(struct db *db,
	      int (*each)(void *data, const struct user *u, struct err *e),
	      void *data, struct err *e)
{
	struct listing l = { each, data };

	return db_query(db, e, list_row, &l, "SELECT " COLUMNS " FROM users"
			" WHERE login <> '' ORDER BY login", "");
}

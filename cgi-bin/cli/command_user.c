/* gongbang user ...: accounts. */
#include "config.h"
#include "cli/command.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>
#include <time.h>

#include "auth/gateway_token.h"
#include "auth/login.h"
#include "auth/password.h"
#include "cli/terminal.h"
#include "core/str.h"
#include "json/field.h"
#include "store/conversation_tokens.h"
#include "store/users.h"

/* Reads or generates the password, and prints a generated one. */
static int new_hash(const struct call *c, const struct user *u, char hash[PASSWORD_HASH_SIZE],
		    char made[32], struct err *e)
{
	char password[TERMINAL_PASSWORD_SIZE];
	int rc;

	if (c->options[OPTION_GENERATE]) {
		password_generate(made);
		return password_hash(made, u, hash, e);
	}
	made[0] = '\0';
	if (terminal_read_password(u, password, e) < 0)
		return -1;
	rc = password_hash(password, u, hash, e);
	explicit_bzero(password, sizeof(password));
	return rc;
}

static void print_made(const char *made)
{
	if (*made)
		puts(made);
}

int command_user_add(const struct call *c, struct err *e)
{
	char hash[PASSWORD_HASH_SIZE], made[32], id[ID_SIZE];
	const char *role = c->options[OPTION_ROLE], *login = c->words[0];
	const struct user new = { .login = login, .display_name = login };
	bool admin = role && str_equal(role, "admin");
	struct db *db = command_store(c, e);

	if (!db)
		return -1;
	if (user_load_by_login(db, c->ctx, login, e))
		return err_set(e, ERR_CONFLICT, "username %s is taken; choose"
			" another, or set its password with: gongbang user"
			" passwd %s", login, login);
	if (e->kind != ERR_MISSING || new_hash(c, &new, hash, made, e) < 0 ||
	    user_create(db, login, hash, admin, id, e) < 0)
		return -1;
	print_made(made);
	fprintf(stderr, "gongbang: added %s (%s)\n", login,
		admin ? "administrator" : "user");
	return 0;
}

/* The account's sockets stay open in the bridge until it is told. */
static void tell_bridge(const struct call *c, const struct user *u)
{
	command_tell_bridge(c, talloc_asprintf(c->ctx, "/users/%s/ended",
					       u->id),
			    talloc_asprintf(c->ctx, "open pages of %s may"
				" stay connected until the bridge restarts",
				u->login));
}

/*
 * Logins first, then the tokens for the model; the bridge finishes that when
 * Redis is away.
 */
static int end_all(struct kv *kv, struct db *db, const struct user *u,
		   struct err *e)
{
	struct token_ending ending = { "", "", "" };

	memcpy(ending.user_id, u->id, sizeof(ending.user_id));
	if (token_ending_add(db, &ending, e) < 0 ||
	    login_end_all(kv, u->id, NULL, e) < 0 ||
	    gateway_token_end_all(kv, u->id, e) < 0)
		return -1;
	return token_ending_done(db, ending.id, e);
}

static struct kv *redis(const struct call *c)
{
	return kv_new(c->ctx, settings_text(c->settings, SET_REDIS_SOCKET));
}

int command_end_logins(const struct call *c, struct db *db, const struct user *u,
		       const char *done, struct err *e)
{
	int rc = end_all(redis(c), db, u, e);

	tell_bridge(c, u);
	if (rc < 0)
		return err_wrap(e, "%s, but %s is still logged in; start"
				" Redis and run this again", done,
				u->login);
	return 0;
}

/*
 * Logins are ended before and after: whatever crashes in between, none made
 * with the old password survives.
 */
int command_user_passwd(const struct call *c, struct err *e)
{
	char hash[PASSWORD_HASH_SIZE], made[32];
	struct db *db = command_store(c, e);
	struct user *u;

	if (!db || !(u = command_user(c, db, c->words[0], e)) ||
	    new_hash(c, u, hash, made, e) < 0)
		return -1;
	if (end_all(redis(c), db, u, e) < 0)
		return err_wrap(e, "nothing changed: %s can't be logged out;"
				" start Redis and run this again",
				u->login);
	if (user_set_password_hash(db, u->id, hash, e) < 0)
		return -1;
	print_made(made);
	if (command_end_logins(c, db, u, "the password was changed", e) < 0)
		return -1;
	fprintf(stderr, "gongbang: password of %s changed; logged out"
			" everywhere\n",
		u->login);
	return 0;
}

int command_user_disable(const struct call *c, struct err *e)
{
	struct db *db = command_store(c, e);
	struct user *u;

	if (!db || !(u = command_user(c, db, c->words[0], e)) ||
	    (!u->disabled_at && user_set_disabled(db, u->id, true, e) < 0) ||
	    command_end_logins(c, db, u, "the account was disabled", e) < 0)
		return -1;
	fprintf(stderr, "gongbang: %s disabled and logged out\n", u->login);
	return 0;
}

int command_user_enable(const struct call *c, struct err *e)
{
	struct db *db = command_store(c, e);
	struct user *u;

	if (!db || !(u = command_user(c, db, c->words[0], e)) ||
	    user_set_disabled(db, u->id, false, e) < 0)
		return -1;
	fprintf(stderr, "gongbang: %s enabled\n", u->login);
	return 0;
}

static void day(char out[16], int64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm utc;

	gmtime_r(&seconds, &utc);
	strftime(out, 16, "%Y-%m-%d", &utc);
}

static int print_row(void *data, const struct user *u, struct err *e)
{
	char created[16], since[16] = "";
	const char *state = u->removing_at ? "being removed since " :
			    u->disabled_at ? "disabled " : "enabled";

	day(created, u->created_at);
	if (u->disabled_at)
		day(since, u->removing_at ? u->removing_at : u->disabled_at);
	printf("%-32s  %-5s  %s  %s%s\n", u->login,
	       u->admin ? "admin" : "user", created, state, since);
	return 0;
}

static int add_row(void *data, const struct user *u, struct err *e)
{
	json_object *o = json_object_new_object();

	field_put_string(o, "id", u->id);
	field_put_string(o, "login", u->login);
	field_put_string(o, "display_name", u->display_name);
	field_put_string(o, "role", u->admin ? "admin" : "user");
	field_put_number(o, "created_at", u->created_at);
	json_object_object_add(o, "disabled_at", u->disabled_at ?
			       json_object_new_int64(u->disabled_at) : NULL);
	json_object_object_add(o, "removing_at", u->removing_at ?
			       json_object_new_int64(u->removing_at) : NULL);
	return json_object_array_add(data, o);
}

static int print_json(struct db *db, struct err *e)
{
	json_object *all = json_object_new_array();
	int rc = user_each(db, add_row, all, e);

	if (rc == 0)
		puts(json_object_to_json_string_ext(all,
			JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(all);
	return rc;
}

int command_user_list(const struct call *c, struct err *e)
{
	struct db *db = command_store(c, e);

	if (!db)
		return -1;
	if (c->options[OPTION_JSON])
		return print_json(db, e);
	printf("%-32s  %-5s  %-10s  %s\n", "USERNAME", "ROLE", "CREATED", "STATE");
	return user_each(db, print_row, NULL, e);
}

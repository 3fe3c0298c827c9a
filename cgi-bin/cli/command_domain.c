/* gongbang domain ...: domains that an account's workspace may reach. */
#include "config.h"
#include "cli/command.h"

#include <json-c/json.h>
#include <stdio.h>

#include "core/clock.h"
#include "egress/allow_list.h"
#include "json/field.h"

/* Control characters, which a terminal might interpret, are shown as "?". */
static void print_safe(const char *s)
{
	for (; *s; s++)
		putchar((unsigned char)*s < ' ' || *s == 0x7f ? '?' : *s);
}

static int print_row(void *data, const struct domain *d, struct err *e)
{
	char last[CLOCK_ISO_SIZE];

	(void)data;
	(void)e;
	clock_iso(d->last_at, last);
	printf("%-20s  %-8s  %-10s  %7lld  %.16sZ  %s%s", d->login, d->state,
	       d->plain ? "https,http" : "https", (long long)d->tries, last,
	       d->domain, *d->reason ? "  " : "");
	print_safe(d->reason);
	putchar('\n');
	return 0;
}

static int add_row(void *data, const struct domain *d, struct err *e)
{
	json_object *o = json_object_new_object();

	(void)e;
	field_put_string(o, "login", d->login);
	field_put_string(o, "domain", d->domain);
	field_put_string(o, "state", d->state);
	field_put_flag(o, "http", d->plain);
	field_put_number(o, "tries", d->tries);
	field_put_string(o, "reason", d->reason);
	field_put_string(o, "decided_by", d->decided_by);
	field_put_number(o, "first_at", d->first_at);
	field_put_number(o, "last_at", d->last_at);
	return json_object_array_add(data, o);
}

int command_domain_list(const struct call *c, struct err *e)
{
	struct db *db = command_store(c, e);
	const char *state = c->options[OPTION_STATE], *id = NULL;
	json_object *all;
	struct user *u;
	int rc;

	if (!db)
		return -1;
	if (c->words[0]) {
		u = command_user(c, db, c->words[0], e);
		if (!u)
			return -1;
		id = u->id;
	}
	if (!c->options[OPTION_JSON]) {
		printf("%-20s  %-8s  %-10s  %7s  %-17s  %s\n", "USERNAME", "STATE",
		       "SCHEMES", "BLOCKED", "LAST", "DOMAIN, REASON");
		return domain_each(db, id, state, 0, print_row, NULL, e);
	}
	all = json_object_new_array();
	rc = domain_each(db, id, state, 0, add_row, all, e);
	if (rc == 0)
		puts(json_object_to_json_string_ext(all,
			JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(all);
	return rc;
}

static int refuse_name(const struct call *c, struct err *e)
{
	return err_set(e, ERR_INPUT, "%.100s is not a domain, such as"
		       " example.org (no IP address, path or *)",
		       c->words[1]);
}

static int change(const struct call *c, const char *state, const char *done,
		  struct err *e)
{
	struct db *db = command_store(c, e);
	char by[40], domain[DOMAIN_MAX + 1];
	struct user *u;
	int rc;

	command_by(by);
	if (!db || !(u = command_user(c, db, c->words[0], e)))
		return -1;
	if (!egress_host(c->words[1], domain))
		return refuse_name(c, e);
	rc = domain_decide(db, u->id, domain, state,
			   !!c->options[OPTION_HTTP], by, e);
	if (rc < 0 && e->kind == ERR_MISSING)
		return err_set(e, ERR_MISSING, "%s did not request %s and was"
			       " not blocked there; see: gongbang domain"
			       " list %s",
			       u->login, domain, u->login);
	if (rc < 0)
		return -1;
	command_tell_bridge(c, "/egress/reload", "saved; takes effect when the"
			    " bridge next reads the database or starts");
	fprintf(stderr, "gongbang: %s: %s %s\n", u->login, domain, done);
	return 0;
}

int command_domain_grant(const struct call *c, struct err *e)
{
	return change(c, "granted", c->options[OPTION_HTTP] ?
		      "allowed, https and http" : "allowed, https", e);
}

int command_domain_refuse(const struct call *c, struct err *e)
{
	return change(c, "refused", "denied", e);
}

int command_domain_revoke(const struct call *c, struct err *e)
{
	return change(c, "revoked", "revoked", e);
}

/*
 * GET /ws/...: checks login, Origin and access to the conversation, then
 * upgrades. Denies until every check has passed.
 */
#include "config.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <talloc.h>

#include "bridge/bridge_internal.h"
#include "bridge/caller.h"
#include "core/log.h"
#include "core/str.h"

struct handshake {
	struct caller caller;
	struct bridge *bridge;
	struct exchange *x;
	char conversation[ID_SIZE];	/* "" for /ws/workspace and terminals */
	char terminal[ID_SIZE];		/* "" for others */
	int rows, cols;			/* of a terminal */
	bool starts;			/* a terminal */
	char accept[29];
	char *language, *request_id;
	int64_t from;
	bool run;			/* the conversation belongs to a run */
};

static void refuse(struct exchange *x, int status)
{
	static const struct {
		int status;
		const char *text, *name, *value;
	} rows[] = {
		{ 400, "bad request\n", NULL, NULL },
		{ 401, "log in first\n", NULL, NULL },
		{ 403, "not from here\n", NULL, NULL },
		{ 404, "no such thing\n", NULL, NULL },
		{ 405, "GET only\n", "Allow", "GET" },
		{ 426, "WebSocket version 13 only\n", "Sec-WebSocket-Version", "13" },
		{ 503, "come back later\n", "Retry-After", "5" },
	};
	size_t i;

	for (i = 0; i + 1 < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].status == status)
			break;
	}
	exchange_answer(x, rows[i].status, "text/plain", rows[i].text,
			rows[i].name, rows[i].value);
}

static void over(struct handshake *h)
{
	struct bridge *b = h->bridge;

	b->handshakes--;
	talloc_free(h);
	bridge_left(b);
}

static void fail(struct handshake *h, const struct err *e)
{
	int status = caller_status(e);

	if (status == 503)
		log_failure("handshake", e, "request", h->request_id, NULL);
	refuse(h->x, status);
	over(h);
}

static void name_person(struct presence *p, const struct user *u)
{
	struct bridge *b = p->bridge;

	talloc_free(p->name);
	talloc_free(p->zone);
	p->name = talloc_strdup(p, u->display_name[0] ? u->display_name : u->login);
	p->zone = talloc_strdup(p, u->timezone[0] ? u->timezone :
				settings_text(b->settings, SET_DEFAULT_TIMEZONE));
}

static const struct i18n_locale *locale_of(const struct handshake *h)
{
	const struct bridge *b = h->bridge;
	const struct i18n_locale *l = NULL;

	if (h->caller.user->locale[0])
		l = i18n_find(b->i18n, h->caller.user->locale);
	return l ? l : i18n_negotiate(b->i18n, h->language,
				      settings_text(b->settings,
						    SET_DEFAULT_LOCALE));
}

static void open_terminal(const struct handshake *h, struct presence *p,
			  const unsigned char *key, int fd, const void *early,
			  size_t n)
{
	const struct terminal_client_start start = {
		.presence = p, .id = h->terminal, .key = key,
		.starts = h->starts, .rows = h->rows, .cols = h->cols,
		.fd = fd, .early = early, .n = n,
	};

	terminal_client_new(h->bridge, &start);
}

static void upgraded(void *data, int fd, const void *early, size_t n)
{
	struct handshake *h = data;
	unsigned char key[32];
	struct client_start start = {
		.key = key,
		.conversation = h->conversation[0] ? h->conversation : NULL,
		.run = h->run,
		.from = h->from,
		.fd = fd,
		.early = early,
		.n = n,
	};

	if (fd >= 0 && h->bridge->stopping) {
		close(fd);
	} else if (fd >= 0) {
		sodium_hex2bin(key, sizeof(key), h->caller.key + strlen("session:"),
			       2 * sizeof(key), NULL, NULL, NULL);
		start.locale = locale_of(h);
		start.presence = presence_get(h->bridge, h->caller.login.user_id);
		name_person(start.presence, h->caller.user);
		if (h->terminal[0])
			open_terminal(h, start.presence, key, fd, early, n);
		else
			client_new(h->bridge, &start);
	}
	over(h);
}

static int look_up(void *data, struct db *db, struct err *e)
{
	struct handshake *h = data;
	struct conversation *c;

	if (!h->conversation[0])
		return 0;
	c = conversation_load(db, h, h->conversation, h->caller.login.user_id, e);
	if (!c)
		return -1;
	h->run = str_equal(c->kind, "run");
	return 0;
}

static void looked(void *data, const struct err *e)
{
	struct handshake *h = data;

	if (!h->bridge->web)
		over(h);	/* closing: it was answered */
	else if (e)
		fail(h, e);
	else
		exchange_upgrade(h->x, h->accept, upgraded, h);
}

static bool has_token(const char *header, const char *token)
{
	return header && strcasestr(header, token);
}

/* 0, or the status to refuse with. */
static int check_head(const struct bridge *b, const struct exchange *x,
		      char accept[29])
{
	const char *version = exchange_header(x, "Sec-WebSocket-Version");
	const char *key = exchange_header(x, "Sec-WebSocket-Key");
	struct err e = { 0 };

	if (!str_equal(exchange_method(x), "GET"))
		return 405;
	if (!has_token(exchange_header(x, "Upgrade"), "websocket") ||
	    !has_token(exchange_header(x, "Connection"), "upgrade"))
		return 400;
	if (!version || !str_equal(version, "13"))
		return 426;
	if (!key || websocket_accept(key, accept, &e) < 0)
		return 400;
	if (!caller_from_here(b, x, true))
		return 403;
	return 0;
}

static int read_number(const struct exchange *x, const char *name, int preset)
{
	const char *text = exchange_query(x, name);
	struct err e = { 0 };
	int64_t n;

	return text && str_parse_number(text, 0, INT16_MAX, &n, &e) == 0 ?
	       (int)n : preset;
}

static bool is_terminal(struct handshake *h, const struct exchange *x,
			const char *path)
{
	static const char prefix[] = "/ws/terminals/";

	if (!str_starts(path, prefix) ||
	    !str_copy(h->terminal, ID_SIZE, path + sizeof(prefix) - 1) ||
	    !id_valid(h->terminal))
		return false;
	h->rows = read_number(x, "rows", 24);
	h->cols = read_number(x, "cols", 80);
	h->starts = exchange_query(x, "new");
	return true;
}

/* 0, or the status to refuse with. */
static int check_path(struct handshake *h, const struct bridge *b,
		      const struct exchange *x)
{
	static const char prefix[] = "/ws/conversations/";
	const char *base = settings_text(b->settings, SET_BASE_PATH);
	const char *path = exchange_path(x), *text = exchange_query(x, "from");
	struct err e = { 0 };

	h->from = -1;
	if (!str_starts(path, base))
		return 404;
	path += strlen(base);
	if (text && str_parse_number(text, -1, INT64_MAX, &h->from, &e) < 0)
		return 400;
	if (str_equal(path, "/ws/workspace") || is_terminal(h, x, path))
		return 0;
	if (!str_starts(path, prefix) ||
	    !str_copy(h->conversation, ID_SIZE, path + sizeof(prefix) - 1) ||
	    !id_valid(h->conversation))
		return 404;
	return 0;
}

void handshake_begin(void *data, struct exchange *x)
{
	struct bridge *b = data;
	struct handshake *h = talloc_zero(NULL, struct handshake);
	const char *language = exchange_header(x, "Accept-Language");
	int status;

	status = check_path(h, b, x);
	if (!status)
		status = check_head(b, x, h->accept);
	if (!status && (b->stopping ||
			b->nclients + b->handshakes >= b->clients_max))
		status = 503;
	h->bridge = b;
	h->x = x;
	h->caller = (struct caller){
		.owner = h, .look = look_up, .done = looked,
	};
	h->language = talloc_strdup(h, language ? language : "");
	h->request_id = talloc_strdup(h, exchange_header(x, "X-Request-Id"));
	if (!status)
		status = caller_find(&h->caller, b, x);
	if (status) {
		talloc_free(h);
		refuse(x, status);
		return;
	}
	b->handshakes++;
}

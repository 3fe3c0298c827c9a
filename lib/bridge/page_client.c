/* One page's WebSocket: carries out its messages, sends it events. */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include <talloc.h>

#include "bridge/bridge_internal.h"
#include "bridge/incoming.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"

/* For all pages of a user, in 10 s. */
#define MESSAGES_MAX 40		/* messages to Claude */
#define PERSON_OUT_MAX (24u << 20)	/* bytes queued for all pages of a user */
#define FRAME_ROOM (64u << 10)	/* of a message besides its text */

/* Many slow pages together reach a limit before each of them does. */
static bool too_slow(const struct client *c)
{
	const struct client *other;
	size_t all = 0;

	if (websocket_unsent(c->ws) + c->waiting_bytes < PERSON_OUT_MAX / 32)
		return false;
	TAILQ_FOREACH(other, &c->presence->clients, in_person)
		all += websocket_unsent(other->ws) + other->waiting_bytes;
	return all > PERSON_OUT_MAX;
}

bool client_send(struct client *c, const char *text)
{
	if (too_slow(c))
		client_close(c, WEBSOCKET_SLOW, "reads too slowly");
	else if (!TAILQ_EMPTY(&c->waiting))
		client_wait(c, text);
	else
		websocket_send(c->ws, text, strlen(text));
	return websocket_is_open(c->ws);
}

void client_close(struct client *c, int code, const char *reason)
{
	c->live = false;
	websocket_close(c->ws, code, reason);
}

void client_say(struct client *c, const struct err *e)
{
	char *text = outgoing_text(c, "error", "text",
				   outgoing_sentence(c->locale, e),
				   NULL, NULL);

	client_send(c, text);
	talloc_free(text);
}

static void say(struct client *c, const char *id, const struct err *e)
{
	const char *words = outgoing_sentence(c->locale, e);
	char *text = id ? outgoing_text(c, "refused", "id", id, "text", words) :
		     outgoing_text(c, "error", "text", words, NULL, NULL);

	client_send(c, text);
	talloc_free(text);
}

void client_tell_workspace(struct client *c)
{
	struct session_status s;
	char *text;

	presence_workspace_status(c->presence, &s);
	text = outgoing_status(c, c->presence, NULL, c->locale, &s);
	if (text)
		client_send(c, text);
	talloc_free(text);
}

/* As named by the status bar's buttons. */
static void start_again(struct client *c, const char *how)
{
	if (str_equal(how, "restart"))
		workspace_restart(c->presence->workspace);
	if (!c->room)
		workspace_ensure(c->presence->workspace);
	else if (str_equal(how, "safe"))
		session_start_as(c->room->session, SESSION_SAFE);
	else if (str_equal(how, "reset"))
		session_start_as(c->room->session, SESSION_RESET);
	else if (str_equal(how, "usual"))
		session_start_as(c->room->session, SESSION_USUAL);
	else if (str_equal(how, "restart"))
		session_start(c->room->session);
	else
		room_retry(c->room);
}

static void pong(struct client *c)
{
	static const char text[] = "{\"kind\":\"pong\"}";

	websocket_send(c->ws, text, sizeof(text) - 1);
}

bool client_perform(struct room *r, uint64_t asker, const struct incoming *cmd)
{
	struct session *s = r->session;
	const struct session_answer answer = {
		.part = cmd->target,
		.choice = cmd->choice,
		.reason = cmd->reason,
		.answers = cmd->answers,
	};

	switch (cmd->type) {
	case INCOMING_MESSAGE:
		session_message_for(s, asker, &(struct session_message){
			.id = cmd->id, .text = cmd->text,
			.pictures = cmd->pictures, .now = cmd->now,
			.held = cmd->held[0] ? cmd->held : NULL,
		});
		break;
	case INCOMING_SEND:
		session_send_held(s, asker, cmd->id, cmd->held);
		break;
	case INCOMING_RECALL:
		session_recall(s, asker, cmd->id);
		break;
	case INCOMING_DISCARD:
		session_discard(s, cmd->held);
		break;
	case INCOMING_WITHDRAW:
		session_withdraw(s, cmd->id);
		break;
	case INCOMING_INTERRUPT:
		session_interrupt(s);
		break;
	case INCOMING_ANSWER:
		session_answer(s, asker, &answer);
		break;
	case INCOMING_MODE:
		session_set_mode(s, asker, cmd->mode);
		break;
	case INCOMING_MODEL:
		session_set_model(s, asker, cmd->model);
		break;
	case INCOMING_EFFORT:
		session_set_effort(s, asker, cmd->effort);
		break;
	case INCOMING_CONTEXT:
		session_query(s, asker, QUERY_CONTEXT, "", "");
		break;
	case INCOMING_ASIDE:
		session_query(s, asker, QUERY_ASIDE, cmd->id, cmd->text);
		break;
	case INCOMING_FILES:
		session_query(s, asker, QUERY_FILES, "", cmd->text);
		break;
	case INCOMING_ASK:
	case INCOMING_BEGIN:
	case INCOMING_RELEASE:
	case INCOMING_START:
	case INCOMING_PING:
		return false;
	}
	return true;
}

static bool changes_run(const struct client *c, const struct incoming *cmd)
{
	return c->reads_only && c->room && cmd->type != INCOMING_ASK &&
	       cmd->type != INCOMING_PING;
}

/* False: too often. */
static bool within_rate(struct client *c, enum incoming_type type)
{
	struct presence *p = c->presence;

	return type == INCOMING_MESSAGE || type == INCOMING_SEND ||
	       type == INCOMING_RECALL || type == INCOMING_ASIDE ?
	       presence_may(p, &p->messages, MESSAGES_MAX) :
	       presence_may_change(p);
}

static void perform(struct client *c, const struct incoming *cmd)
{
	const char *id = cmd->id[0] && cmd->type != INCOMING_WITHDRAW ? cmd->id : NULL;
	struct err e = { 0 };

	if (!within_rate(c, cmd->type)) {
		err_tell(&e, ERR_LIMIT, "error_too_fast", "too many commands");
		if (c->presence->others > OTHERS_MAX + 100)
			client_close(c, WEBSOCKET_POLICY, "too many commands");
		else
			say(c, id, &e);
	} else if (changes_run(c, cmd)) {
		err_tell(&e, ERR_CONFLICT, "error_run_readonly", "a run's");
		say(c, id, &e);
	} else if (cmd->type == INCOMING_PING) {
		pong(c);
	} else if (cmd->type == INCOMING_START) {
		start_again(c, cmd->how);
	} else if (cmd->type == INCOMING_BEGIN) {
		room_begin(c, cmd->id);
	} else if (cmd->type == INCOMING_RELEASE) {
		turnover_release(c->presence, cmd->id);
	} else if (cmd->type == INCOMING_ASK) {
		blocked_ask(c, cmd->domain, cmd->reason);
	} else if (!c->room) {
		err_set(&e, ERR_INPUT, "not in a conversation");
		say(c, id, &e);
	} else {
		(void)client_perform(c->room, c->serial, cmd);
	}
}

static void on_message(void *data, const char *text, size_t n)
{
	struct client *c = data;
	struct incoming *cmd;
	struct err e = { 0 };
	char id[ID_SIZE];

	if (c->bridge->stopping)
		return;
	cmd = incoming_parse(c, text, n, &e);
	if (!cmd) {
		if (!within_rate(c, INCOMING_PING)) {
			client_close(c, WEBSOCKET_POLICY, "too many commands");
			return;
		}
		say(c, incoming_find_id(text, n, id) ? id : NULL, &e);
		return;
	}
	perform(c, cmd);
	talloc_free(cmd);
}

static void on_too_long(void *data, const char *head, size_t n)
{
	struct client *c = data;
	struct err e = { 0 };
	char id[ID_SIZE];

	err_tell(&e, ERR_LIMIT, "error_message_too_long", "too long");
	say(c, incoming_find_id(head, n, id) ? id : NULL, &e);
}

static void leave(struct client *c)
{
	struct room *r = c->room;

	if (!r)
		return;
	TAILQ_REMOVE(&r->clients, c, in_room);
	r->nclients--;
	session_watched(r->session, r->nclients);
}

static void on_closed(void *data)
{
	struct client *c = data;
	struct presence *p = c->presence;

	leave(c);
	room_begun_left(c);
	client_forget_waiting(c);
	TAILQ_REMOVE(&p->clients, c, in_person);
	LIST_REMOVE(c, in_slot);
	p->nclients--;
	c->bridge->nclients--;
	login_check_forget(c->bridge, &c->login);
	bridge_left(c->bridge);
	talloc_free(c);
	presence_release_unused(p);
}

static const struct websocket_events events = {
	.message = on_message,
	.too_long = on_too_long,
	.closed = on_closed,
	.message_ms = 180000,
};

static void enter(struct client *c, const struct client_start *start)
{
	struct room *r = room_get(c->presence, start->conversation);

	c->reads_only = start->run;
	/* Continued from a run, or prestarted before its row existed. */
	if ((!start->run && session_is_run(r->session)) ||
	    session_is_ahead(r->session))
		session_refresh(r->session);
	c->room = r;
	TAILQ_INSERT_TAIL(&r->clients, c, in_room);
	session_watched(r->session, ++r->nclients);
	room_tell_status(r, c);
	session_replay(r->session, c->serial, start->from);
}

static void login_ended(void *data)
{
	client_close(data, WEBSOCKET_LOGIN_ENDED, "login ended");
}

void client_new(struct bridge *b, const struct client_start *start)
{
	size_t cap = 2 * (size_t)settings_number(b->settings, SET_MESSAGE_MAX) +
		     FRAME_ROOM;
	struct client *c = talloc_zero(b, struct client);
	struct presence *p = start->presence;

	c->bridge = b;
	c->presence = p;
	c->locale = start->locale;
	c->serial = ++b->serial;
	c->login = (struct login_check){
		.user_id = p->id, .ended = login_ended, .owner = c,
	};
	memcpy(c->login.key, start->key, sizeof(c->login.key));
	TAILQ_INIT(&c->waiting);
	TAILQ_INSERT_TAIL(&p->clients, c, in_person);
	LIST_INSERT_HEAD(&b->slots[c->serial % CHECK_SLOTS], c, in_slot);
	p->nclients++;
	b->nclients++;
	c->ws = websocket_new(b, b->loop, start->fd, cap, start->early, start->n,
			      &events, c);
	if (!presence_may_open(p)) {
		client_close(c, WEBSOCKET_TOO_MANY, "too many pages");
		return;
	}
	presence_watch(p);
	token_lifecycle_workspace(b, p->workspace);
	login_check_ask(b, &c->login);	/* it may have ended during the handshake */
	if (start->conversation) {
		enter(c, start);
		return;
	}
	c->live = true;
	workspace_ensure(p->workspace);
	client_tell_workspace(c);
	blocked_read(p);
	budget_status_read(p);
}

void client_check(struct bridge *b, unsigned slot)
{
	struct client *c;

	LIST_FOREACH(c, &b->slots[slot], in_slot) {
		websocket_ping(c->ws);
		login_check_ask(b, &c->login);
	}
}

void client_end_login(struct bridge *b, const unsigned char key[32])
{
	struct client *c;
	size_t i;

	for (i = 0; i < CHECK_SLOTS; i++) {
		LIST_FOREACH(c, &b->slots[i], in_slot) {
			if (memcmp(c->login.key, key, sizeof(c->login.key)) == 0)
				login_ended(c);
		}
	}
}

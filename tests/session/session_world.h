/*
 * A session in a world of its own for the tests of its units: a loop, a real
 * store with one user and one conversation, settings, the scripted shim, and a
 * bridge that notes what it hears.
 */
#ifndef TESTS_SESSION_WORLD_H
#define TESTS_SESSION_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "core/id.h"
#include "session/session_internal.h"

#define M1 "11111111-1111-4111-8111-111111111111"
#define M2 "22222222-2222-4222-8222-222222222222"
#define M3 "33333333-3333-4333-8333-333333333333"
#define M4 "44444444-4444-4444-8444-444444444444"
#define M5 "55555555-5555-4555-8555-555555555555"

extern struct world {
	char dir[64], conversation[ID_SIZE], user[ID_SIZE];
	uv_loop_t loop;
	struct jobs *jobs;
	struct settings *settings;
	struct session_env env;
	struct session *s;
	char refused_id[ID_SIZE], refused_key[64];	/* the last */
	char failed[400];	/* the last failure, as world_note_failed has it */
	char trouble_key[64];	/* the last */
	int accepted, refused, troubles, ends, replays, gone;
	size_t replayed;
	bool place;
	bool redis_away;
	bool token_late;	/* nobody says whether it is good */
	int queried;
	char reply[400];	/* the last: "id|text|JSON or key" */
	char suggested[200];	/* the last */
	int tokens, found, overs, changes;
	char told_state[16];	/* at the last change */
	char token_hash[TOKEN_SIZE], over_hash[TOKEN_SIZE];
	char words[256];	/* the texts of the last deltas */
	struct session_status st;	/* state_of() */
	bool answers;		/* the next message gets its whole turn */
	bool silent;		/* Claude does not even answer `initialize` */
} w;

/* The states in which each event came so far, over all tests: 1u << enum claude_state. */
extern unsigned world_reached[CLAUDE_EVENTS];

/* What the bridge hears: noted in w; a failure "claude_state" fails the test. */
extern const struct session_events world_events;

/* session_events.failed of a test that causes one. */
void world_note_failed(void *data, const char *event, const struct err *e);

/* cmocka's; _ready: in a workspace that is linked. */
int world_setup(void **state);
int world_setup_ready(void **state);
int world_teardown(void **state);

void open_session(void);
void close_session(void);
/* Until nothing is left to do at once. */
void turn_loop(void);
/* Until the log is recorded. */
void wait_recorded(void);
/* So much later, whatever is due then is done. */
void later(int64_t ms);
/* For what a busy machine may take its time with. */
void until(bool (*holds)(void));
void until_started(int n);
void until_ended(int n);
bool shows_ready(void);

/* ---- Claude, scripted ---- */

/* fake.on_line: it answers controls, and messages while w.answers. */
void world_on_line(const char *line);
void say_turn_start(const char *id);
void say_turn_end(const char *id);
void control_answer(const char *id, const char *response);
/* It asks for a permission; the request's id. */
void ask(const char *request);
/* fake.on_end: it ends its turn when it was interrupted. */
void stop_turn(void);

/* ---- what came of it ---- */

/* session_status(), which is in w.st then. */
const char *state_of(void);
/* How often Claude's input has it. */
int given(const char *what);

/* The store; to be freed with talloc_free. */
struct db *database(void);
struct counts {
	int users, texts, errors, parts, commands;
};
/* Parts in the store. */
struct counts stored(void);
/* How many of them say so. */
int said(const char *key);
/* Messages in the store: those that wait, or (held) those kept for their person. */
int messages(bool held);
int unplaced(void);
/* The token's hash in the store. */
const char *stored_hash(void);
/* As the bridge does when a token is over. */
void end_in_store(const char *hash);

#endif

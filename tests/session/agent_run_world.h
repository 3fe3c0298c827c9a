/*
 * A run of an agent in a world of its own: a real store, the scripted shim.
 */
#ifndef TESTS_AGENT_RUN_WORLD_H
#define TESTS_AGENT_RUN_WORLD_H

#include "fake_shim.h"
#include "session/session_internal.h"

extern struct world {
	char dir[64], conversation[ID_SIZE], user[ID_SIZE], execution[ID_SIZE];
	uv_loop_t loop;
	struct jobs *jobs;
	struct settings *settings;
	struct session_env env;
	struct session *s;
	int told, accepted, overs;
	bool slow;		/* Claude takes its time to read an answer */
	bool place, everything, bad_rules, no_token;
	int64_t timeout_ms;
	void (*on_turn)(const char *id);
	void (*on_leave)(void);		/* what Claude does when it is asked to end */
} w;

void run_sql(const char *sql);
void begin_turn(const char *id);
void say_result(const char *more);
void on_line(const char *line);
void turn_loop(void);

struct row {
	char outcome[16], reason[24], detail[200], result[200], problems[40];
	bool again;
	int64_t turns, denials, offset;
	int files, kept;
};

struct row look(void);

/* Waits for the outcome that it must be. */
struct row ends(const char *outcome, const char *reason, bool again);

void open_session(void);
void close_session(void);
int setup(void **state);
int teardown(void **state);
void begin(void);

#endif

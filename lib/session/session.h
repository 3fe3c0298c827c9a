/*
 * A live conversation: the session's log is read over the link and decoded,
 * its parts are kept in memory until they are recorded and are sent to
 * its watchers; messages are queued, given to Claude's input, and followed
 * until their echo is read. One libuv loop; nothing calls back from inside.
 */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include <json-c/json.h>

#include "core/settings.h"
#include "session/claude_states.h"
#include "store/executions.h"
#include "store/jobs.h"
#include "transcript/decoder.h"
#include "workspace/start_slots.h"
#include "workspace/workspace.h"

/* What the session of a run keeps to, since nobody is there to ask. A talloc object. */
struct session_rules {
	char execution_id[ID_SIZE];
	bool everything;		/* in the container; else only the tools listed */
	const char **tools;		/* as the CLI's --allowedTools */
	size_t ntools;
	int64_t max_turns, tokens_max;	/* 0: no limit */
	int64_t started_at, deadline_at;	/* UTC ms */
	int64_t cancel_at;		/* somebody asked for its end; 0 nobody */
	const char *cancel_reason;
};

/* What all sessions of a program share; borrowed for their life. */
struct session_env {
	uv_loop_t *loop;
	struct jobs *jobs;
	struct workspaces *workspaces;
	const struct settings *settings;
	/* Limits; 0: the usual one. */
	int64_t silent_ms, withdraw_ms;	/* a message's, a withdrawal's deadline */
	int queue_max;			/* messages that wait, held ones too */
	size_t queue_bytes_max;		/* of their texts; one alone may be longer */
	int unrecorded_max;		/* parts before the log is read no further */
	size_t unrecorded_bytes_max;	/* of their data */
	int64_t undo_ms;		/* from a conversation's deletion to its purge */
	/* What the store has of a run, understood. In another thread. Gives (child of ctx). */
	struct session_rules *(*rules)(const void *ctx, const struct run_rules *stored,
				       struct err *e);
};

struct session;

/* Texts borrowed during the call. asker: the number given with the request. */
struct session_events {
	/* The conversation was read from the store, or (e) could not be. */
	void (*loaded)(void *data, const struct err *e);
	/* A part is new or changed; at: the log offset that is drawn with it. */
	void (*part)(void *data, const struct part *p, int64_t at);
	void (*delta)(void *data, int64_t part, const char *text, size_t n, int64_t at);
	void (*end)(void *data, int64_t at);
	/* session_queued, session_status, session_mode/_title/_state have something new. */
	void (*queue)(void *data);
	void (*status)(void *data);
	void (*changed)(void *data);
	void (*accepted)(void *data, uint64_t asker, const char *message_id);
	void (*refused)(void *data, uint64_t asker, const char *message_id, const struct err *e);
	void (*trouble)(void *data, uint64_t asker, const struct err *e);
	/* Everything changed after `from`, in the order of changed_at: what session_replay asked. */
	void (*replayed)(void *data, uint64_t asker, const struct part *const *parts, size_t n, int64_t at);
	/*
	 * May another Claude process run in this workspace? false: session_wake
	 * comes when it may.
	 */
	bool (*may_start)(void *data);
	/*
	 * The token of that hash is Claude's current or next one: it must be
	 * valid from that address from now on. wanted: Claude is started by
	 * session_token_good; else it runs already and nobody waits.
	 */
	void (*token)(void *data, const char *hash, const char *address, bool wanted);
	/*
	 * That token has no owner any more: revokes it, in the store too.
	 * The conversation may get another, or be purged, by jobs added later.
	 */
	void (*token_over)(void *data, const char *hash);
	/* How the run went is in the store. */
	void (*run_ended)(void *data, const char *execution_id);
	/* Claude's process ended. */
	void (*ended)(void *data);
	/* Its state changed (session/claude_states.h). May be NULL. */
	void (*claude_state)(void *data, enum claude_state from,
			     const struct claude_transition *by);
	/* Deleted: nothing will come any more. */
	void (*gone)(void *data);
	/* A failure for the log. */
	void (*failed)(void *data, const char *event, const struct err *e);
};

/* Reads the conversation first; ev borrowed. Gives, until session_close. */
struct session *session_new(const void *ctx, const struct session_env *env,
			    const char *id, const char *user_id,
			    const struct session_events *ev, void *data);

/*
 * As session_new, of a conversation that is not there yet: Claude is begun
 * when the start line has room. session_refresh finds the conversation; until
 * then nothing of it is stored, and a while after session_begin_ahead was
 * last called it is ended and purged.
 */
struct session *session_new_ahead(const void *ctx, const struct session_env *env,
				  const char *id, const char *user_id,
				  const struct session_events *ev, void *data);
void session_begin_ahead(struct session *s);
/* In so many ms at the latest, unless it is begun again. */
void session_end_ahead(struct session *s, int64_t ms);
bool session_is_ahead(const struct session *s);

/* No callback after it. What waits to be recorded is recorded; the process lives on. */
void session_close(struct session *s);

/* Records now what is decoded. */
void session_flush(struct session *s);

/* Pages that look at it. More than before: Claude is wanted. */
void session_watched(struct session *s, int pages);

/* Claude is wanted: again after a failure. */
void session_start(struct session *s);

enum session_way {
	SESSION_USUAL,		/* as the user's own files say */
	SESSION_SAFE,		/* without their settings, hooks, servers and plugins */
	SESSION_RESET,		/* as usual, with all settings moved aside first */
};
/* As session_start, and what runs or hangs is ended first. */
void session_start_as(struct session *s, enum session_way way);

/* Claude could not be started though its workspace is ready. */
bool session_start_failed(const struct session *s);

/* Nothing of it works: no turn, no sub-agent between turns, no start. */
bool session_may_rest(const struct session *s);
/* Ends an idle Claude (others need its place); false when session_may_rest is. */
bool session_rest(struct session *s);

/* What was wanted of a token is done; e: not, and why. Again later, then. */
void session_token_good(struct session *s, const struct err *e);

/*
 * Claude ends, a turn in progress with one error part of that catalogue key
 * (kept). Until a page or a message comes nothing is started.
 */
void session_leave(struct session *s, const char *key);

/* Others need its place: what waits to be said is held, and it is left. */
void session_give_place(struct session *s, const char *key);

/* May try again what may_start refused. */
void session_wake(struct session *s);

/* Reads the store again: new unsent message, other title or mode, deleted. */
void session_refresh(struct session *s);

/* Gives (child of ctx), its texts too. */
struct part *part_copy(const void *ctx, const struct part *p);

void session_replay(struct session *s, uint64_t asker, int64_t from);

void session_message(struct session *s, uint64_t asker, const char *id, const char *text);
/* As that, in place of a held message. */
void session_message_for(struct session *s, uint64_t asker, const char *id, const char *text, const char *held);
/* Sends the text of a held message, as message id. */
void session_send_held(struct session *s, uint64_t asker, const char *id, const char *held);
/* Gives Claude the newest of the record, as message id, to go on from. */
void session_recall(struct session *s, uint64_t asker, const char *id);
/* A held message is kept no longer. */
void session_discard(struct session *s, const char *held);
/* Holds a message that Claude has not begun with. */
void session_withdraw(struct session *s, const char *id);
/* Holds what is queued, interrupts the turn, ends its tools. */
void session_interrupt(struct session *s);
void session_set_mode(struct session *s, uint64_t asker, const char *mode);
void session_set_model(struct session *s, uint64_t asker, const char *model);

struct session_answer {
	int64_t part;
	const char *choice;		/* allow, allow_session, deny */
	const char *reason;		/* "" when none */
	struct json_object *answers;	/* question -> label or [labels]; NULL when none */
};
void session_answer(struct session *s, uint64_t asker, const struct session_answer *a);

struct session_status {
	const char *state;	/* starting, ready, working, waiting, stopped, failed */
	const char *key;	/* catalogue key of the words */
	const char *detail;	/* {0} of the words; "" when none */
	int64_t since;		/* UTC ms */
	int step, steps;	/* of getting ready; steps 0: none shown */
	bool retry, stop;	/* what the person can do */
	char place[12];		/* the detail's, of one that waits in line */
	bool help;		/* a start that fails or hangs: other ways to start */
	bool restart;		/* of the workspace: offered */
	bool safe;		/* Claude runs without the user's settings */
	bool no_place;		/* it waits until another conversation gives way */
	const char *reason;	/* what Claude said before it ended; "" nothing */
	const char *aside;	/* the folder that a reset moved the settings to; "" none */
};
void session_status(const struct session *s, struct session_status *out);
/* Says so when that is a place in the start line (workspace/start_slots.h); false when it is none. */
bool session_status_line(struct session_status *out, int place, bool memory);

/* Messages that have no place yet, the held ones first; NULL past the last. Borrowed. */
const struct message *session_queued(const struct session *s, size_t i);

const char *session_id(const struct session *s);
const char *session_title(const struct session *s);
const char *session_mode(const struct session *s);
int64_t session_updated(const struct session *s);
/* idle, working, waiting: for lists. */
const char *session_state(const struct session *s);
/* It belongs to a run: read-only, in progress or ended. */
bool session_is_run(const struct session *s);

/* Whether a tool of it runs now, and if so whether what it was given names word. */
enum session_tool { SESSION_TOOL_NONE, SESSION_TOOL_RUNS, SESSION_TOOL_NAMES };
enum session_tool session_tool(const struct session *s, const char *word);
/* A tool of it was refused that domain: the tool's card says so. */
void session_blocked(struct session *s, const char *domain);
/* NULL: no run in progress. */
const struct session_rules *session_run_rules(const struct session *s);
bool session_loaded(const struct session *s);
/* Claude runs, or is being started. */
bool session_running(const struct session *s);
/* Its process is being ended. */
bool session_ending(const struct session *s);
/* Since when its newest question has been unanswered; clock_mono_ms; 0: Claude asks nothing. */
int64_t session_waiting_since(const struct session *s);
/* Since when it has had nothing to do; clock_mono_ms. */
int64_t session_idle_since(const struct session *s);
/* Nothing runs, waits or is unrecorded: it may be closed when nobody looks. */
bool session_at_rest(const struct session *s);

#endif

/*
 * A loaded conversation. Its log is read over the link and decoded; parts stay
 * in memory until they are recorded, and are sent to open pages; messages are
 * queued, written to Claude's stdin and followed until their echo. One libuv
 * loop; callbacks never run inside a call of these functions.
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

/*
 * Rules for the session of a run, in which nobody can be asked. A talloc
 * object.
 */
struct session_rules {
	char execution_id[ID_SIZE];
	bool everything;		/* allowed in the container; else only the listed tools */
	const char **tools;		/* in the form of the CLI's --allowedTools */
	size_t ntools;
	int64_t max_turns, tokens_max;	/* 0: no limit */
	int64_t started_at, deadline_at;	/* UTC ms */
	int64_t cancel_at;		/* when its end was requested; 0: it was not */
	const char *cancel_reason;
};

/* Shared by all sessions of a program; borrowed for their life. */
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

/* What Claude's process is asked for a page, outside the conversation. */
enum session_query { QUERY_CONTEXT, QUERY_ASIDE, QUERY_FILES };

struct session_reply {
	enum session_query query;
	const char *id, *text;	/* as given with the query */
	const char *json;	/* the CLI's response; NULL if there is none */
	const struct err *e;	/* why there is none */
};

/*
 * Texts are borrowed during the call. asker: the number given with the request.
 */
struct session_events {
	/* The conversation was read from the store, or (e) could not be. */
	void (*loaded)(void *data, const struct err *e);
	/* A part is new or changed; at: the log offset drawn with it. */
	void (*part)(void *data, const struct part *p, int64_t at);
	void (*delta)(void *data, int64_t part, const char *text, size_t n, int64_t at);
	void (*end)(void *data, int64_t at);
	/*
	 * session_queued, session_status, session_mode/_title/_state changed.
	 */
	void (*queue)(void *data);
	void (*status)(void *data);
	void (*changed)(void *data);
	void (*accepted)(void *data, uint64_t asker, const char *message_id);
	void (*refused)(void *data, uint64_t asker, const char *message_id, const struct err *e);
	void (*trouble)(void *data, uint64_t asker, const struct err *e);
	/*
	 * The reply to session_replay: all parts that changed after `from`, in
	 * the order of changed_at.
	 */
	void (*replayed)(void *data, uint64_t asker, const struct part *const *parts, size_t n, int64_t at);
	/*
	 * Asks if another Claude process may run in this workspace. If false,
	 * session_wake follows when it may.
	 */
	bool (*may_start)(void *data);
	/*
	 * The token with that hash is Claude's current or next one and must be
	 * valid from that address from now on. wanted: session_token_good
	 * starts Claude; otherwise it runs already.
	 */
	void (*token)(void *data, const char *hash, const char *address, bool wanted);
	/*
	 * The token has no owner any more: revoke it, in the store too. Jobs
	 * added later may give the conversation another one, or purge it.
	 */
	void (*token_over)(void *data, const char *hash);
	/* The run's outcome is stored. */
	void (*run_ended)(void *data, const char *execution_id);
	/* Claude's process ended. */
	void (*ended)(void *data);
	/* Its state changed (session/claude_states.h). May be NULL. */
	void (*claude_state)(void *data, enum claude_state from,
			     const struct claude_transition *by);
	/* The reply to session_query. May be NULL. */
	void (*queried)(void *data, uint64_t asker, const struct session_reply *r);
	/* Claude suggests the user's next message. May be NULL. */
	void (*suggestion)(void *data, const char *text);
	/* The conversation was deleted; no event follows. */
	void (*gone)(void *data);
	/* A failure to log. */
	void (*failed)(void *data, const char *event, const struct err *e);
};

/* Loads the conversation first; ev is borrowed. Gives, until session_close. */
struct session *session_new(const void *ctx, const struct session_env *env,
			    const char *id, const char *user_id,
			    const struct session_events *ev, void *data);

/*
 * Like session_new, for a conversation that is not stored yet: Claude is
 * prestarted when the start queue has room. session_refresh finds the
 * conversation once it is stored; otherwise the process is ended and purged a
 * while after the last session_begin_ahead.
 */
struct session *session_new_ahead(const void *ctx, const struct session_env *env,
				  const char *id, const char *user_id,
				  const struct session_events *ev, void *data);
void session_begin_ahead(struct session *s);
/* Ends it within `ms`, unless session_begin_ahead is called again. */
void session_end_ahead(struct session *s, int64_t ms);
bool session_is_ahead(const struct session *s);

/* No callback follows. Records what is decoded; the process continues. */
void session_close(struct session *s);

/* Records now everything that is decoded. */
void session_flush(struct session *s);

/* The number of open pages. Claude is started when it grows. */
void session_watched(struct session *s, int pages);

/* Starts Claude, also after a failure. */
void session_start(struct session *s);

enum session_way {
	SESSION_USUAL,		/* with the user's own settings */
	SESSION_SAFE,		/* without their settings, hooks, servers and plugins */
	SESSION_RESET,		/* with settings, after moving them all aside */
};
/* Like session_start, but first ends a process that runs or hangs. */
void session_start_as(struct session *s, enum session_way way);

/* Claude could not be started although its workspace is ready. */
bool session_start_failed(const struct session *s);

/* No turn, no sub-agent between turns, no start is in progress. */
bool session_may_rest(const struct session *s);
/*
 * Ends an idle Claude to free its place; returns false if session_may_rest
 * does.
 */
bool session_rest(struct session *s);

/*
 * The token's request succeeded; or failed for the reason e and is retried
 * later.
 */
void session_token_good(struct session *s, const struct err *e);

/*
 * Ends Claude; a turn in progress ends with an error part of that catalogue key
 * (kept). Nothing is started until a page opens or a message arrives.
 */
void session_leave(struct session *s, const char *key);

/* Others need its place: holds its messages and ends Claude. */
void session_give_place(struct session *s, const char *key);

/* may_start may be asked again. */
void session_wake(struct session *s);

/*
 * Reloads the stored conversation: a new unsent message, another title or mode,
 * deletion.
 */
void session_refresh(struct session *s);

/* Gives (child of ctx), including its texts. */
struct part *part_copy(const void *ctx, const struct part *p);

void session_replay(struct session *s, uint64_t asker, int64_t from);

/* A new message of the user's. Borrowed. */
struct session_message {
	const char *id, *text;
	const char *pictures;	/* their ids, separated by spaces; "" none: the text may then not be empty */
	const char *held;	/* of the held message that it replaces; NULL none */
	bool now;		/* interrupts the turn in progress, which loses nothing it wrote */
};
void session_message_for(struct session *s, uint64_t asker, const struct session_message *m);
/* The same with a text alone. */
void session_message(struct session *s, uint64_t asker, const char *id, const char *text);
/* Sends the text and pictures of a held message, as message id. */
void session_send_held(struct session *s, uint64_t asker, const char *id, const char *held);
/* Sends Claude the newest part of the record, as message id. */
void session_recall(struct session *s, uint64_t asker, const char *id);
/* Removes a held message. */
void session_discard(struct session *s, const char *held);
/* Holds a message that Claude has not begun to answer. */
void session_withdraw(struct session *s, const char *id);
/* Holds queued messages, interrupts the turn, ends its tools. */
void session_interrupt(struct session *s);
void session_set_mode(struct session *s, uint64_t asker, const char *mode);
void session_set_model(struct session *s, uint64_t asker, const char *model);
void session_set_effort(struct session *s, uint64_t asker, const char *effort);

/*
 * Asks Claude's process, and starts it first if necessary. id: of the page's
 * choosing; text: the question, or the beginning of a path; both copied. The
 * answer is no part of the conversation: session_events.queried follows, within
 * some minutes.
 */
void session_query(struct session *s, uint64_t asker, enum session_query query,
		   const char *id, const char *text);

struct session_answer {
	int64_t part;
	const char *choice;		/* allow, allow_session, deny */
	const char *reason;		/* "" if none */
	struct json_object *answers;	/* question -> label or [labels]; NULL if none */
};
void session_answer(struct session *s, uint64_t asker, const struct session_answer *a);

struct session_status {
	const char *state;	/* starting, ready, working, waiting, stopped, failed */
	const char *key;	/* catalogue key of the sentence */
	const char *detail;	/* its {0}; "" if none */
	int64_t since;		/* UTC ms */
	int step, steps;	/* of the start; steps 0: none shown */
	bool retry, stop;	/* actions offered to the user */
	char place[12];		/* storage of detail, while queued */
	bool help;		/* offers other ways to start after a failed or hanging start */
	bool restart;		/* offers to restart the workspace */
	bool safe;		/* Claude runs without the user's settings */
	bool no_place;		/* waits until another conversation frees a place */
	const char *reason;	/* Claude's last output before a failed start; "" if none */
	const char *aside;	/* the folder that a reset moved the settings to; "" if none */
};
void session_status(const struct session *s, struct session_status *out);
/*
 * Sets the sentence to a place in the start queue (workspace/start_slots.h);
 * false if there is none.
 */
bool session_status_queued(struct session_status *out, int place, bool memory);

/* Unread messages, held ones first; NULL after the last. Borrowed. */
const struct message *session_queued(const struct session *s, size_t i);

const char *session_id(const struct session *s);
const char *session_title(const struct session *s);
/* The conversation's last text, in a line. */
const char *session_last_line(const struct session *s);
bool session_pinned(const struct session *s);
bool session_archived(const struct session *s);
const char *session_mode(const struct session *s);
/* "" for the installation's, and the model's own. */
const char *session_model(const struct session *s);
const char *session_effort(const struct session *s);
int64_t session_updated(const struct session *s);
/* idle, working, waiting: for lists. */
const char *session_state(const struct session *s);
/* It belongs to a run: read-only, in progress or ended. */
bool session_is_run(const struct session *s);

/* Whether a tool runs now, and if so whether its input contains word. */
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
/*
 * clock_mono_ms since when its newest question is unanswered; 0: Claude asks
 * nothing.
 */
int64_t session_waiting_since(const struct session *s);
/* clock_mono_ms since when it is idle. */
int64_t session_idle_since(const struct session *s);
/*
 * Nothing runs, waits or is unrecorded: it may be closed if no page shows it.
 */
bool session_at_rest(const struct session *s);

#endif

/* What the files of one session share; nobody else includes it. */
#ifndef SESSION_SESSION_INTERNAL_H
#define SESSION_SESSION_INTERNAL_H

#include <sys/queue.h>

#include "core/buf.h"
#include "core/id.h"
#include "session/session.h"

#define SHIM_REQUEST_BODY_MAX (256u << 10)
#define SHIM_REQUEST_DEADLINE_MS 60000
#define LOG_REST_MAX (512u << 10)	/* more than a stream's window */

/* ---- shim_request.c: one short request to the shim ---- */

struct shim_request;
/* body: "" when none. e: it did not come to an answer (status 0). */
typedef void shim_request_done(struct session *s, int status, const char *body,
			       const struct err *e);
/* NULL when there is no link now; done is not called then. */
struct shim_request *shim_request_new(struct session *s, const char *method,
				      const void *body,
				      size_t n, shim_request_done *done, const char *path, ...)
	printf_like(6, 7);
/* No done() after it. */
void shim_request_cancel(struct shim_request *c);
/* The link is gone or going: every call ends without done(). */
void shim_request_cancel_all(struct session *s);

/* ---- stdin_json.c: what is written to Claude's input; gives, newline included ---- */

char *stdin_json_user(const char *id, const char *text);
char *stdin_json_control(const char *request_id, const char *subtype,
			 const char *name, const char *value);
char *stdin_json_interrupt(const char *request_id);
/* Refuses what it asked: no permission. */
char *stdin_json_refuse(const char *request_id, const char *why);
/* From a waiting part's data (JSON) and the person's answer. NULL: e says why. */
char *stdin_json_answer(const struct part *p, const struct session_answer *a,
			struct err *e) must_check;

/* ---- the session ---- */

struct live_part {			/* a part in memory */
	TAILQ_ENTRY(live_part) next;
	struct part part;	/* texts are its children */
	bool streaming;		/* text still comes by delta */
	bool answered;		/* an answer is on its way to Claude */
	uint64_t version, saved;
	size_t bytes;		/* of its data */
};

struct queued {
	TAILQ_ENTRY(queued) next;
	struct message m;
	bool given;		/* to this process's input */
	int tries;		/* processes that it was given to */
	bool withdrawing;
	const char *why;	/* it is withdrawn, or held; NULL: nobody asked */
	int64_t asked_at;	/* clock_mono_ms of withdrawing */
};

enum stdin_kind { STDIN_CONTROL, STDIN_MESSAGE, STDIN_ANSWER };

struct stdin {
	TAILQ_ENTRY(stdin) next;
	enum stdin_kind kind;
	char *line;		/* its child */
	size_t n;
	char id[ID_SIZE];	/* STDIN_MESSAGE */
	int64_t part;		/* STDIN_ANSWER */
	uint64_t asker;
	bool in_flight;
};

struct seen {
	TAILQ_ENTRY(seen) next;
	struct seen_message m;
	bool in_flight;
};

enum process {
	PROCESS_NONE,		/* not wanted, or ended */
	PROCESS_PLACE,		/* waits until another one gives way */
	PROCESS_LINE,		/* waits for its turn to start */
	PROCESS_TOKEN,		/* its token is being made good */
	PROCESS_STARTING,	/* asked the shim */
	PROCESS_WAKING,		/* runs; initialize not answered */
	PROCESS_READY,
	PROCESS_ENDING,
	PROCESS_FAILED,
};

struct session {
	const struct session_env *env;
	const struct session_events *ev;
	void *data;
	char id[ID_SIZE], user_id[ID_SIZE];
	char *title, *mode, *model;
	int64_t updated_at;
	bool loaded, closed, gone, deleted, spoken;
	int jobs, handles;
	struct err load_error;
	uv_timer_t timer;	/* the process's: backoff, deadlines, idle */
	uv_timer_t record_timer;

	struct workspace *workspace;
	struct workspace_watch *watch;
	struct link *link;	/* the one the streams below belong to */
	bool held;
	bool want_workspace;	/* a page, a message or a person asked for it */

	/* claude_process.c */
	enum process process;
	struct err process_error;
	bool wanted;
	bool fell;		/* it was wanted, and ended by itself; none was started since */
	bool listed;		/* the shim was asked what it has */
	bool no_log;		/* and it has no log of this session */
	bool listing;
	int64_t backlog_end;	/* log bytes at that moment: ends before it are history */
	bool resume;
	unsigned refused;	/* flags that the CLI refused for the id at hand */
	int spare;		/* ids whose transcripts cannot be read: the next one's number */
	bool forgot;		/* this process begins without what was said before */
	bool skips;		/* it was started so that it may skip all questions */
	int mode_most;		/* the widest mode that the bridge asked for: permission_mode.c */
	bool renewed;		/* answered before, and its next process is for another mode */
	bool safe;		/* started without what the user's own files say */
	char aside[64];		/* where the last reset puts the settings; "" nowhere */
	bool put_aside;		/* by the next start */
	char *reason;		/* Claude's last words when a start came to nothing; NULL none */
	int failures;		/* starts in a row that came to nothing */
	int64_t retry_at;	/* clock_mono_ms of the next try; 0 none */
	int64_t idle_at;	/* clock_mono_ms since when it has nothing to do; 0 it has */
	int64_t starting_at;	/* clock_mono_ms since when it is in that state */
	int64_t late_at;	/* clock_mono_ms; deadline of WAKING, ENDING */
	int64_t needed_at;	/* clock_mono_ms since when it is waited for; 0 it is not */
	struct start *start;	/* from LINE to WAKING: its place; else NULL */
	int64_t silent_at;	/* clock_mono_ms since when nothing is heard of what was given; 0 none is */
	int64_t stop_at;	/* clock_mono_ms when stop was pressed, until the turn ends */
	bool background;	/* sub-agents work between turns */
	int pages;
	bool ahead;		/* its conversation is not in the store yet */
	int64_t ahead_until;	/* clock_mono_ms; then it is ended; 0 it is not ahead */
	const char *left;	/* session_leave's key: nothing is to be started; NULL */
	int64_t waiting_at;	/* clock_mono_ms of its newest open question to the person; 0 none */
	TAILQ_HEAD(, shim_request) calls;

	/* claude_token.c */
	char token[TOKEN_SIZE];	/* from its making until the shim has it; else "" */
	char token_hash[TOKEN_SIZE];	/* of what Claude has, or is to have; "" none */
	struct err token_error;	/* of the last try */
	int token_tries;	/* that failed, in a row */

	/* log_reader.c */
	struct link_stream *log;
	struct decoder *decoder;
	int64_t broken_told;		/* of decoder_broken_lines, as last logged */
	int log_status;
	struct buf log_text;
	int64_t log_at;		/* bytes of the log fed to the decoder */
	struct buf log_rest;	/* bytes read, not decoded yet */
	int64_t log_rest_at;	/* clock_mono_ms before which they wait; 0 none */
	uint64_t log_spent, log_decoded_at;	/* ns of decoding; uv_hrtime */
	size_t log_held;	/* bytes read whose window is kept shut */
	int64_t log_retry_at;

	/* what Claude does */
	char activity[24], detail[80];
	char told[200];		/* the status as last told */
	int64_t told_since;	/* UTC ms */

	/* recorder.c */
	TAILQ_HEAD(memos, live_part) memos;
	TAILQ_HEAD(, seen) seen;
	uint64_t version;
	int64_t recorded_offset, trimmed;
	int dirty;		/* parts to be recorded */
	size_t dirty_bytes;	/* of their data */
	bool recording, stuck, touched, mode_changed;
	char recorded_state[12];

	/* message_queue.c */
	TAILQ_HEAD(queue, queued) queue;
	struct queue unsent;	/* withdrawn; their person sends or removes them */
	int adding;		/* messages on their way to the store */
	size_t adding_bytes;

	struct agent_run *run;	/* agent_run_internal.h; NULL: a person's conversation */

	/* stdin_writer.c */
	TAILQ_HEAD(, stdin) inputs;
	struct shim_request *input_call;
};

/* session.c */
void session_job(struct session *s, job_work *work, job_done *done, void *data);
void session_job_over(struct session *s);
/* As that, of a libuv handle that has closed. */
void session_handle_over(struct session *s);
void session_trouble(struct session *s, const char *event, const struct err *e);
/* Something may have changed: go on towards what is wanted. */
void session_step(struct session *s);
/* Tells the status when it is another than before. */
void session_tell(struct session *s);
/* In a turn, as far as the log says. */
bool session_working(const struct session *s);

/* log_events.c */
void session_decode(struct session *s, int64_t from, const struct part *open,
		    size_t n, bool in_turn);
/* Goes on at another place of the log. */
void session_decode_from(struct session *s, int64_t from);

/* permission_mode.c */
bool mode_known(const char *mode);
/* Asked for was the mode in which nothing is asked: Claude is started for it. */
bool mode_skips(const struct session *s);
/* The bridge's own wish; an unknown one is "default". */
void mode_ask(struct session *s, const char *mode);
/* An answer of the person's allows Claude that mode, too. */
void mode_widen(struct session *s, const char *mode);
/* Claude's word; true when it is believed and news. */
bool mode_said(struct session *s, const char *mode);
/* The process was started for another mode, and nothing hinders its end. */
bool mode_renews(const struct session *s);


/* session_load.c */
void session_load(struct session *s, bool again);

/* claude_process.c */
/* How urgent its start is. */
enum start_class process_class(const struct session *s);
void process_enter(struct session *s, enum process process);
void process_step(struct session *s);
/* The log's exit line. */
void process_ended(struct session *s, const char *stderr_tail);
/* It answered a request of ours. */
void process_answered(struct session *s);
/* The turn ended. */
void process_turn_ended(struct session *s, bool ok);
/* It does not run, though no exit line was read yet. */
void process_lost(struct session *s);
/* What runs is to be asked again. */
void process_unknown(struct session *s);
/* That too: the link is gone. */
void process_link_lost(struct session *s);
void process_arm(struct session *s);
bool process_takes_input(const struct session *s);
bool process_needed(const struct session *s);
/* Its start takes longer than a person is left without a word. */
bool process_slow(const struct session *s);
void process_end(struct session *s);
/* At once: TERM, and KILL after so many seconds. */
void process_remove(struct session *s, int grace);
/* That, with all that the shim and Claude have of the session. */
void process_purge(struct session *s);
/* Not what waits for a place or its token. */
void process_give_up(struct session *s);
void process_fail(struct session *s, const struct err *e);
/* A start came to nothing: another one follows, or that was the last. */
void process_try_again(struct session *s, const struct err *why);
/* After POST found or started one. */
void process_found(struct session *s);
/* One runs that has no token of ours: it is ended, then looked at again. */
void process_foreign(struct session *s);

/* claude_token.c */
/* Makes one, has it stored and made good, then asks the shim to start. */
void claude_token_begin(struct session *s);
/* The conversation is in the store now: so is the hash. */
void claude_token_keep(struct session *s);
/* Claude runs and has it. */
void claude_token_found(struct session *s);
/* Nobody has it any more. */
void claude_token_over(struct session *s);

/* prestart.c */
void prestart_loaded(struct session *s);
/* The conversation is there. */
void prestart_taken(struct session *s);
void prestart_step(struct session *s);

/* claude_args.c */
void claude_start(struct session *s);

/* log_reader.c */
void log_step(struct session *s);
/* Asks the shim anew what it has. */
void log_list_again(struct session *s, int64_t wait_ms);
/* The link is gone. */
void log_lost(struct session *s);
/* The store took a batch. */
void log_recorded(struct session *s);
/* The decoder is where it stood when we asked what runs, or before. */
bool log_in_backlog(const struct session *s);

/* recorder.c */
struct live_part *recorder_find(const struct session *s, int64_t at);
void recorder_part(struct session *s, const struct part *p);
void recorder_load(struct session *s, const struct part *p);
void recorder_seen(struct session *s, const char *id, int64_t at);
void recorder_touch(struct session *s, bool now);
bool recorder_pressed(const struct session *s);
bool recorder_waiting(const struct session *s);
/* A question came, was answered (or the answer was lost), or was found when the session was read. */
void recorder_asked(struct session *s);
/* It still runs or waits. */
bool part_open(const struct part *p);

/* message_queue.c */
void queue_load(struct session *s, const struct message *m);
struct queued *queue_find(const struct session *s, const char *id);
/* Gives Claude what it has not been given. */
void queue_send(struct session *s);
void queue_taken(struct session *s, const char *id);
void queue_echoed(struct session *s, const char *id, int64_t at);
/* Claude will not see it: it is held for its person. */
void queue_withdrawn(struct session *s, const char *id);
void queue_cancel_failed(struct session *s, const char *id);
/* Holds all that waits, for its person. */
void queue_hold_all(struct session *s);
/* A process that says nothing of what it was given, or of a withdrawal, is ended. */
void queue_check(struct session *s, int64_t now);
/* When queue_check may have something to do, clock_mono_ms; 0: not by itself. */
int64_t queue_due(const struct session *s);
/* The process is gone: what it was given is to be given again. */
void queue_forget_given(struct session *s);

/* stdin_writer.c */
void stdin_add(struct session *s, enum stdin_kind kind, char *line,
	       const char *id, int64_t part, uint64_t asker);
void stdin_step(struct session *s);
/* Nobody will read them. */
void stdin_drop(struct session *s);

#endif

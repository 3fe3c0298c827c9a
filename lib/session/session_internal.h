/* Shared by the files of lib/session only. */
#ifndef SESSION_SESSION_INTERNAL_H
#define SESSION_SESSION_INTERNAL_H

#include <sys/queue.h>

#include "core/id.h"
#include "session/session.h"
#include "store/pictures.h"

#define SHIM_REQUEST_BODY_MAX (256u << 10)
#define SHIM_REQUEST_DEADLINE_MS 60000

/* ---- shim_request.c: one short request to the shim ---- */

struct shim_request;
/* body: "" if none. e: there was no answer (status 0). */
typedef void shim_request_done(struct session *s, int status, const char *body,
			       const struct err *e);
/* NULL if there is no link; done is not called then. */
struct shim_request *shim_request_new(struct session *s, const char *method,
				      const void *body,
				      size_t n, shim_request_done *done, const char *path, ...)
	printf_like(6, 7);
/* done() is not called. */
void shim_request_cancel(struct shim_request *c);
/* The link failed: ends every request without done(). */
void shim_request_cancel_all(struct session *s);

/* ---- stdin_json.c: what is written to Claude's input; gives, newline included ---- */

/* now: it interrupts the turn. */
char *stdin_json_user(const char *id, const char *text, bool now);
/* The same with pictures. NULL: e says why. */
char *stdin_json_pictures(const char *id, const char *text, bool now,
			  struct picture *const *pictures, size_t n,
			  struct err *e) must_check;
char *stdin_json_control(const char *request_id, const char *subtype,
			 const char *name, const char *value);
char *stdin_json_interrupt(const char *request_id);
char *stdin_json_effort(const char *request_id, const char *effort);
/* Refuses a request that is not a permission. */
char *stdin_json_refuse(const char *request_id, const char *why);
/* From a waiting part's data (JSON) and the user's answer. NULL: e says why. */
/* The answer also allows all further edits. */
bool widens_edits(const struct part *p, const struct session_answer *a);
char *stdin_json_answer(const struct part *p, const struct session_answer *a,
			struct err *e) must_check;

/* ---- stdin_writer.c: lines for Claude's input, sent in order ---- */

enum stdin_kind { STDIN_CONTROL, STDIN_MESSAGE, STDIN_ANSWER };

struct stdin_writer;

struct stdin_writer *stdin_writer_new(struct session *s);
/* Takes line. id: of a message. part, asker: of an answer. */
void stdin_add(struct session *s, enum stdin_kind kind, char *line,
	       const char *id, int64_t part, uint64_t asker);
void stdin_step(struct session *s);
bool stdin_empty(const struct session *s);
/* Drops all lines. */
void stdin_drop(struct session *s);
/* Its request was cancelled. */
void stdin_link_lost(struct session *s);

/* ---- the session ---- */

/* Shared state; each part of the session keeps its own state private. */
struct session {
	const struct session_env *env;
	const struct session_events *ev;
	void *data;
	char id[ID_SIZE], user_id[ID_SIZE];
	char *title, *model, *effort;
	bool suggests;		/* its user wants suggestions: of the next process */
	char *last_line;	/* what was said last */
	char *folder;		/* below the home, where Claude starts; "" the home */
	char *instructions;	/* the project's, for Claude; "" none */
	bool line_changed;	/* last_line is not recorded yet */
	bool pinned, archived;
	int64_t updated_at;
	bool loaded, closed, gone, deleted;
	bool spoken;		/* something was said in it */
	bool purging;		/* the shim is asked to forget it */
	bool condemned;		/* deleted, and not to be restored any more */
	int64_t purge_at;	/* clock_mono_ms: until then a deleted one may be restored */
	int jobs, handles;	/* that call back: it is freed after them */
	struct err load_error;

	struct workspace *workspace;
	struct workspace_watch *watch;
	bool held;		/* this session keeps the workspace running */
	bool want_workspace;	/* a page, a message or a user requested it */
	struct link *link;	/* for requests; NULL while there is none */
	TAILQ_HEAD(, shim_request) requests;
	uv_timer_t timer;	/* the nearest due time */

	struct decoder *decoder;	/* of the log; NULL until it is loaded */
	struct claude_process *process;
	struct claude_start *start;
	struct claude_token *token;
	struct log_reader *log;
	struct recorder *recorder;
	struct message_queue *queue;
	struct sent_pictures *pictures;
	struct queries *queries;
	struct stdin_writer *input;
	struct agent_run *run;	/* NULL for a user's conversation */
	struct prestart *ahead;	/* while its conversation is not stored; else NULL */
	struct permission_mode *mode;
	struct shown_status *shown;
	struct turn_look *look;	/* at a turn's files; NULL: none in progress */
	int64_t looked_until;	/* UTC ms of the last one's turn; 0: none */
};

/* ---- session.c ---- */

void session_job(struct session *s, job_work *work, job_done *done, void *data);
void session_job_over(struct session *s);
/* The same, for a libuv handle that has closed. */
void session_handle_over(struct session *s);
/* Its data is the session, which lives until it is closed. */
void session_init_timer(struct session *s, uv_timer_t *t);
void session_close_timer(uv_timer_t *t);
void session_trouble(struct session *s, const char *event, const struct err *e);
/* Something may have changed: takes the next steps towards the wanted state. */
void session_step(struct session *s);
/*
 * The store says that it was deleted at that time (UTC ms; 0: it has no row any
 * more), or that it was restored.
 */
void session_deleted(struct session *s, int64_t at);
void session_restored(struct session *s);
/* Resets the timer, because the next deadline may have changed. */
void session_arm(struct session *s);
/* In a turn, according to the log. */
bool session_working(const struct session *s);

/* The earlier of two times; 0: none. */
static inline int64_t sooner(int64_t a, int64_t b)
{
	return a && (!b || a < b) ? a : b;
}

/* ---- log_events.c: what the log says ---- */

void session_decode(struct session *s, int64_t from, const struct part *open,
		    size_t n, bool in_turn);
/* Continues at another offset of the log. */
void session_decode_from(struct session *s, int64_t from);

/* ---- turn_files.c: the files that a turn made or changed ---- */

/* A call of Claude's own wrote that file (decoder.h): tells the shim. */
void turn_files_wrote(struct session *s, const char *path, int64_t from,
		      int64_t to);
/* Completes the parts of kind "files" that wait for it, one after another. */
void turn_files_step(struct session *s);
void turn_files_link_lost(struct session *s);

/* ---- requests.c: what a person asks, or is asked ---- */

/* The part is a server's form. */
bool request_is_form(const struct part *p);
/* Declines at once the forms that no page can show. */
void session_decline_unshown(struct session *s);

/* ---- sent_pictures.c: which messages have pictures ---- */

struct sent_pictures *sent_pictures_new(struct session *s);
/* Remembers a message's pictures (store/pictures.h), for its echo; the newest 64. */
void sent_pictures_keep(struct session *s, const char *message_id, const char *json);
/* As kept; NULL if that message has none. Borrowed. */
const char *sent_pictures_find(const struct session *s, const char *message_id);
/* Their ids, separated by spaces; "" none. Gives (child of ctx). */
char *sent_pictures_ids(const void *ctx, const char *json);

/* ---- queries.c ---- */

struct queries *queries_new(struct session *s);
/* The CLI answered the request of that number. */
void queries_answered(struct session *s, const char *number, bool ok, const char *response);
/* Sends what waits for the process, and gives up what waited too long. */
void queries_step(struct session *s);
/* When queries_step is due, clock_mono_ms; 0: not by time. */
int64_t queries_due(const struct session *s);
/* The process ended: it answers nothing any more. */
void queries_fail(struct session *s);

/* ---- claude_lists.c ---- */

/* Stores the models and commands of the CLI's answer to `initialize`, checked. */
void claude_lists_note(struct session *s, const char *response);

/* ---- permission_mode.c ---- */

/* Starts with "default". */
struct permission_mode *permission_mode_new(struct session *s);

bool mode_known(const char *mode);
/* The bridge asked for the mode that skips all questions. */
bool mode_skips(const struct session *s);
/* Sets the mode that the bridge asks for; an unknown one is "default". */
void mode_ask(struct session *s, const char *mode);
/* One more change of the mode is being stored (n 1), or one less (n -1). */
void mode_storing(struct session *s, int n);
/* The store has the mode, so what it says is not older. */
bool mode_stored(const struct session *s);
/* The user's answer allows Claude that mode too. */
void mode_widen(struct session *s, const char *mode);
/* Claude reported its mode; true if it is believed and changed. */
bool mode_said(struct session *s, const char *mode);
/* The process was started for another mode and may be ended now. */
bool mode_renews(const struct session *s);

/* ---- session_status.c ---- */

struct shown_status *shown_status_new(struct session *s);
/* Sends the status if it changed. */
void session_tell(struct session *s);
/* Claude's activity according to its log; "" if unknown. Copied. */
void session_note_activity(struct session *s, const char *phase, const char *detail);
/* Claude said something. */
void session_note_heard(struct session *s);
/* clock_mono_ms of the status's next change by time alone; 0: none. */
int64_t session_status_due(const struct session *s);

/* ---- last_line.c ---- */

/* Keeps the line of a text that is complete; others change nothing. */
void last_line_note(struct session *s, const struct part *p);

/* ---- session_load.c ---- */

/* Reads the store; again: live state is kept. */
void session_load(struct session *s, bool again);

/* ---- prestart.c ---- */

struct prestart *prestart_new(struct session *s);
/* The store has no conversation with that id, as expected. */
void prestart_loaded(struct session *s);
/* The conversation is stored now. */
void prestart_taken(struct session *s);
void prestart_step(struct session *s);
/* When prestart_step is due; clock_mono_ms, 0: not by time. */
int64_t prestart_due(const struct session *s);

#endif

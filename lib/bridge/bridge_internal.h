/* Shared by the bridge's files. */
#ifndef BRIDGE_BRIDGE_INTERNAL_H
#define BRIDGE_BRIDGE_INTERNAL_H

#include <sys/queue.h>

#include "auth/token_registry.h"
#include "bridge/bridge.h"
#include "bridge/bridge_server.h"
#include "egress/egress_server.h"
#include "html/template.h"
#include "kv/kv_async.h"
#include "session/session.h"
#include "spending/spent.h"
#include "store/users.h"
#include "ws/websocket.h"

#define PEOPLE_BUCKETS 1024
#define RENDER_LANES 2
#define CHECK_SLOTS 12		/* a login is checked again every CHECK_SLOTS ticks */
#define TICK_MS 5000
#define OTHERS_MAX 400		/* messages of a user in 10 s that are not to Claude */

struct incoming;

/* A socket's login, which is checked from time to time. */
struct login_check {
	unsigned char key[32];
	const char *user_id;
	bool asking;
	void (*ended)(void *owner);
	void *owner;
};

/* One WebSocket of a page. Small: there are thousands. */
struct client {
	TAILQ_ENTRY(client) in_person;
	TAILQ_ENTRY(client) in_room;
	LIST_ENTRY(client) in_slot;
	struct bridge *bridge;
	struct presence *presence;
	struct room *room;		/* NULL: status and list only */
	struct websocket *ws;
	const struct i18n_locale *locale;
	uint64_t serial;
	struct login_check login;
	bool reads_only;		/* its conversation belongs to a run */
	TAILQ_HEAD(, waiting) waiting;	/* messages that wait for a part to be drawn */
	size_t waiting_bytes;
	bool live;			/* has the history; events may follow */
};

/* One WebSocket of a terminal. */
struct terminal_client {
	TAILQ_ENTRY(terminal_client) in_person;
	LIST_ENTRY(terminal_client) in_bridge;
	struct bridge *bridge;
	struct presence *presence;
	struct websocket *ws;
	struct workspace_watch *watch;
	struct link_stream *stream;	/* NULL: not attached */
	TAILQ_HEAD(, terminal_post) posts;	/* its requests on their way to the shim */
	size_t sending;			/* bytes of them */
	size_t unread;			/* bytes that the browser has not drawn */
	struct login_check login;
	char id[ID_SIZE];
	int rows, cols;
	bool starts, viewing;
};

/* One live conversation and the pages that show it. */
struct room {
	LIST_ENTRY(room) in_person;
	struct bridge *bridge;
	struct presence *presence;
	struct session *session;
	TAILQ_HEAD(, client) clients;
	int nclients;
	char *row, *mode, *choice;	/* as last sent */
	uint64_t begun_by;		/* serial of the page on which the first message is typed;
					 * 0: none */
	int retries;			/* consecutive retries that found no room */
	int64_t tokens;			/* model tokens it used in total; -1: unknown */
	bool gone;
};

/* A domain outside the installation's list, as its user is shown it. */
struct block {
	const char *domain, *state;	/* as in store/domains.h */
};

/* An account's usage, as last read. */
struct budget_status {
	bool known, stopped;		/* stopped: by an administrator, for everybody */
	int64_t today, today_max;	/* tokens; 0: no limit */
	int percent, all_percent;	/* of the account's budget, of the installation's */
	int64_t resets_at;		/* UTC ms, of the account's; 0: not used up */
};

/* An account with a socket or a live conversation. */
struct presence {
	LIST_ENTRY(presence) next;
	struct bridge *bridge;
	char id[ID_SIZE];
	char *name, *zone;
	TAILQ_HEAD(, client) clients;
	TAILQ_HEAD(, terminal_client) terminals;
	LIST_HEAD(, room) rooms;
	int nclients;			/* of both kinds */
	uint64_t drawn;			/* sequence number of its last turn at drawing */
	int64_t window;			/* clock_mono_ms: these rates' interval began */
	int messages, others, opened;
	int relays, relays_running;	/* transfers of files; file_relay.c */
	struct workspace *workspace;
	struct workspace_watch *watch;	/* while there are clients */
	int64_t told_since;		/* UTC ms of the workspace's state */
	int told_state, told_place;
	long long told_memory, told_disk;
	int told_cpu;
	struct link *swept;		/* the link over which orphans were ended */
	struct block *blocks;		/* talloc child; as last sent */
	size_t nblocks;
	bool reading_blocks, blocks_again;
	struct budget_status spend;
	bool spending, spend_again;	/* being read; read again afterwards */
	int64_t spend_until;		/* clock_mono_ms: the turn's last call is booked by then */
};

struct bridge {
	uv_loop_t *loop;
	const struct settings *settings;
	struct session_env env;
	struct jobs *jobs;
	struct kv_async *kv;
	struct token_registry *tokens;
	bool reading_leftovers, leftovers_again;	/* token_lifecycle.c's */
	struct address_map *address_map;
	struct drawings *drawings;
	struct egress_policy_env gate_env;
	struct egress_policy *policy;
	struct egress_server *egress;
	struct prices *prices;
	int all_percent;		/* of the installation's budgets */
	int64_t all_read_at;		/* clock_mono_ms */
	struct engine *engine;
	struct workspaces *workspaces;
	struct templates *templates;
	struct i18n *i18n;
	struct bridge_server *web, *control;
	uv_timer_t tick, last, spend_timer, survey_timer, backlog_timer;
	uv_signal_t term, interrupt;
	LIST_HEAD(, presence) people[PEOPLE_BUCKETS];
	LIST_HEAD(, client) slots[CHECK_SLOTS];
	LIST_HEAD(, terminal_client) terminals;
	TAILQ_HEAD(, file_relay) relays;	/* oldest first */
	unsigned slot;
	uint64_t serial;
	int64_t nclients, clients_max;
	int handshakes;
	bool resumed, stopping, stopped;
	bool looking;			/* look for runs; run_control.c */
	unsigned looks;
};

/* handshake.c */
void handshake_begin(void *bridge, struct exchange *x);

/* search_backlog.c */
void search_backlog_begin(struct bridge *b);

/* control.c */
void control_request(void *bridge, struct exchange *x);

/* user_presence.c */
struct presence *presence_find(struct bridge *b, const char *id);
struct presence *presence_get(struct bridge *b, const char *id);
/* Frees it if nothing uses it. */
void presence_release_unused(struct presence *p);
void presence_watch(struct presence *p);
/* Ends Claude processes that an earlier bridge left and that belong to no room. */
void presence_sweep(struct presence *p);
void presence_each(struct bridge *b, void (*each)(struct presence *p,
						  void *data),
		   void *data);
/* Counts against a user's rate limit: false when it is exceeded. */
bool presence_may(struct presence *p, int *counter, int max);
/* Closes every page and session, and stops the container. */
void presence_end(struct presence *p);
/*
 * The account's last login ended: closes its pages, revokes its tokens and
 * ends its Claude processes, except those of runs.
 */
void presence_leave(struct presence *p);

/* room.c */
struct room *room_find(struct presence *p, const char *conversation);
struct room *room_get(struct presence *p, const char *conversation);
void room_close(struct room *r);
/*
 * The user retries: starts Claude, restarting the container if it could not be
 * started there. The first attempts do not restart while another conversation
 * works there; from the third on they do, because that conversation's state
 * may be wrong.
 */
void room_retry(struct room *r);
bool room_unused(const struct room *r);
/*
 * The user is typing: prestarts Claude in the page's room or, on a page
 * without one, for the conversation whose id it will send; one at a time.
 */
void room_begin(struct client *c, const char *id);
/* The page closed: its prestart is ended unless a message was sent. */
void room_begun_left(struct client *c);

/* room_events.c */
extern const struct session_events room_events;
/* Sends the conversation's row to every page of the user. */
void room_tell_row(struct room *r);
/* only: NULL for every page in the room. */
void room_tell_status(struct room *r, struct client *only);

/* turnover.c: which conversations may run Claude in a workspace */
/*
 * Makes an idle holder of a place give way; false: none is free yet, ask again
 * when one ended.
 */
bool turnover_may_start(struct room *wants);
/* Tells pages that wait for a place which conversations hold one. */
void turnover_tell(struct room *changed);
/*
 * Adds the holders of places when wants has none. wants: NULL for the
 * workspace's own status.
 */
void turnover_show(struct view *v, const struct room *wants, bool no_place,
		   const struct i18n_locale *l);
/* The user wants that conversation's place: ends its Claude, or cancels the run. */
void turnover_release(struct presence *p, const char *conversation);

/* page_client.c */
struct client_start {
	struct presence *presence;
	const char *conversation;	/* NULL: /ws/workspace */
	bool run;			/* it belongs to a run */
	const struct i18n_locale *locale;
	const unsigned char *key;
	int64_t from;
	int fd;
	const void *early;
	size_t n;
};
/*
 * Carries out a user's message to the conversation; asker: the page, 0 for
 * none. False if it is not for a conversation.
 */
bool client_perform(struct room *r, uint64_t asker, const struct incoming *cmd);
void client_new(struct bridge *b, const struct client_start *start);
/* False: its socket is closed or closing. */
bool client_send(struct client *c, const char *text);
void client_close(struct client *c, int code, const char *reason);
void client_tell_workspace(struct client *c);
/* Sends e's sentence to this page. */
void client_say(struct client *c, const struct err *e);
/* Checks the logins of the next slot, and that its pages still answer. */
void client_check(struct bridge *b, unsigned slot);
/* Closes those of one login. */
void client_end_login(struct bridge *b, const unsigned char key[32]);

/* socket_limits.c */
/* Whether the account may have one more socket; counts it. */
bool presence_may_open(struct presence *p);
/* Counts a message that is not one to Claude. */
bool presence_may_change(struct presence *p);

/* login_check.c */
/* Calls ended() later if it does not hold any more. */
void login_check_ask(struct bridge *b, struct login_check *c);
void login_check_forget(struct bridge *b, struct login_check *c);

/* terminal_client.c */
struct terminal_client_start {
	struct presence *presence;
	const char *id;
	const unsigned char *key;
	bool starts;			/* the terminal, if it does not run */
	int rows, cols;
	int fd;
	const void *early;
	size_t n;
};
void terminal_client_new(struct bridge *b, const struct terminal_client_start *s);
void terminal_client_close(struct terminal_client *c, int code, const char *reason);
/* Checks all their logins, and that their pages still answer. */
void terminal_client_check(struct bridge *b);
void terminal_client_end_login(struct bridge *b, const unsigned char key[32]);

/* render_queue.c: parts that are drawn in other threads (part_heavy) */
struct render_job;
void render_queue_open(struct bridge *b);
/*
 * Draws it for r's pages in one language; copies p. Lives while pages wait for
 * it: pass it to render_queue_send next.
 */
struct render_job *render_job_new(struct room *r, const struct i18n_locale *l,
				  const struct part *p, int64_t at);
void client_send_rendered(struct client *c, struct render_job *d);
/*
 * Sends it after everything queued before; NULL: closes the socket so that the
 * page reconnects.
 */
void client_wait(struct client *c, const char *text);
/* The page closed. */
void client_forget_waiting(struct client *c);

/* outgoing.c: messages to the browser; all give (child of ctx) */
struct part_event {
	const struct templates *templates;
	const struct i18n_locale *locale;
	const char *zone, *name;	/* the user's */
	const struct part *part;
	struct rendering *rendering;	/* NULL: it has no markdown */
	int64_t at;			/* offset in the log that it was drawn from */
};
/* May be called in any thread. */
char *outgoing_part(const void *ctx, const struct part_event *what);
char *outgoing_delta(const void *ctx, int64_t part, const char *text, size_t n,
		     int64_t at);
char *outgoing_at(const void *ctx, const char *kind, int64_t at);
char *outgoing_queue(const void *ctx, struct room *r,
		     const struct i18n_locale *l);
/* r: its room, NULL for the workspace's own. */
char *outgoing_status(const void *ctx, struct presence *p, const struct room *r,
		      const struct i18n_locale *l, const struct session_status *status);
char *outgoing_row(const void *ctx, struct room *r,
		   const struct i18n_locale *l);
/* The states of domains that were blocked, requested or decided. */
char *outgoing_blocked(const void *ctx, const struct presence *p,
		       const struct i18n_locale *l);
/* A kind and up to two texts by name; NULL names are left out. */
char *outgoing_text(const void *ctx, const char *kind, const char *name,
		    const char *value, const char *name2, const char *value2);
/* The answer to a page's question to Claude's process; NULL: there is none to show. */
char *outgoing_reply(const void *ctx, const struct session_reply *r,
		     const struct i18n_locale *l);
/* e's sentence. */
const char *outgoing_sentence(const struct i18n_locale *l, const struct err *e);
/* Logs a template's failure, once. */
void outgoing_failed(const char *what, const struct err *e);

/* run_control.c: runs of agents */
struct session_rules *runs_read_rules(const void *ctx,
				      const struct run_rules *stored,
				      struct err *e);
/* Makes sure every open attempt has its room; reads requests to end one. */
void runs_poll(struct bridge *b);
/* Tells the workers that this execution changed. Best effort: they also poll. */
void runs_announce_end(struct bridge *b);

/* token_lifecycle.c: when gateway tokens are valid. */
void token_lifecycle_open(struct bridge *b);
/* Called by a room's session; see session_events. */
void token_lifecycle_token(struct room *r, const char *hash,
			   const char *address, bool wanted);
/* The token of its session, which no process uses any more. */
void token_lifecycle_token_over(struct room *r, const char *hash);
/*
 * The container's own token, valid once the user logs in or opens a page; does
 * nothing while it is stopped.
 */
void token_lifecycle_workspace(struct bridge *b, struct workspace *w);
/* Revokes all of a user's tokens except those of runs, here and in the store. */
void token_lifecycle_end(struct bridge *b, const char *user_id);
/* For a conversation without a room. */
void token_lifecycle_end_conversation(struct bridge *b, const char *id,
				      const char *user_id);

/* blocked_domains.c: domains that a workspace was refused */
void blocked_note(void *bridge, const char *user_id, const char *domain, bool plain);
/* Reads them again and sends them to every page of the user. */
void blocked_read(struct presence *p);
void blocked_ask(struct client *c, const char *domain, const char *reason);

/* budget_status.c: how much of the budgets is used */
void budget_status_open(struct bridge *b);
/* Reads it again; pages are told if it changed. */
void budget_status_read(struct presence *p);
/* A turn ended: its last call is booked a moment later. */
void budget_status_turn_ended(struct presence *p);
/* While model calls are stopped, the sentence that says so; else "". */
const char *budget_status_banner(const struct presence *p,
				 const struct i18n_locale *l);
/* Why nothing can be sent now, in a few words; "" when it can. */
const char *budget_status_no_send(const void *ctx, const struct presence *p,
				  const struct i18n_locale *l);
/* Adds the fields of the status bar. */
void budget_status_show(struct view *v, const struct presence *p,
			const struct room *r,
			const struct i18n_locale *l);

/* The workspace's own status, in the form of a session's. */
void presence_workspace_status(struct presence *p, struct session_status *out);

#endif

/* Conversations, their messages and parts. */
#ifndef STORE_CONVERSATIONS_H
#define STORE_CONVERSATIONS_H

#include "core/id.h"
#include "store/db.h"

#define TITLE_MAX 200	/* characters */

struct attempt_end;	/* store/executions.h */

/* A talloc object. Its id is also its session's id in the shim and at the CLI. */
struct conversation {
	char id[ID_SIZE];
	char user_id[ID_SIZE];
	const char *title;
	const char *mode;	/* default, acceptEdits, plan, bypassPermissions */
	const char *model;	/* "" for the installation's */
	const char *state;	/* idle, working, waiting (for the person) */
	const char *kind;	/* chat, run (a run's session: nobody answers, no list shows it) */
	bool spoken;		/* Claude has seen a message: --resume, not --session-id */
	int64_t recorded_offset;/* bytes of the session's log that are in parts */
	int64_t created_at, updated_at;
	int64_t deleted_at;	/* 0, or when deletion was asked; purged by the bridge */
};

/* id, here and below: set by success alone. */
int conversation_create(struct db *db, const char *user_id, const char *title,
			char id[ID_SIZE], struct err *e) must_check;
/* With that id unless it is taken: another one then. */
int conversation_create_as(struct db *db, const char *user_id, const char *title,
			   const char *wanted, char id[ID_SIZE], struct err *e) must_check;

/* Of kind run, with its mode and model. Within a transaction of the caller's, or of its own. */
int conversation_create_run(struct db *db, const char *user_id, const char *title,
			    const char *mode, const char *model,
			    char id[ID_SIZE], struct err *e) must_check;

/* From now on it is of kind chat, mode default, and the user's newest. Nothing when it is already. */
int conversation_make_chat(struct db *db, const char *id, struct err *e) must_check;

/* ERR_MISSING when there is none, when deleted, or when it is not user_id's (NULL: anyone's). */
struct conversation *conversation_load(struct db *db, const void *ctx, const char *id,
				       const char *user_id, struct err *e) must_check;

/*
 * Of kind chat, newest first. search: part of the title, case-insensitive, "" for all
 * (ERR_INPUT over TITLE_MAX characters); before: updated_at of the last row of
 * the page before, 0 for the first (no two of a user's have the same).
 * Texts are borrowed during the call.
 */
int conversation_each(struct db *db, const char *user_id, const char *search,
		      int64_t before, int limit,
		      int (*each)(void *data, const struct conversation *c, struct err *e),
		      void *data, struct err *e) must_check;

/*
 * Every one that is not idle or has an unsent message or waits for its purge,
 * and a run whose process was not seen to end:
 * what a new bridge takes up. Of disabled accounts only the last.
 */
int conversation_each_open(struct db *db,
		      int (*each)(void *data, const struct conversation *c, struct err *e),
		      void *data, struct err *e) must_check;

/* ERR_INPUT "error_conversation_title" for a title that is empty, too long or not UTF-8 (conversation_create takes ""). */
int conversation_rename(struct db *db, const char *id, const char *user_id, const char *title, struct err *e) must_check;
/* A run's is part of the history: ERR_CONFLICT "error_conversation_run". */
int conversation_mark_deleted(struct db *db, const char *id, const char *user_id, struct err *e) must_check;
/*
 * Takes it and all its messages and parts away; it need not be there. What a
 * run said in it before it was continued stays, of kind run again.
 */
int conversation_purge(struct db *db, const char *id, struct err *e) must_check;
/* These two do not ask whose it is: only for an id that conversation_load gave. */
int conversation_set_mode(struct db *db, const char *id, const char *mode, struct err *e) must_check;
int conversation_set_model(struct db *db, const char *id, const char *model, struct err *e) must_check;

/*
 * A person's message, written before Claude sees it. state: queued (kept, to
 * be sent), sent (given to Claude's input), seen (its echo was read: it has a
 * place in the log), withdrawn.
 */
struct message {
	char id[ID_SIZE];	/* the browser's uuid */
	char conversation_id[ID_SIZE];
	const char *state;
	const char *text;
	const char *held;	/* withdrawn, and kept for its person: stopped, withdrawn, untaken; else "" */
	int64_t at;		/* its place: byte offset of its echo in the log; -1 before */
	int64_t created_at;
};

/* message_add for a fresh id, within the caller's transaction. */
int message_insert(struct db *db, const char *conversation_id, const char *id,
		   const char *text, struct err *e) must_check;
/* 1 when it was new, 0 when that id was known already (and nothing changed); ERR_CONFLICT when the id is another conversation's, ERR_INPUT "error_command_..." for a command that is not sent. */
int message_add(struct db *db, const char *conversation_id, const char *id,
		const char *text, struct err *e) must_check;
/* message_add that also ends the keeping of a held message, in one transaction. held: NULL, or the id of one of that conversation. */
int message_add_for(struct db *db, const char *conversation_id, const char *id,
		    const char *text, const char *held, struct err *e) must_check;
/* Withdraws it and keeps it for its person; why as in struct message. Errors as message_set_state. */
int message_hold(struct db *db, const char *conversation_id, const char *id,
		 const char *why, struct err *e) must_check;
/* It is kept no longer; nothing happens when it is not. */
int message_release(struct db *db, const char *conversation_id, const char *id,
		    struct err *e) must_check;
/* The conversation of user_id that a message is in: ERR_MISSING when there is none. */
int message_find(struct db *db, const char *id, const char *user_id,
		 char conversation_id[ID_SIZE], struct err *e) must_check;
/*
 * queued, sent or withdrawn. ERR_MISSING when that conversation has no such
 * message; ERR_CONFLICT when it was seen or withdrawn before (nothing changed).
 */
int message_set_state(struct db *db, const char *conversation_id, const char *id,
		      const char *state, struct err *e) must_check;
/* Those without a place: queued, sent and held, oldest first. */
int message_each_unplaced(struct db *db, const char *conversation_id,
		  int (*each)(void *data, const struct message *m, struct err *e),
		  void *data, struct err *e) must_check;
/* The last so many that have a place before the offset, latest first. */
int message_each_placed(struct db *db, const char *conversation_id,
		  int64_t before, int limit,
		  int (*each)(void *data, const struct message *m, struct err *e),
		  void *data, struct err *e) must_check;

/*
 * A part: something the log said, drawn as one element. Its name is the byte
 * offset of the log line it began with, so decoding again gives the same name.
 */
struct part {
	int64_t at;		/* the name; unique in its conversation */
	int64_t changed_at;	/* log offset after the last line that changed it */
	int64_t turn;		/* `at` of the turn's first part: parts of one turn make one message */
	const char *role;	/* user, assistant */
	const char *kind;	/* text, thinking, tool_use, permission, question, plan, todo, image, error, usage, status */
	const char *state;	/* running, waiting, ok, failed, denied, cancelled */
	const char *data;	/* JSON, by kind: see transcript/part.h */
	int64_t created_at, ended_at;	/* UTC ms; 0: not ended */
};

/*
 * One transaction: parts inserted or replaced by (conversation, at), messages
 * whose echo was read get their place and state seen, the conversation's
 * recorded_offset, state, and updated_at when touched.
 */
struct seen_message {
	char id[ID_SIZE];
	int64_t at;
};

struct recording {
	const char *conversation_id;
	int64_t offset;			/* new recorded_offset */
	const char *state;		/* NULL: as it was */
	const char *mode;		/* NULL: as it was */
	bool touched;
	bool spoken;
	const struct part *parts;
	size_t nparts;
	const struct seen_message *seen;
	size_t nseen;
	const struct attempt_end *attempt_end;	/* of a run whose end was read; NULL none */
	/*
	 * Bytes of data that the conversation, and all of its account, may have
	 * recorded; 0: no limit. Beyond it a part that nobody is asked about is
	 * recorded as shrink makes it. Gives (child of ctx).
	 */
	int64_t conversation_max, account_max;
	char *(*shrink)(const void *ctx, const struct part *p);
};
/*
 * ERR_MISSING when the conversation was purged; ERR_CONFLICT when offset is
 * behind recorded_offset (another recorder is at work): nothing is changed then.
 */
int conversation_record(struct db *db, const struct recording *r, struct err *e) must_check;

/*
 * *count: how many of the last `limit` parts before `before` (0: no bound) have
 * at most so many characters of data together; the last one always counts. *more:
 * there may be parts before them.
 */
int part_count(struct db *db, const char *conversation_id, int64_t before,
	       int limit, int64_t characters, int *count, bool *more, struct err *e) must_check;

/* In order of `at`. changed_after: only those with changed_at > it (-1: all). before: only at < it (0: no bound); limit: the last so many (0: all). */
int part_each(struct db *db, const char *conversation_id, int64_t changed_after,
	      int64_t before, int limit,
	      int (*each)(void *data, const struct part *p, struct err *e),
	      void *data, struct err *e) must_check;

#endif

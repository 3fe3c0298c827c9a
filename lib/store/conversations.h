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
	const char *effort;	/* of conversation_efforts; "" for the model's own */
	const char *state;	/* idle, working, waiting (for the user) */
	const char *kind;	/* chat; run (a run's session: nobody answers, not listed) */
	const char *project_id;	/* "" none; it may be deleted */
	const char *folder;	/* below the home, where its session starts; "" the home */
	const char *last_line;	/* of the latest text, for lists */
	bool pinned, archived;
	bool spoken;		/* Claude has seen a message: --resume, not --session-id */
	int64_t recorded_offset;/* bytes of the session's log that are recorded as parts */
	int64_t created_at, updated_at;
	int64_t deleted_at;	/* when deletion was requested, or 0; the bridge purges it */
};

/* Here and below, id is set only on success. */
int conversation_create(struct db *db, const char *user_id, const char *title,
			char id[ID_SIZE], struct err *e) must_check;
/* Uses the id wanted, or a new one if it is taken. */
int conversation_create_as(struct db *db, const char *user_id, const char *title,
			   const char *wanted, char id[ID_SIZE], struct err *e) must_check;

/* Creates one of kind run, in the caller's transaction or its own. */
int conversation_create_run(struct db *db, const char *user_id, const char *title,
			    const char *mode, const char *model,
			    char id[ID_SIZE], struct err *e) must_check;

/* Makes it a chat with mode default and the user's newest conversation. No effect on a chat. */
int conversation_make_chat(struct db *db, const char *id, struct err *e) must_check;

/* ERR_MISSING if it does not exist, is deleted, or is not user_id's (NULL: anyone's). */
struct conversation *conversation_load(struct db *db, const void *ctx, const char *id,
				       const char *user_id, struct err *e) must_check;

/*
 * Lists chats, newest first. search: part of the title, case-insensitive, "" for
 * all (ERR_INPUT over TITLE_MAX characters). before: updated_at of the previous
 * page's last row, 0 for the first page (unique per user). Texts are borrowed
 * during the call.
 */
int conversation_each(struct db *db, const char *user_id, const char *search,
		      int64_t before, int limit,
		      int (*each)(void *data, const struct conversation *c, struct err *e),
		      void *data, struct err *e) must_check;

/* As above, of one list: neither pinned nor archived; pinned and not archived; archived. */
enum conversation_list {
	CONVERSATIONS_RECENT, CONVERSATIONS_PINNED, CONVERSATIONS_ARCHIVED
};
int conversation_each_in(struct db *db, const char *user_id,
			 enum conversation_list list, int64_t before, int limit,
			 int (*each)(void *data, const struct conversation *c, struct err *e),
			 void *data, struct err *e) must_check;
/* As above, of a project: those that are not archived. */
int conversation_each_of(struct db *db, const char *user_id,
			 const char *project_id, int64_t before, int limit,
			 int (*each)(void *data, const struct conversation *c, struct err *e),
			 void *data, struct err *e) must_check;

/*
 * Lists what a new bridge resumes: conversations that are not idle, have an unsent
 * message or wait for their purge, and runs whose process was not seen to end. Of
 * disabled accounts only those that wait for their purge.
 */
int conversation_each_open(struct db *db,
		      int (*each)(void *data, const struct conversation *c, struct err *e),
		      void *data, struct err *e) must_check;

/* ERR_INPUT "error_conversation_title" for a title that is empty, too long or not UTF-8 (conversation_create allows ""). */
int conversation_rename(struct db *db, const char *id, const char *user_id, const char *title, struct err *e) must_check;
/* ERR_CONFLICT "error_conversation_run" for a run's, which is part of its history. */
int conversation_mark_deleted(struct db *db, const char *id, const char *user_id, struct err *e) must_check;
/* From the mark to the purge: so long it may be restored. */
#define CONVERSATION_UNDO_MS 20000

/*
 * One that was marked deleted and is not purged yet. user_id NULL: anyone's.
 * ERR_MISSING if there is none. Gives (child of ctx).
 */
struct conversation *conversation_load_deleted(struct db *db, const void *ctx,
					       const char *id, const char *user_id,
					       struct err *e) must_check;
/* Undoes the mark of one that was deleted at or after since; ERR_MISSING for any other. */
int conversation_restore(struct db *db, const char *id, const char *user_id,
			 int64_t since, struct err *e) must_check;
/* From now on a deleted one cannot be restored; ERR_MISSING if it was restored before. */
int conversation_condemn(struct db *db, const char *id, struct err *e) must_check;
/*
 * Removes it with its messages and parts, if it exists. Of a continued run, keeps
 * what the run itself recorded, as kind run again.
 */
int conversation_purge(struct db *db, const char *id, struct err *e) must_check;
/* These two do not check the owner: use an id from conversation_load only. */
int conversation_set_mode(struct db *db, const char *id, const char *mode, struct err *e) must_check;
int conversation_set_model(struct db *db, const char *id, const char *model, struct err *e) must_check;
/* ERR_INPUT "error_effort" for one that is unknown. */
int conversation_set_effort(struct db *db, const char *id, const char *effort, struct err *e) must_check;

/* How much a model thinks, as the CLI names it, ascending. */
#define EFFORTS 5
extern const char *const conversation_efforts[EFFORTS];
/* "" is known too. */
bool conversation_effort_known(const char *effort);

/*
 * A user's message, written before Claude sees it. state: queued (to be sent), sent
 * (written to Claude's input), seen (its echo is in the log), withdrawn.
 */
struct message {
	char id[ID_SIZE];	/* the browser's uuid */
	char conversation_id[ID_SIZE];
	const char *state;
	const char *text;
	const char *pictures;	/* as message_pictures (store/pictures.h); "" none */
	const char *held;	/* why a withdrawn one is kept for the user: stopped, withdrawn, untaken; else "" */
	int64_t at;		/* byte offset of its echo in the log; -1 before */
	int64_t created_at;
};

/*
 * ERR_LIMIT "error_record_full" when the account's records, messages among them,
 * leave no room below account_max bytes; a short message has an eighth more.
 */
#define MESSAGE_SHORT 4096	/* bytes */
int message_check_room(struct db *db, const char *user_id, const char *text,
		       int64_t account_max, struct err *e) must_check;
/* It begins with a command that is never sent. */
bool message_refused(const char *text);
/* As message_add for a new id, in the caller's transaction. */
int message_insert(struct db *db, const char *conversation_id, const char *id,
		   const char *text, struct err *e) must_check;
/* Returns 1 if it is new, 0 if the id is known (no change). ERR_CONFLICT if the id is another conversation's; ERR_INPUT "error_command_..." for a command that is never sent. */
int message_add(struct db *db, const char *conversation_id, const char *id,
		const char *text, struct err *e) must_check;
/*
 * As message_add, with pictures (ids separated by spaces, "" none; errors as
 * message_set_pictures), and releases the held message of that conversation
 * (NULL: none) in the same transaction.
 */
int message_add_for(struct db *db, const char *conversation_id, const char *id,
		    const char *text, const char *pictures, const char *held,
		    struct err *e) must_check;
/* The newest messages that have pictures and were not withdrawn. */
int message_each_with_pictures(struct db *db, const char *conversation_id, int limit,
			       int (*each)(void *data, const struct message *m, struct err *e),
			       void *data, struct err *e) must_check;
/* Withdraws it and holds it for the user; why: as held in struct message. Errors as message_set_state. */
int message_hold(struct db *db, const char *conversation_id, const char *id,
		 const char *why, struct err *e) must_check;
/* Releases a held message; no effect on others. */
int message_release(struct db *db, const char *conversation_id, const char *id,
		    struct err *e) must_check;
/* Finds the conversation of user_id that contains a message; ERR_MISSING if none does. */
int message_find(struct db *db, const char *id, const char *user_id,
		 char conversation_id[ID_SIZE], struct err *e) must_check;
/*
 * state: queued, sent or withdrawn. ERR_MISSING if the conversation has no such
 * message; ERR_CONFLICT if it is already seen or withdrawn (no change).
 */
int message_set_state(struct db *db, const char *conversation_id, const char *id,
		      const char *state, struct err *e) must_check;
/* Messages without an offset: queued, sent and held, oldest first. */
int message_each_unplaced(struct db *db, const char *conversation_id,
		  int (*each)(void *data, const struct message *m, struct err *e),
		  void *data, struct err *e) must_check;
/* The last limit messages with an offset below before, latest first. */
int message_each_placed(struct db *db, const char *conversation_id,
		  int64_t before, int limit,
		  int (*each)(void *data, const struct message *m, struct err *e),
		  void *data, struct err *e) must_check;

/*
 * A part: something the log says, drawn as one element. Its name is the byte
 * offset of its first log line, so decoding again gives the same name.
 */
struct part {
	int64_t at;		/* its name; unique in the conversation */
	int64_t changed_at;	/* log offset after the last line that changed it */
	int64_t turn;		/* `at` of the turn's first part; the parts of a turn make one message */
	const char *role;	/* user, assistant */
	const char *kind;	/* text, thinking, tool_use, permission, question, plan, todo, image, error, usage, status */
	const char *state;	/* running, waiting, ok, failed, denied, cancelled */
	const char *data;	/* JSON, by kind: see transcript/part.h */
	int64_t created_at, ended_at;	/* UTC ms; 0: not ended */
};

/*
 * What conversation_record writes in one transaction: parts, inserted or replaced
 * by (conversation, at); offset and state "seen" of messages whose echo was read;
 * the conversation's recorded_offset, state and, if touched, updated_at.
 */
struct seen_message {
	char id[ID_SIZE];
	int64_t at;
};

struct recording {
	const char *conversation_id;
	int64_t offset;			/* new recorded_offset */
	const char *state;		/* NULL: unchanged */
	const char *mode;		/* NULL: unchanged */
	const char *last_line;		/* NULL: unchanged */
	bool touched;
	bool spoken;
	const struct part *parts;
	size_t nparts;
	const struct seen_message *seen;
	size_t nseen;
	const struct attempt_end *attempt_end;	/* of a run whose end was read; else NULL */
	/*
	 * Limits of recorded data of the conversation and of its account, in
	 * bytes; 0: no limit. Beyond them, parts that ask nobody are replaced by
	 * what shrink gives (child of ctx).
	 */
	int64_t conversation_max, account_max;
	char *(*shrink)(const void *ctx, const struct part *p);
	/* What can be found of a part (child of ctx), or NULL; NULL: parts are not to be found. */
	char *(*search_text)(const void *ctx, const struct part *p);
};
/*
 * ERR_MISSING if the conversation was purged; ERR_CONFLICT if offset is behind
 * recorded_offset, because another recorder is working. No change then.
 */
int conversation_record(struct db *db, const struct recording *r, struct err *e) must_check;

/*
 * *count: how many of the last `limit` parts before `before` (0: no bound) fit into
 * that many characters of data together, at least one. *more: there may be earlier
 * parts.
 */
int part_count(struct db *db, const char *conversation_id, int64_t before,
	       int limit, int64_t characters, int *count, bool *more, struct err *e) must_check;

/*
 * The `before` of a page of at most limit parts and that many characters that shows
 * the part at, with some that follow it; 0: the last page does.
 */
int part_page(struct db *db, const char *conversation_id, int64_t at, int limit,
	      int64_t characters, int64_t *before, struct err *e) must_check;

/*
 * The `at` of the last question if nobody answered it and the user said nothing
 * after it, nor has anything in the queue; else -1.
 */
int part_unanswered(struct db *db, const char *conversation_id, int64_t *at,
		    struct err *e) must_check;

/* Ordered by `at`. changed_after: only changed_at > it (-1: all). before: only at < it (0: no bound). limit: only the last ones (0: all). */
int part_each(struct db *db, const char *conversation_id, int64_t changed_after,
	      int64_t before, int limit,
	      int (*each)(void *data, const struct part *p, struct err *e),
	      void *data, struct err *e) must_check;

#endif

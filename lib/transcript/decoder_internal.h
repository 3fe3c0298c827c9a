/* Shared by the decoder's files. */
#ifndef TRANSCRIPT_DECODER_INTERNAL_H
#define TRANSCRIPT_DECODER_INTERNAL_H

#include "core/buf.h"
#include "core/id.h"
#include "json/field.h"
#include "transcript/decoder.h"
#include "transcript/truncate_line.h"

#define TEXT_MAX (1 << 20)
#define STRING_MAX (TEXT_MAX + 1024)	/* of a truncated line: so its part is marked as cut */
#define INPUT_MAX (64 << 10)
#define QUESTION_MAX (1 << 20)	/* returned unchanged with the answers */
#define OUTPUT_HALF (32 << 10)
#define IMAGE_MAX (2 << 20)
#define NAME_MAX_BYTES 200
#define LIVE_MAX 512		/* open parts in memory */
#define AT_HAND_MAX (8u << 20)	/* and approximately the memory they may use */
#define KNOWN 64
#define TOLD_MAX 64		/* lines that may be retracted */
#define BEGUN_MAX 128		/* messages of one turn */
#define JOINED_MAX (8 << 20)

/* A part that may still change. A talloc child of the decoder. */
struct live {
	struct live *next;
	struct part p;		/* texts are literals or children of this */
	struct json_object *data;
	size_t weight;		/* approximate memory of data, as last drawn */
	char *id;		/* tool_use id, or the request's; NULL for texts */
	char *tool;		/* of a request: the tool_use that it is about */
	struct buf text;	/* of a stream: the text so far */
	bool stream;		/* an open text or thinking block, or a tool's input */
	int64_t index;		/* of a stream: its block in the message */
	bool stale;		/* its stream was abandoned; a retry reuses it */
	bool background;	/* outlives its turn */
};

struct begun {			/* a message in a turn, not echoed yet */
	char uuid[ID_SIZE];
	int64_t at, time;	/* its "started" line */
};

struct told {			/* a line of Claude's and its last part */
	char uuid[ID_SIZE];
	int64_t at, turn;
};

struct decoder {
	const struct decoder_events *ev;
	void *data;
	int64_t (*now)(void);

	int64_t line_at;	/* start of the current line */
	int64_t line_end;	/* and its end, including the newline */
	int64_t nth;		/* parts it began so far: each needs a name */
	int64_t line_time;	/* its timestamp, else now */
	struct buf line;	/* an incomplete line */
	struct truncate_line truncate;	/* of a line that is too long */
	bool truncating, lost;	/* still too long after truncation */
	int64_t broken;		/* lines that were not JSON */
	bool broken_said;	/* a part of this turn was drawn */

	bool in_turn;
	bool failed;		/* the turn has its error part */
	bool drawn;		/* the turn has a part of Claude's */
	int64_t drawn_at;	/* the last part begun */
	bool want_files;	/* decoder_want_files */
	bool tools;		/* the turn called a tool */
	int64_t turn_time;	/* when it began, UTC ms */
	const char *end_key;	/* decoder_end_as; NULL: ends are shown as they appear */
	int64_t group;		/* the current assistant message, -1: none */
	int64_t user_group;
	struct live *open;
	size_t nopen;
	struct live *oom_killed;/* the last tool that ended with 137, for an oom line */
	bool oom_pending;	/* an oom line came before the tool's end */

	struct buf joined;	/* texts echoed before their turn, each with a newline */
	int64_t joined_at;	/* where the first of them was echoed; -1 */
	char known[KNOWN][ID_SIZE];
	size_t nknown;
	struct begun begun[BEGUN_MAX];
	size_t nbegun;
	int64_t emitted_at, emitted_turn;	/* the part changed last; -1 none in this line */
	struct told told[TOLD_MAX];
	size_t ntold;
};

/* decoder_live.c: open parts. */

/*
 * A new part; its name is the current line's. role "user" begins a message of
 * its own, "assistant" continues the turn's. data is empty; emit once filled.
 */
struct live *live_begin(struct decoder *d, const char *role, const char *kind,
			const char *state);
/*
 * A user's part at an earlier position of the log, a message of its own;
 * nothing else moves.
 */
struct live *live_insert(struct decoder *d, int64_t at, int64_t time,
			 const char *role, const char *kind);
/* A new part, or one abandoned by a broken stream, emptied. */
struct live *live_again(struct decoder *d, const char *kind);
void live_emit(struct decoder *d, struct live *l);
/* The last change: emits, and frees l. */
void live_finish(struct decoder *d, struct live *l, const char *state);
struct live *live_find(struct decoder *d, const char *id);
struct live *live_find_kind(struct decoder *d, const char *kind);
/* Restores a recorded part as an open one. */
void live_restore(struct decoder *d, const struct part *p);
/* Ends parts that run or wait; background ones only when all. */
void live_end(struct decoder *d, const char *running, bool all);
/* Remembers l for an oom line that may follow its end. */
void live_kill(struct decoder *d, const struct live *l);
void live_unkill(struct decoder *d);
/*
 * A part that is complete at once: an error, a status. text (may be NULL) has
 * n bytes.
 */
void live_say(struct decoder *d, const char *kind, const char *key,
	      const char *field, const char *text, size_t n);

/* The turn's files, if it may have written some. */
void live_files(struct decoder *d);

/* decoder_stream.c: stream_event and assistant lines. */
void stream_event(struct decoder *d, struct json_object *line);
void stream_assistant(struct decoder *d, struct json_object *line);

/* decoder_user.c: a call with that data has succeeded; it began at from. */
void call_wrote(struct decoder *d, struct json_object *call, int64_t from);

/* decoder_user.c: user lines: echoes, tool results. */
void user_line(struct decoder *d, struct json_object *line);
/* Whether this message was echoed before; add: remember that it is. */
bool known(struct decoder *d, const char *uuid, bool add);

/* decoder_retract.c: messages that Claude retracts. */
/* Records that the line drew the part that was changed last. */
void retract_note(struct decoder *d, struct json_object *line);
/* Removes the parts drawn by the lines with these uuids. */
void retract(struct decoder *d, struct json_object *line, const char *field);
void refusal_fallback(struct decoder *d, struct json_object *line);

/* decoder_command.c: messages from their turn's start to its end. */
void command_line(struct decoder *d, struct json_object *line);
/*
 * It was echoed. Returns the position of its start if parts were drawn since,
 * otherwise -1.
 */
int64_t command_echoed(struct decoder *d, const char *uuid);
/* The turn has ended: so have all its messages. */
void command_end_all(struct decoder *d);
void conversation_reset(struct decoder *d, struct json_object *line);

/* decoder_agent.c: a sub-agent's steps, kept in its tool's card. */
bool agent_line(struct decoder *d, struct json_object *line);
void agent_ended(struct decoder *d, struct json_object *line);

/* decoder_ask.c: permissions, questions, plans. */
void ask_request(struct decoder *d, struct json_object *line);
/* True when the response answered one of them: it is the echo of ours. */
bool ask_answered(struct decoder *d, struct json_object *response);
void ask_withdrawn(struct decoder *d, struct json_object *line);

/* decoder_form.c: forms of MCP servers. */
void form_request(struct decoder *d, struct json_object *line);
/* l: the waiting form; answer: the response to it. */
void form_answered(struct decoder *d, struct live *l, struct json_object *answer);

/* decoder.c */
void turn_start(struct decoder *d);
void turn_end(struct decoder *d, bool ok, const struct turn_usage *usage);
void activity(struct decoder *d, const char *phase, const char *detail);

/* decoder_turn.c: system, result and the shim's lines. */
void turn_result(struct decoder *d, struct json_object *line);
void turn_suggestion(struct decoder *d, struct json_object *line);
void turn_system(struct decoder *d, struct json_object *line);
void turn_process(struct decoder *d, struct json_object *line);

#endif

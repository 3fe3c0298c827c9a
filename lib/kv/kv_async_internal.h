/* Shared by kv_async.c and kv_script.c. */
#ifndef KV_KV_ASYNC_INTERNAL_H
#define KV_KV_ASYNC_INTERNAL_H

#include <hiredis/async.h>
#include <stdbool.h>
#include <stddef.h>

#include "kv/kv_async.h"

#define SHA_SIZE 41	/* of a script: 40 hex digits and a NUL */

/* Its name is Redis' own answer to SCRIPT LOAD; "" until that came. */
struct script {
	struct script *next;
	const char *text;
	char sha[SHA_SIZE];
	bool lost;	/* Redis knew one of ours no more, and so perhaps none */
	uint64_t known;	/* whole texts sent when Redis last had it for certain */
	size_t named;	/* calls of it by name on their way */
};

/*
 * A question: in kv's list, and known to hiredis, until its answer comes. One
 * whose link is gone (away) waits for the next turn of the loop.
 */
struct question {
	struct question *next;
	struct kv_async *kv;
	kv_async_done *done;	/* NULL: forgotten */
	void *data;
	int64_t deadline;	/* clock_mono_ms; grows along the list */
	uint64_t number;	/* grows along the list */
	struct script *script;	/* NULL: it is none */
	struct script_call *call;	/* its own; NULL without a script */
	uint64_t sent;		/* whole texts sent before it, if named */
	bool away;
	bool named;		/* on its way by a name that Redis may not know */
	bool held;		/* not said yet: it would overtake a script */
};

struct kv_async {
	uv_loop_t *loop;
	char *path;
	redisAsyncContext *context;	/* NULL when away */
	uv_timer_t *retry, *deadline;	/* freed when closed */
	int64_t backoff;
	struct question *first, **last;
	struct script *scripts;
	size_t held;		/* questions that are so */
	uint64_t asked, links, texts;	/* texts: scripts sent whole */
	bool closing;
};

/* kv_async.c */
/* Appends a question without a command. */
struct question *kv_question_new(struct kv_async *kv, kv_async_done *done,
				 void *data);
/* Sends its command; without a link it is answered on the loop's next turn. */
void kv_question_send(struct question *q, size_t n, const char *const *args);
/* It is not held any longer. */
void kv_question_release(struct question *q);

/* kv_script.c */
/* A call by name was answered; done: Redis knew the script. */
void kv_script_ended(struct question *q, bool done);
/* Redis does not know the script: the call is held in its place, to be sent whole. */
void kv_script_hold_again(struct question *q);
/* Sends held calls as far as their order allows. */
void kv_script_send_held(struct kv_async *kv);
void kv_script_free_all(struct kv_async *kv);

#endif

/*
 * The gateway token of Claude's process: a new one each start, stored by its
 * hash before it is used, so that a bridge that comes later can make it good
 * again or end it. Its text is nowhere but in that process.
 */
#include "config.h"

#include <string.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/digest.h"
#include "session/session_internal.h"
#include "store/conversation_tokens.h"

#define WAIT_MS 500		/* after the first failure; doubled */
#define WAIT_MAX_MS 5000

struct token_job {
	struct session *s;
	char id[ID_SIZE], hash[TOKEN_SIZE];
};

static struct token_job *job_new(struct session *s)
{
	struct token_job *j = talloc_zero(NULL, struct token_job);

	j->s = s;
	memcpy(j->id, s->id, ID_SIZE);
	memcpy(j->hash, s->token_hash, TOKEN_SIZE);
	return j;
}

static void forget_text(struct session *s)
{
	explicit_bzero(s->token, sizeof(s->token));
}

/* Claude cannot start without it: later, then. */
static void fail(struct session *s, const struct err *e)
{
	int64_t wait = WAIT_MS;
	int i;

	for (i = 0; i < s->token_tries && wait < WAIT_MAX_MS; i++)
		wait *= 2;
	s->token_tries++;
	if (s->token_tries == 1)
		session_trouble(s, "token", e);
	s->token_error = *e;
	process_enter(s, PROCESS_NONE);
	s->retry_at = clock_mono_ms() + (wait < WAIT_MAX_MS ? wait : WAIT_MAX_MS);
	forget_text(s);
	claude_token_over(s);
	session_tell(s);
	process_arm(s);
}

static int set_work(void *data, struct db *db, struct err *e)
{
	struct token_job *j = data;

	return conversation_token_set(db, j->id, j->hash, e);
}

static void set_done(void *data, const struct err *e)
{
	struct token_job *j = data;
	struct session *s = j->s;
	bool mine = !s->closed && s->process == PROCESS_TOKEN &&
		    memcmp(j->hash, s->token_hash, TOKEN_SIZE) == 0;

	talloc_free(j);
	if (mine && e)
		fail(s, e);
	else if (mine)
		s->ev->token(s->data, s->token_hash,
			     workspace_address(s->workspace), true);
	session_job_over(s);
}

void claude_token_begin(struct session *s)
{
	claude_token_over(s);
	token_new(s->token);
	digest_hex(s->token, strlen(s->token), s->token_hash);
	if (s->ahead)	/* there is no row for it, and no bridge takes it up */
		s->ev->token(s->data, s->token_hash,
			     workspace_address(s->workspace), true);
	else
		session_job(s, set_work, set_done, job_new(s));
}

static void kept(void *data, const struct err *e)
{
	struct token_job *j = data;
	struct session *s = j->s;

	/* The next bridge would end what it does not know. */
	if (e && !s->closed)
		session_trouble(s, "token", e);
	talloc_free(j);
	session_job_over(s);
}

void claude_token_keep(struct session *s)
{
	if (s->token_hash[0])
		session_job(s, set_work, kept, job_new(s));
}

void session_token_good(struct session *s, const struct err *e)
{
	if (s->closed || s->process != PROCESS_TOKEN)
		return;
	if (e) {
		fail(s, e);
		return;
	}
	s->token_tries = 0;
	s->token_error = (struct err){ 0 };
	process_enter(s, PROCESS_STARTING);
	claude_start(s);
	forget_text(s);
	session_tell(s);
}

void claude_token_found(struct session *s)
{
	if (s->token_hash[0])
		s->ev->token(s->data, s->token_hash,
			     workspace_address(s->workspace), false);
}

void claude_token_over(struct session *s)
{
	if (!s->token_hash[0])
		return;
	s->ev->token_over(s->data, s->token_hash);
	s->token_hash[0] = '\0';
}

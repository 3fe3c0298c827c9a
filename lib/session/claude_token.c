#include "config.h"
#include "session/claude_token.h"

#include <string.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/digest.h"
#include "session/claude_process.h"
#include "session/session_internal.h"
#include "store/conversation_tokens.h"

#define WAIT_MS 500		/* after the first failure; doubled */
#define WAIT_MAX_MS 5000

struct claude_token {
	char text[TOKEN_SIZE];	/* until the shim has it; else "" */
	char hash[TOKEN_SIZE];	/* of Claude's current or next token; "" if none */
	struct err error;	/* of the last attempt */
	int tries;		/* failures in a row */
};

struct token_job {
	struct session *s;
	char id[ID_SIZE], hash[TOKEN_SIZE];
};

static struct token_job *job_new(struct session *s)
{
	struct token_job *j = talloc_zero(NULL, struct token_job);

	j->s = s;
	memcpy(j->id, s->id, ID_SIZE);
	memcpy(j->hash, s->token->hash, TOKEN_SIZE);
	return j;
}

static void forget_text(struct session *s)
{
	explicit_bzero(s->token->text, sizeof(s->token->text));
}

/* Claude cannot start without a token: retries later. */
static void fail(struct session *s, const struct err *e)
{
	struct claude_token *token = s->token;
	int64_t wait = WAIT_MS;
	int i;

	for (i = 0; i < token->tries && wait < WAIT_MAX_MS; i++)
		wait *= 2;
	token->tries++;
	if (token->tries == 1)
		session_trouble(s, "token", e);
	token->error = *e;
	claude_process_token_failed(s, clock_mono_ms() +
				    (wait < WAIT_MAX_MS ? wait : WAIT_MAX_MS));
	forget_text(s);
	claude_token_over(s);
	session_tell(s);
	session_arm(s);
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
	bool mine = !s->closed && claude_process_state(s) == CLAUDE_TOKEN &&
		    memcmp(j->hash, s->token->hash, TOKEN_SIZE) == 0;

	talloc_free(j);
	if (mine && e)
		fail(s, e);
	else if (mine)
		s->ev->token(s->data, s->token->hash,
			     workspace_address(s->workspace), true);
	session_job_over(s);
}

void claude_token_begin(struct session *s)
{
	claude_token_over(s);
	token_new(s->token->text);
	digest_hex(s->token->text, strlen(s->token->text), s->token->hash);
	if (s->ahead)	/* no row exists for it, and no later bridge adopts it */
		s->ev->token(s->data, s->token->hash,
			     workspace_address(s->workspace), true);
	else
		session_job(s, set_work, set_done, job_new(s));
}

static void kept(void *data, const struct err *e)
{
	struct token_job *j = data;
	struct session *s = j->s;

	/* Otherwise the next bridge would end a process it does not know. */
	if (e && !s->closed)
		session_trouble(s, "token", e);
	talloc_free(j);
	session_job_over(s);
}

void claude_token_keep(struct session *s)
{
	if (s->token->hash[0])
		session_job(s, set_work, kept, job_new(s));
}

void session_token_good(struct session *s, const struct err *e)
{
	if (s->closed || claude_process_state(s) != CLAUDE_TOKEN)
		return;
	if (e) {
		fail(s, e);
		return;
	}
	s->token->tries = 0;
	s->token->error = (struct err){ 0 };
	claude_process_token_good(s);
	forget_text(s);
	session_tell(s);
}

void claude_token_found(struct session *s)
{
	if (s->token->hash[0])
		s->ev->token(s->data, s->token->hash,
			     workspace_address(s->workspace), false);
}

void claude_token_over(struct session *s)
{
	if (!s->token->hash[0])
		return;
	s->ev->token_over(s->data, s->token->hash);
	s->token->hash[0] = '\0';
}

void claude_token_load(struct session *s, const char hash[TOKEN_SIZE])
{
	memcpy(s->token->hash, hash, TOKEN_SIZE);
}

void claude_token_try_again(struct session *s)
{
	s->token->tries = 0;
}

bool claude_token_exists(const struct session *s)
{
	return s->token->hash[0] != '\0';
}

const char *claude_token_text(const struct session *s)
{
	return s->token->text;
}

const struct err *claude_token_error(const struct session *s)
{
	return &s->token->error;
}

struct claude_token *claude_token_new(struct session *s)
{
	return talloc_zero(s, struct claude_token);
}

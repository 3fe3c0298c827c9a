/*
 * Ways to end Claude's process: its tools only, on request, by signal, with a
 * purge.
 */
#include "config.h"
#include "session/claude_process_internal.h"

#include <string.h>

#include <talloc.h>

#include "session/agent_run.h"
#include "session/session_internal.h"

static void ignore_answer(struct session *s, int status, const char *body,
			  const struct err *e)
{
}

void claude_process_end_tools(struct session *s)
{
	shim_request_new(s, "POST", NULL, 0, ignore_answer,
			 "/sessions/%s/tools/end", s->id);
}

void claude_process_remove(struct session *s, int grace)
{
	if (shim_request_new(s, "DELETE", NULL, 0, ignore_answer,
			     "/sessions/%s?grace=%d", s->id, grace))
		claude_process_event(s, CLAUDE_REMOVED);
}

void claude_process_purge(struct session *s)
{
	bool running = claude_process_takes_input(s);

	if (shim_request_new(s, "DELETE", NULL, 0, ignore_answer,
			     "/sessions/%s?grace=1&purge=1", s->id) && running)
		claude_process_event(s, CLAUDE_REMOVED);
}

static void asked_to_end(struct session *s, int status, const char *body,
			 const struct err *e)
{
	if (s->process->state == CLAUDE_ENDING && !agent_run_leaving(s))
		claude_process_remove(s, 5);
}

/*
 * Stops a turn in progress first; it would continue until the grace period
 * ends.
 */
static char *last_words(const struct session *s)
{
	char *end = stdin_json_control("end", "end_session", NULL,
				       NULL), *stop, *both;

	if (!session_working(s))
		return end;
	stop = stdin_json_interrupt("leave");
	both = talloc_asprintf(NULL, "%s%s", stop, end);
	talloc_free(stop);
	talloc_free(end);
	return both;
}

/*
 * end_session lets Claude save its state; the shim then ends it and its tools.
 */
void claude_process_end(struct session *s)
{
	char *line;

	if (!claude_process_takes_input(s))
		return;
	line = last_words(s);
	if (shim_request_new(s, "POST", line, strlen(line), asked_to_end,
			     "/sessions/%s/input", s->id))
		claude_process_event(s, CLAUDE_ASKED_TO_END);
	talloc_free(line);
	s->process->wanted = false;
	session_tell(s);
}

void session_leave(struct session *s, const char *key)
{
	s->process->left = key;
	s->process->wanted = s->want_workspace = false;
	claude_process_give_up(s);
	if (claude_process_takes_input(s)) {
		decoder_end_as(s->decoder, key);
		claude_process_end(s);
	}
	session_tell(s);
}

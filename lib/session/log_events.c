/* Handles the decoder's events. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "json/field.h"
#include "session/agent_run.h"
#include "session/claude_process.h"
#include "session/claude_start.h"
#include "session/log_reader.h"
#include "session/message_queue.h"
#include "session/recorder.h"
#include "session/session_internal.h"
#include "transcript/ask_rules.h"

/* True if a part of this kind makes the session's state "waiting". */
static bool asks(const struct part *p)
{
	return str_equal(p->kind, "permission") ||
	       str_equal(p->kind, "question") || str_equal(p->kind, "plan");
}

static void on_part(void *data, const struct part *p)
{
	struct session *s = data;

	recorder_add(s, p);
	last_line_note(s, p);
	agent_run_part(s, p);
	s->ev->part(s->data, p, p->changed_at);
	if (!asks(p))
		return;
	recorder_asked(s);
	s->ev->changed(s->data);
}

static void on_delta(void *data, int64_t at, const char *text, size_t n)
{
	struct session *s = data;

	s->ev->delta(s->data, at, text, n, decoder_offset(s->decoder));
}

static void on_echo(void *data, const char *uuid, int64_t at)
{
	message_queue_echoed(data, uuid, at);
}

static void on_command(void *data, const char *uuid, const char *lifecycle)
{
	static const char *const untaken[] = { "cancelled", "discarded", "refused" };
	struct session *s = data;

	message_queue_heard(s);
	if (table_find(untaken, lifecycle))
		message_queue_withdrawn(s, uuid);
}

static const char *on_words(void *data, const char *uuid)
{
	return message_queue_text(data, uuid);
}

static const char *on_pictures(void *data, const char *uuid)
{
	return sent_pictures_find(data, uuid);
}

static void on_suggestion(void *data, const char *text)
{
	struct session *s = data;

	if (s->ev->suggestion && !log_reader_in_backlog(s))
		s->ev->suggestion(s->data, text);
}

static void on_turn_started(void *data)
{
	struct session *s = data;

	claude_process_turn_started(s);
	agent_run_turn_started(s);
	s->ev->changed(s->data);
}

static void on_result(void *data, const struct turn_result *r)
{
	agent_run_result(data, r);
}

/* What nobody here can answer is refused: Claude would wait for it without end. */
static void on_asked(void *data, const char *request_id, const char *subtype)
{
	struct session *s = data;

	if (log_reader_in_backlog(s) || (s->run && !agent_run_open(s)))
		return;
	stdin_add(s, STDIN_CONTROL,
		  stdin_json_refuse(request_id, s->run ? ASK_UNATTENDED :
				    "This host answers no such request."),
		  NULL, 0, 0);
}

static void on_turn_ended(void *data, bool ok, const struct turn_usage *usage)
{
	struct session *s = data;

	session_note_activity(s, "", "");
	recorder_note_turn(s);
	agent_run_turn_ended(s);
	s->ev->end(s->data, decoder_offset(s->decoder));
	s->ev->changed(s->data);
	claude_process_turn_ended(s);
}

static void on_activity(void *data, const char *phase, const char *detail)
{
	session_note_activity(data, phase ? phase : "", detail ? detail : "");
}

static void on_init(void *data, const char *model, const char *mode,
		    const char *cli_version)
{
	struct session *s = data;

	if (!log_reader_in_backlog(s) && mode_said(s, mode))
		s->ev->changed(s->data);
}

/*
 * The answer names the mode in force, which may differ from the requested one.
 */
static void mode_in_force(struct session *s, const char *response)
{
	auto_strict_json *o = field_parse(response, strlen(response));

	on_init(s, NULL, field_text(o, "mode", NULL), NULL);
}

/* Our request ids carry their subject: "cancel:<message>", "mode:<mode>". */
static void on_control(void *data, const char *id, bool ok, const char *response)
{
	struct session *s = data;
	struct err e = { 0 };

	if (str_starts(id, "mode:") && ok) {
		mode_in_force(s, response);
	} else if (str_equal(id, "init") && !log_reader_in_backlog(s)) {
		claude_process_answered(s);
		claude_lists_note(s, response);
		if (claude_start_forgot(s))
			decoder_memory_lost(s->decoder);
	} else if (str_starts(id, "query:") && !log_reader_in_backlog(s)) {
		queries_answered(s, id + strlen("query:"), ok, response);
	} else if (str_starts(id, "cancel:") && !ok) {
		message_queue_cancel_failed(s, id + 7);
	} else if (str_starts(id, "cancel:")) {
		if (strstr(response, "\"cancelled\":true") ||
		    strstr(response, "\"cancelled\": true"))
			message_queue_withdrawn(s, id + 7);
		else
			message_queue_cancel_failed(s, id + 7);
	} else if ((str_starts(id, "mode:") || str_starts(id, "model:")) && !ok &&
		   !log_reader_in_backlog(s)) {
		err_tell(&e, ERR_CONFLICT, "error_mode_refused", "%s", id);
		s->ev->trouble(s->data, 0, &e);
	}
}

static void on_wrote(void *data, const char *path, int64_t from, int64_t to)
{
	turn_files_wrote(data, path, from, to);
}

static void on_background(void *data, size_t n)
{
	claude_process_background(data, n > 0);
}

static void on_process_started(void *data, bool log_lost)
{
	agent_run_process_started(data, log_lost);
}

static void on_process_ended(void *data, const struct process_end *end)
{
	struct session *s = data;

	claude_process_background(s, false);
	queries_fail(s);
	agent_run_process_ended(s, end);
	claude_process_ended(s, end->stderr_tail);
}

static const struct decoder_events decoder_calls = {
	.part = on_part,
	.delta = on_delta,
	.echo = on_echo,
	.command = on_command,
	.words = on_words,
	.pictures = on_pictures,
	.suggestion = on_suggestion,
	.turn_started = on_turn_started,
	.result = on_result,
	.turn_ended = on_turn_ended,
	.activity = on_activity,
	.init = on_init,
	.control = on_control,
	.background = on_background,
	.wrote = on_wrote,
	.asked = on_asked,
	.process_started = on_process_started,
	.process_ended = on_process_ended,
};

void session_decode(struct session *s, int64_t from, const struct part *open,
		   size_t n, bool in_turn)
{
	TALLOC_FREE(s->decoder);
	log_reader_seek(s, from);
	s->decoder = decoder_new(s, from, open, n, in_turn, clock_now_ms,
				 &decoder_calls, s);
	decoder_want_files(s->decoder);
}

void session_decode_from(struct session *s, int64_t from)
{
	const struct part *p;
	struct part *open;
	size_t n = 0;

	for (p = recorder_next(s, NULL); p; p = recorder_next(s, p))
		n++;
	open = talloc_zero_array(s, struct part, n + 1);
	n = 0;
	for (p = recorder_next(s, NULL); p; p = recorder_next(s, p))
		open[n++] = *p;
	session_decode(s, from, open, n, session_working(s));
	talloc_free(open);
}

/*
 * The fate of a user's message (command_lifecycle). Most are echoed; one
 * handled by a command, a hook or a plugin is not, and is drawn when it has
 * ended.
 */
#include "config.h"
#include "transcript/decoder_internal.h"

#include <string.h>

#include "core/str.h"

static struct begun *find_begun(struct decoder *d, const char *uuid)
{
	size_t i;

	for (i = 0; i < d->nbegun; i++) {
		if (str_equal(d->begun[i].uuid, uuid))
			return &d->begun[i];
	}
	return NULL;
}

static void forget_begun(struct decoder *d, struct begun *b)
{
	size_t after = d->nbegun-- - (size_t)(b - d->begun) - 1;

	memmove(b, b + 1, after * sizeof(*b));
}

static void started(struct decoder *d, const char *uuid)
{
	struct begun *b = find_begun(d, uuid);

	turn_start(d);
	if (b || known(d, uuid, false))
		return;
	if (d->nbegun == BEGUN_MAX)	/* only a forged log has this many */
		forget_begun(d, d->begun);
	b = &d->begun[d->nbegun++];
	memcpy(b->uuid, uuid, ID_SIZE);
	b->at = d->line_at;
	b->time = d->line_time;
	/*
	 * Also where decoding restarts in a turn: the following lines answer
	 * this message.
	 */
	d->group = -1;
	d->drawn = false;
}

/* Draws its text before the parts that answer it. */
static void ended(struct decoder *d, const struct begun *b)
{
	const char *text = d->ev->words ? d->ev->words(d->data, b->uuid) : NULL;
	struct live *l;

	if (!text || known(d, b->uuid, true))
		return;
	l = live_insert(d, b->at, b->time, "user", "text");
	if (field_put_text(l->data, "text", text, strlen(text), TEXT_MAX, true))
		field_put_flag(l->data, "cut", true);
	live_finish(d, l, "ok");
	if (d->ev->echo)	/* the text belonged to the callbacks until now */
		d->ev->echo(d->data, b->uuid, b->at);
}

static void completed(struct decoder *d, const char *uuid)
{
	struct begun *b = find_begun(d, uuid), here = { .at = d->line_at,
						  .time = d->line_time };

	if (b) {
		here = *b;
		forget_begun(d, b);
	} else {
		memcpy(here.uuid, uuid, ID_SIZE);
	}
	ended(d, &here);
}

void command_line(struct decoder *d, struct json_object *line)
{
	const char *uuid = field_text(line, "command_uuid", NULL);
	const char *state = field_text(line, "state", NULL);
	struct begun *b;

	if (!uuid || !state || !id_valid(uuid))
		return;
	if (str_equal(state, "started")) {
		started(d, uuid);
	} else if (str_equal(state, "completed")) {
		completed(d, uuid);
	} else {	/* left the turn: queued again, or not taken at all */
		b = find_begun(d, uuid);
		if (b)
			forget_begun(d, b);
	}
	if (d->ev->command)
		d->ev->command(d->data, uuid, state);
}

int64_t command_echoed(struct decoder *d, const char *uuid)
{
	struct begun *b = find_begun(d, uuid);
	int64_t at;

	if (!b)
		return -1;
	at = d->drawn_at > b->at ? b->at : -1;
	forget_begun(d, b);
	return at;
}

void command_end_all(struct decoder *d)
{
	struct begun b;

	while (d->nbegun) {
		b = d->begun[0];
		forget_begun(d, d->begun);
		ended(d, &b);
	}
}

void decoder_memory_lost(struct decoder *d)
{
	live_say(d, "status", "status_memory_lost", "text", NULL, 0);
}

void conversation_reset(struct decoder *d, struct json_object *line)
{
	(void)line;
	live_say(d, "status", "status_memory_cleared", "text", NULL, 0);
}

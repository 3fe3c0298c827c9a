/* What viewers read of a terminal, each at its own pace. */
#include "config.h"
#include "shim/terminal_internal.h"

#include <stdlib.h>
#include <string.h>

#define HEAD 4
#define STATE_HEAD (HEAD + 4)

static size_t behind(const struct viewer *v)
{
	return v->jumps ? 0 : (size_t)(v->terminal->end - v->at);
}

static void put_head(char *out, char what, size_t n)
{
	out[0] = what;
	out[1] = (char)(n >> 16);
	out[2] = (char)(n >> 8);
	out[3] = (char)n;
}

static void make_state(struct viewer *v)
{
	struct terminal *t = v->terminal;
	int rows = emulator_rows(t->emulator), cols = emulator_cols(t->emulator);
	char head[STATE_HEAD] = { 0 };
	struct err e = { 0 };

	buf_init(&v->state, STATE_HEAD + EMULATOR_SNAPSHOT_MAX);
	if (buf_add(&v->state, head, sizeof(head), &e) < 0)
		err_abort("a state's cap");
	emulator_snapshot(t->emulator, &v->state);
	put_head(v->state.data, 'S', v->state.len - HEAD);
	v->state.data[4] = (char)(rows >> 8);
	v->state.data[5] = (char)rows;
	v->state.data[6] = (char)(cols >> 8);
	v->state.data[7] = (char)cols;
	v->state_at = 0;
	v->at = t->end;
	v->jumps = false;
}

static int give_state(struct viewer *v, void *out, size_t size)
{
	size_t n = v->state.len - v->state_at;

	if (n > size)
		n = size;
	memcpy(out, v->state.data + v->state_at, n);
	v->state_at += n;
	if (v->state_at == v->state.len)
		buf_release(&v->state);
	return (int)n;
}

static int give_output(struct viewer *v, char *out, size_t size)
{
	struct terminal *t = v->terminal;
	size_t n = behind(v), at = v->at % TERMINAL_HIGH, first;

	if (n > size - HEAD)
		n = size - HEAD;
	first = TERMINAL_HIGH - at < n ? TERMINAL_HIGH - at : n;
	put_head(out, 'O', n);
	memcpy(out + HEAD, t->ring + at, first);
	memcpy(out + HEAD + first, t->ring, n - first);
	v->at += n;
	terminal_read_on(t);
	return (int)(n + HEAD);
}

static int give_end(struct viewer *v, char *out)
{
	if (v->told)
		return -1;
	v->told = true;
	put_head(out, 'X', 2);
	out[HEAD] = (char)v->terminal->code;
	out[HEAD + 1] = (char)v->terminal->signal;
	return HEAD + 2;
}

static int give(struct exchange *x, void *out, size_t size)
{
	struct viewer *v = x->work;

	if (v->state.len)
		return give_state(v, out, size);
	if (size < HEAD + 2)
		return 0;
	if (v->jumps) {
		make_state(v);
		terminal_read_on(v->terminal);
		return give_state(v, out, size);
	}
	if (behind(v))
		return give_output(v, out, size);
	return v->terminal->ended ? give_end(v, out) : 0;
}

static void leave(struct exchange *x)
{
	struct viewer *v = x->work, **at;
	struct terminal *t = v->terminal;

	for (at = &t->viewers; *at != v; at = &(*at)->next)
		;
	*at = v->next;
	t->nviewers--;
	buf_release(&v->state);
	free(v);
	if (!t->viewers) {
		free(t->ring);
		t->ring = NULL;
	}
	terminal_read_on(t);
	terminal_release_unused(t);
}

int terminal_view(struct terminal *t, struct exchange *x, struct err *e)
{
	struct viewer *v;

	if (t->nviewers == TERMINAL_VIEWERS_MAX)
		return err_set(e, ERR_LIMIT, "too many viewers");
	if (!t->ring)
		t->ring = alloc_checked(malloc(TERMINAL_HIGH));
	v = alloc_checked(calloc(1, sizeof(*v)));
	v->terminal = t;
	v->x = x;
	v->jumps = true;
	v->next = t->viewers;
	t->viewers = v;
	t->nviewers++;
	x->work = v;
	x->gone = leave;
	exchange_stream(x, 200, give);
	return 0;
}

size_t terminal_room(const struct terminal *t)
{
	size_t most = 0;
	const struct viewer *v;

	for (v = t->viewers; v; v = v->next) {
		if (behind(v) > most)
			most = behind(v);
	}
	return TERMINAL_HIGH - most;
}

void terminal_wake(struct terminal *t)
{
	struct viewer *v;

	for (v = t->viewers; v; v = v->next)
		exchange_wake(v->x);
}

void terminal_output(struct terminal *t, const char *bytes, size_t n)
{
	size_t at = t->end % TERMINAL_HIGH;
	size_t first = TERMINAL_HIGH - at < n ? TERMINAL_HIGH - at : n;

	if (t->ring) {
		memcpy(t->ring + at, bytes, first);
		memcpy(t->ring, bytes + first, n - first);
	}
	t->end += n;
	terminal_wake(t);
}

void terminal_jump(struct terminal *t, size_t min)
{
	struct viewer *v;

	for (v = t->viewers; v; v = v->next) {
		if (!v->state.len && behind(v) >= min)
			v->jumps = true;
	}
	terminal_wake(t);
}

/*
 * The Lua scripts. Each checks the epoch, so none changes counters of an
 * earlier one.
 */
#include "config.h"
#include "gateway/admission_internal.h"

#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/str.h"

#define EPOCH_KEY "spent:epoch"
#define STOP_KEY "stop:all"
#define ARGS_MAX 40

/*
 * A counter is a hash: t, c are used, rt, rc reserved tokens and cost.
 * KEYS[first] and later are counters; ARGV[arg] and later: input and its cost,
 * output and its price per million, what the call has reserved already, then
 * each counter's limits.
 *
 * Output that does not fit is cut to half of what is left, so that other calls
 * still get some, but not below a short answer's need (LEAST) while that much
 * is left. So calls after the one that exceeds a budget find nothing left, and
 * the excess is only that call's input.
 */
#define LEAST "4096"
#define RESERVE \
	"local a = {}\n" \
	"for i = 0, 5 do a[i] = tonumber(ARGV[arg + i]) end\n" \
	"local need, unit, own = { a[0], a[1] }, { 1, a[3] / 1000000 }, { a[4], a[5] }\n" \
	"local out = a[2]\n" \
	"for i = first, #KEYS do\n" \
	"  local v = redis.call('HMGET', KEYS[i], 't', 'c', 'rt', 'rc')\n" \
	"  if not v[1] then return 'missing ' .. (i - first) end\n" \
	"  for j = 1, 2 do\n" \
	"    local limit = tonumber(ARGV[arg + 5 + 2 * (i - first) + j])\n" \
	"    local left = limit - v[j] - v[j + 2] + own[j]\n" \
	"    if limit > 0 and left <= 0 then\n" \
	"      local why = tonumber(v[j]) < limit and 'reserved ' or 'over '\n" \
	"      return why .. (i - first) .. ' ' .. (j - 1) .. ' ' .. v[j]\n" \
	"    end\n" \
	"    local room = left - need[j]\n" \
	"    if limit > 0 and room < out * unit[j] then\n" \
	"      local most = math.max(room / 2, math.min(left, " LEAST " * unit[j]))\n" \
	"      out = math.min(out, math.max(1, math.floor(most / unit[j])))\n" \
	"    end\n" \
	"  end\n" \
	"end\n" \
	"local tokens = a[0] + out - a[4]\n" \
	"local cost = a[1] + math.floor(out * a[3] / 1000000) - a[5]\n" \
	"for i = first, #KEYS do\n" \
	"  redis.call('HINCRBY', KEYS[i], 'rt', string.format('%.0f', tokens))\n" \
	"  redis.call('HINCRBY', KEYS[i], 'rc', string.format('%.0f', cost))\n" \
	"end\n" \
	"return 'ok ' .. string.format('%.0f', out)"

static const char admit_script[] =
	"local token = redis.call('GET', KEYS[1])\n"
	"if not token then return 'none' end\n"
	"if token ~= ARGV[1] then return 'token ' .. token end\n"
	"if redis.call('EXISTS', KEYS[2]) == 1 then return 'stopped' end\n"
	"if redis.call('GET', KEYS[3]) ~= ARGV[2] then return 'epoch' end\n"
	"local first, arg = 4, 3\n"
	RESERVE;

static const char reserve_script[] =
	"if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'epoch' end\n"
	"local first, arg = 2, 2\n"
	RESERVE;

/* A counter that is gone (its period ended) needs no booking. */
static const char book_script[] =
	"if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'epoch' end\n"
	"for i = 2, #KEYS do\n"
	"  if redis.call('EXISTS', KEYS[i]) == 1 then\n"
	"    redis.call('HINCRBY', KEYS[i], 't', ARGV[2])\n"
	"    redis.call('HINCRBY', KEYS[i], 'c', ARGV[3])\n"
	"    redis.call('HINCRBY', KEYS[i], 'rt', ARGV[4])\n"
	"    redis.call('HINCRBY', KEYS[i], 'rc', ARGV[5])\n"
	"  end\n"
	"end\n"
	"return 'ok'";

static const char load_script[] =
	"if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'epoch' end\n"
	"for i = 2, #KEYS do\n"
	"  local n = 4 * i - 6\n"
	"  redis.call('HSET', KEYS[i], 't', ARGV[n], 'c', ARGV[n + 1],\n"
	"             'rt', ARGV[n + 2], 'rc', ARGV[n + 3])\n"
	"end\n"
	"return 'ok'";

static const char reset_script[] =
	"for _, key in ipairs(redis.call('KEYS', 'spent:*')) do\n"
	"  redis.call('DEL', key)\n"
	"end\n"
	"redis.call('SET', KEYS[1], ARGV[1])\n"
	"if ARGV[2] == '1' then\n"
	"  redis.call('SET', KEYS[2], '1')\n"
	"else\n"
	"  redis.call('DEL', KEYS[2])\n"
	"end\n"
	"return 'ok'";

struct args {
	const char *list[ARGS_MAX];
	size_t n;
	char numbers[4 * LIMITS_MAX + 6][24];
	size_t n_numbers;
};

static void add(struct args *args, const char *text)
{
	args->list[args->n++] = text;
}

static void add_number(struct args *args, int64_t n)
{
	char *text = args->numbers[args->n_numbers++];

	snprintf(text, sizeof(args->numbers[0]), "%lld", (long long)n);
	add(args, text);
}

/* ---- the epoch ---- */

static void was_reset(void *data, const char *value, const struct err *e)
{
	struct admission *a = data;

	a->resetting = false;
	a->ready = !e && value && str_equal(value, "ok");
	if (!a->ready) {
		a->reset_failed_at = clock_mono_ms();
		a->reset_failure = (struct err){ .kind = ERR_NONE };
		if (e)
			a->reset_failure = *e;
		else
			err_tell(&a->reset_failure, ERR_UNAVAILABLE,
				 "error_redis", "redis: no new epoch");
	}
	redis_mirror_stop(a);
	admission_wake(a);
}

static void reset(struct admission *a)
{
	struct args args = { .n = 0 };

	counters_drop(a);
	token_new(a->epoch);
	a->links = kv_async_links(a->kv);
	a->resetting = true;
	a->mirrored = a->stopped;
	add(&args, EPOCH_KEY);
	add(&args, STOP_KEY);
	add(&args, a->epoch);
	add(&args, a->stopped ? "1" : "0");
	kv_async_script(a->kv, reset_script, 2, args.n, args.list, was_reset,
			a);
}

bool redis_ready(struct admission *a)
{
	if (a->resetting)
		return false;
	if (a->ready && a->links == kv_async_links(a->kv))
		return true;
	a->ready = false;
	reset(a);
	return false;
}

/* A request that failed may have been executed nevertheless. */
static void check_done(void *data, const char *value, const struct err *e)
{
	struct admission *a = data;

	if ((e || !value || !str_equal(value, "ok")) && !a->resetting)
		a->ready = false;
}

void redis_mirror_stop(struct admission *a)
{
	const char *const set[] = { "SET", STOP_KEY, "1" };
	const char *const unset[] = { "DEL", STOP_KEY };

	/* Otherwise the next epoch sends it. */
	if (!a->ready || a->mirrored == a->stopped)
		return;
	a->mirrored = a->stopped;
	if (a->stopped)
		kv_async_run(a->kv, NULL, NULL, 3, set);
	else
		kv_async_run(a->kv, NULL, NULL, 2, unset);
}

/* ---- counters ---- */

static void add_reservation(struct args *args, const struct ask *q,
			    int64_t tokens, int64_t cost)
{
	size_t i;

	add_number(args, q->input);
	add_number(args, q->input_cost);
	add_number(args, q->output);
	add_number(args, q->output_price);
	add_number(args, tokens);
	add_number(args, cost);
	for (i = 0; i < q->n; i++) {
		add_number(args, q->limits[i].tokens);
		add_number(args, q->limits[i].cost);
	}
}

void redis_admit(struct ask *q, const struct cached_token *h,
		 kv_async_done *done)
{
	struct admission *a = q->a;
	struct args args = { .n = 0 };
	size_t i;

	add(&args, q->key);
	add(&args, STOP_KEY);
	add(&args, EPOCH_KEY);
	for (i = 0; i < q->n; i++)
		add(&args, q->limits[i].counter->key);
	add(&args, h->text);
	add(&args, a->epoch);
	add_reservation(&args, q, 0, 0);
	kv_async_script(a->kv, admit_script, 3 + q->n, args.n, args.list, done,
			q);
}

void redis_reserve(struct ask *q, int64_t tokens, int64_t cost, kv_async_done *done)
{
	struct admission *a = q->a;
	struct args args = { .n = 0 };
	size_t i;

	add(&args, EPOCH_KEY);
	for (i = 0; i < q->n; i++)
		add(&args, q->limits[i].counter->key);
	add(&args, a->epoch);
	add_reservation(&args, q, tokens, cost);
	kv_async_script(a->kv, reserve_script, 1 + q->n, args.n, args.list, done,
			q);
}

/* used and reserved: added to each counter. */
static void change(struct admission *a, const struct limit *limits, size_t n,
		   const int64_t by[4])
{
	struct args args = { .n = 0 };
	size_t i;

	/* Otherwise they are reloaded before they are needed. */
	if (!a->ready)
		return;
	add(&args, EPOCH_KEY);
	for (i = 0; i < n; i++)
		add(&args, limits[i].counter->key);
	add(&args, a->epoch);
	for (i = 0; i < 4; i++)
		add_number(&args, by[i]);
	kv_async_script(a->kv, book_script, 1 + n, args.n, args.list,
			check_done, a);
}

void redis_book(struct admission *a, const struct grant *g, int64_t tokens,
		int64_t cost)
{
	change(a, g->limits, g->n, (int64_t[]){ tokens, cost, -g->tokens, -g->cost });
}

void redis_lower(struct ask *q, int64_t tokens, int64_t cost)
{
	change(q->a, q->limits, q->n, (int64_t[]){ 0, 0, -tokens, -cost });
}

void redis_load(struct admission *a, size_t n, struct counter *const *counters,
		int64_t (*sums)[2])
{
	struct args args = { .n = 0 };
	size_t i;

	add(&args, EPOCH_KEY);
	for (i = 0; i < n; i++)
		add(&args, counters[i]->key);
	add(&args, a->epoch);
	for (i = 0; i < n; i++) {
		add_number(&args, sums[i][0]);
		add_number(&args, sums[i][1]);
		add_number(&args, counters[i]->reserved_tokens);
		add_number(&args, counters[i]->reserved_cost);
	}
	kv_async_script(a->kv, load_script, 1 + n, args.n, args.list,
			check_done, a);
}

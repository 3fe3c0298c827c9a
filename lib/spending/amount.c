#include "config.h"
#include "spending/amount.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define DOLLAR INT64_C(1000000)
#define GROUP 3			/* digits between commas */

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *skip_spaces(const char *s)
{
	while (*s == ' ' || *s == '\t')
		s++;
	return s;
}

/* Digits up to a character that is neither digit nor comma; NULL if malformed. */
static const char *whole(const char *s, int64_t max, int64_t *out)
{
	int since = 0;		/* digits after the last comma, or the start */
	bool grouped = false;

	*out = 0;
	for (; digit(*s) || *s == ','; s++) {
		if (*s == ',') {
			if (since == 0 || since > GROUP ||
			    (grouped && since != GROUP))
				return NULL;
			grouped = true;
			since = 0;
			continue;
		}
		*out = *out * 10 + (*s - '0');
		if (*out > max)
			return NULL;
		since++;
	}
	return since == 0 || (grouped && since != GROUP) ? NULL : s;
}

/* After the decimal point: one to six digits. */
static const char *decimals(const char *s, int64_t *out)
{
	int64_t unit = DOLLAR / 10;

	if (!digit(*s))
		return NULL;
	for (; digit(*s); s++) {
		if (unit == 0)
			return NULL;
		*out += unit * (*s - '0');
		unit /= 10;
	}
	return s;
}

int amount_parse_tokens(const char *text, int64_t *out, struct err *e)
{
	const char *s = skip_spaces(text);
	int64_t n = 0;

	if (*s)
		s = whole(s, AMOUNT_MAX, &n);
	if (!s || *skip_spaces(s))
		return err_tell(e, ERR_INPUT, "error_amount_tokens",
				"no number of tokens; write it as 500000 or"
				" 500,000, at most 10^15");
	*out = n;
	return 0;
}

int amount_parse_usd(const char *text, int64_t *out, struct err *e)
{
	const char *s = skip_spaces(text);
	int64_t n = 0;

	if (*s == '$')
		s = skip_spaces(s + 1);
	if (*s) {
		if (*s != '.')
			s = whole(s, AMOUNT_MAX / DOLLAR - 1, &n);
		n *= DOLLAR;
		if (s && *s == '.')
			s = decimals(s + 1, &n);
	}
	if (!s || *skip_spaces(s))
		return err_tell(e, ERR_INPUT, "error_amount_usd",
				"no amount of US dollars; write it as 12.50 or"
				" 1,200, below 10^9");
	*out = n;
	return 0;
}

void amount_tokens(char out[AMOUNT_SIZE], int64_t n)
{
	char plain[24];
	size_t len, i;

	len = (size_t)snprintf(plain, sizeof(plain), "%" PRIu64,
			       n < 0 ? -(uint64_t)n : (uint64_t)n);
	if (n < 0)
		*out++ = '-';
	for (i = 0; i < len; i++) {
		if (i && (len - i) % GROUP == 0)
			*out++ = ',';
		*out++ = plain[i];
	}
	*out = '\0';
}

void amount_short(char out[AMOUNT_SIZE], int64_t n)
{
	static const struct {
		int64_t unit;
		char letter;
	} scales[] = {
		{ 1000000000, 'B' }, { 1000000, 'M' }, { 1000, 'K' },
	};
	size_t i;

	for (i = 0; i < sizeof(scales) / sizeof(scales[0]); i++) {
		int64_t unit = scales[i].unit, tenths = n / (unit / 10);

		if (n < unit)
			continue;
		if (tenths % 10 && tenths < 1000)
			snprintf(out, AMOUNT_SIZE, "%" PRId64 ".%d%c",
				 tenths / 10, (int)(tenths % 10),
				 scales[i].letter);
		else
			snprintf(out, AMOUNT_SIZE, "%" PRId64 "%c",
				 tenths / 10, scales[i].letter);
		return;
	}
	snprintf(out, AMOUNT_SIZE, "%" PRId64, n);
}

void amount_plain(char out[AMOUNT_SIZE], int64_t cost)
{
	size_t n = (size_t)snprintf(out, AMOUNT_SIZE, "%" PRId64 ".%06" PRId64,
				    cost / DOLLAR, cost % DOLLAR);

	while (out[n - 1] == '0')
		out[--n] = '\0';
	if (out[n - 1] == '.')
		out[n - 1] = '\0';
}

void amount_usd(char out[AMOUNT_SIZE], int64_t cost)
{
	int64_t cents = (cost + DOLLAR / 200) / (DOLLAR / 100);
	char number[AMOUNT_SIZE];

	if (cost && cost < DOLLAR / 100) {
		amount_plain(number, cost < 100 ? cost : (cost + 50) / 100 * 100);
		snprintf(out, AMOUNT_SIZE, "$%.20s", number);
		return;
	}
	amount_tokens(number, cents / 100);
	snprintf(out, AMOUNT_SIZE, "$%.32s.%02d", number, (int)(cents % 100));
}

#include "config.h"
#include "core/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t read_ms(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_now_ms(void)
{
	return read_ms(CLOCK_REALTIME);
}

int64_t clock_mono_ms(void)
{
	return read_ms(CLOCK_MONOTONIC);
}

/* Rounds towards minus infinity. */
static int64_t divide(int64_t a, int64_t b, int *rest)
{
	int64_t over = a % b;

	*rest = (int)(over < 0 ? over + b : over);
	return a / b - (over < 0);
}

/*
 * Years begin in March here, so the leap day is the last of a year; 400 of
 * them have 146097 days.
 */
void clock_date(int64_t seconds, struct clock_date *out)
{
	int second, day, year, month;
	int64_t days = divide(seconds, 86400, &second), era;

	out->hour = second / 3600;
	out->minute = second / 60 % 60;
	out->second = second % 60;
	divide(days + 4, 7, &out->weekday);
	era = divide(days + 719468, 146097, &day);
	year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	day -= year * 365 + year / 4 - year / 100;
	month = (5 * day + 2) / 153;
	out->day = day - (153 * month + 2) / 5 + 1;
	out->month = month < 10 ? month + 3 : month - 9;
	out->year = era * 400 + year + (month >= 10);
}

/* As in clock_date, years begin in March. */
int64_t clock_days(int64_t year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year, era;
	int in_era, months = month <= 2 ? month + 9 : month - 3;

	era = divide(y, 400, &in_era);
	return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 +
	       (153 * months + 2) / 5 + day - 1 - 719468;
}

static char *two(char *to, int n)
{
	*to++ = (char)('0' + n / 10);
	*to++ = (char)('0' + n % 10);
	return to;
}

void clock_iso(int64_t ms, char out[CLOCK_ISO_SIZE])
{
	struct clock_date d;
	char *to = out;
	int rest;

	clock_date(divide(ms, 1000, &rest), &d);
	if (d.year < 0 || d.year > 9999) {
		snprintf(out, CLOCK_ISO_SIZE, "%lld-%02d-%02dT%02d:%02d:%02dZ",
			 (long long)d.year, d.month, d.day, d.hour, d.minute,
			 d.second);
		return;
	}
	to = two(to, (int)d.year / 100);
	to = two(to, (int)d.year % 100);
	*to++ = '-';
	to = two(to, d.month);
	*to++ = '-';
	to = two(to, d.day);
	*to++ = 'T';
	to = two(to, d.hour);
	*to++ = ':';
	to = two(to, d.minute);
	*to++ = ':';
	to = two(to, d.second);
	*to++ = 'Z';
	*to = '\0';
}

/*
 * Any bytes as a cron line; an accepted one has a next time soon or is known
 * to have none.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "schedule/schedule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const zones[] = { "UTC", "America/New_York",
					     "Australia/Lord_Howe" };
	char *text = strndup((const char *)data, size);
	struct schedule s = { .frequency = FREQUENCY_CRON, .cron = text };
	struct recurrence *r;
	struct err e = { 0 };
	int64_t at = INT64_C(1772900000000), next;
	int i;

	if (!text)
		abort();
	s.timezone = zones[size % 3];
	r = recurrence_new(NULL, &s, &e);
	for (i = 0; r && i < 5; i++, at = next) {
		next = recurrence_next(r, at);
		if (!next)
			break;
		if (next <= at)
			abort();
	}
	talloc_free(r);
	s = (struct schedule){ .frequency = FREQUENCY_MONTHLY, .time = "08:00",
			       .days = text, .timezone = "UTC" };
	r = recurrence_new(NULL, &s, &e);
	if (r && recurrence_next(r, at) <= at)
		abort();
	talloc_free(r);
	free(text);
	return 0;
}

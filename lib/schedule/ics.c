#include "config.h"
#include "schedule/ics.h"

#include <libical/ical.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "core/clock.h"

#define MINUTE_MS 60000

struct ics {
	icalcomponent *calendar;
	struct icaltimetype stamp;
};

static int release(struct ics *c)
{
	icalcomponent_free(c->calendar);
	return 0;
}

static void add(icalcomponent *to, icalproperty *property)
{
	if (!property)
		err_abort("out of memory");
	icalcomponent_add_property(to, property);
}

/*
 * Removes control bytes, which no value may contain (3.1); line ends may stay
 * where libical escapes them (TEXT, 3.3.11). Malloc'd.
 */
static char *plain(const char *text, bool lines)
{
	char *copy = alloc_checked(strdup(text)), *to;

	for (to = copy; *text; text++) {
		if (((unsigned char)*text >= ' ' && *text != 0x7f) ||
		    (lines && *text == '\n'))
			*to++ = *text;
	}
	*to = '\0';
	return copy;
}

static struct icaltimetype utc(int64_t ms)
{
	struct icaltimetype t = icaltime_null_time();
	struct clock_date d;

	clock_date(ms / 1000, &d);
	t.year = (int)d.year;
	t.month = d.month;
	t.day = d.day;
	t.hour = d.hour;
	t.minute = d.minute;
	t.second = d.second;
	t.zone = icaltimezone_get_utc_timezone();
	return t;
}

/* A non-standard property's value is written unescaped. */
static void add_x(icalcomponent *to, const char *name, const char *text)
{
	char *value = plain(text, false);
	icalproperty *p = icalproperty_new_x(value);

	if (!p)
		err_abort("out of memory");
	icalproperty_set_x_name(p, name);
	icalcomponent_add_property(to, p);
	free(value);
}

struct ics *ics_new(const void *ctx, const char *name, int64_t now)
{
	struct ics *c = talloc_zero(ctx, struct ics);

	if (!c || !(c->calendar = icalcomponent_new_vcalendar()))
		err_abort("out of memory");
	talloc_set_destructor(c, release);
	c->stamp = utc(now);
	add(c->calendar, icalproperty_new_version("2.0"));
	add(c->calendar, icalproperty_new_prodid("-//Gongbang//Agents//EN"));
	add(c->calendar, icalproperty_new_calscale("GREGORIAN"));
	add(c->calendar, icalproperty_new_method(ICAL_METHOD_PUBLISH));
	add_x(c->calendar, "X-WR-CALNAME", name);
	add_x(c->calendar, "X-PUBLISHED-TTL", "PT1H");
	return c;
}

void ics_add(struct ics *c, const struct ics_event *event)
{
	icalcomponent *v = icalcomponent_new_vevent();
	char *summary = plain(event->summary, true);
	char *uid = plain(event->uid, false);
	char *url = plain(event->url, false);
	int64_t end = event->start + MINUTE_MS;

	if (!v)
		err_abort("out of memory");
	add(v, icalproperty_new_uid(uid));
	add(v, icalproperty_new_dtstamp(c->stamp));
	add(v, icalproperty_new_dtstart(utc(event->start)));
	add(v, icalproperty_new_dtend(utc(event->end > end ? event->end :
					  end)));
	add(v, icalproperty_new_summary(summary));
	add(v, icalproperty_new_status(event->tentative ?
				       ICAL_STATUS_TENTATIVE :
				       ICAL_STATUS_CONFIRMED));
	add(v, icalproperty_new_transp(ICAL_TRANSP_TRANSPARENT));
	if (*url)
		add(v, icalproperty_new_url(url));
	icalcomponent_add_component(c->calendar, v);
	free(summary);
	free(uid);
	free(url);
}

int ics_format(struct ics *c, struct buf *out, struct err *e)
{
	char *text = icalcomponent_as_ical_string_r(c->calendar);
	int rc;

	if (!text)
		err_abort("out of memory");
	rc = buf_add_text(out, text, e);
	free(text);
	return rc;
}

/*
 * The catalogues: templates/locale/en.json and ko.json, flat objects of
 * key -> sentence with {0}, {1} placeholders. Both have the same keys (a check
 * fails otherwise). Plural forms: "key" and, where English needs it, "key.one";
 * i18n_count chooses.
 */
#ifndef I18N_I18N_H
#define I18N_I18N_H

#include <stdint.h>

#include "core/err.h"

struct i18n;
struct i18n_locale;

/* Reads dir/<locale>.json for each locale; a missing key fails by name. Gives (child of ctx). */
struct i18n *i18n_load(const void *ctx, const char *dir, struct err *e) must_check;

/* name: "en" or "ko"; NULL if there is no such catalogue. Borrowed. */
const struct i18n_locale *i18n_find(const struct i18n *i, const char *name);

/* The best catalogue for an Accept-Language header (RFC 9110 12.5.4), else preset. */
const struct i18n_locale *i18n_negotiate(const struct i18n *i,
					 const char *accept_language,
					 const char *preset);

const char *i18n_name(const struct i18n_locale *l);

/* The sentence with its placeholders; NULL if the key is unknown. */
const char *i18n_sentence(const struct i18n_locale *l, const char *key);

/* The sentence with {0}, {1}, ... filled by NULL-ended const char * values. Gives (child of ctx). */
char *i18n_fill(const void *ctx, const struct i18n_locale *l, const char *key, ...)
	__attribute__((sentinel));

/* As i18n_fill with {0} = n with separators; uses "key.one" for 1 if it exists. */
char *i18n_count(const void *ctx, const struct i18n_locale *l, const char *key, int64_t n);

/* "1,204". Gives (child of ctx). */
char *i18n_number(const void *ctx, int64_t n);

/* Human units: "340 MB", "14 s", "1 min 20 s", "2 h". Gives (child of ctx). */
char *i18n_bytes(const void *ctx, int64_t bytes);
char *i18n_duration(const void *ctx, const struct i18n_locale *l, int64_t ms);

/* "2 hours ago", and the exact local time with its zone. Gives (child of ctx). */
char *i18n_ago(const void *ctx, const struct i18n_locale *l, int64_t then_ms, int64_t now_ms);
/* "in 2 hours"; "now" if less than a minute away or past. Gives (child of ctx). */
char *i18n_until(const void *ctx, const struct i18n_locale *l, int64_t then_ms, int64_t now_ms);
char *i18n_time(const void *ctx, const struct i18n_locale *l, int64_t ms, const char *zone);

/* "07:14" if ms is on the day of now_ms in the zone, else as i18n_time. Gives (child of ctx). */
char *i18n_clock(const void *ctx, const struct i18n_locale *l, int64_t ms,
		 int64_t now_ms, const char *zone);

#endif

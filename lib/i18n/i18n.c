/* Catalogues: reads them, chooses one, fills sentences. */
#include "config.h"
#include "i18n/i18n.h"

#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

#include "core/hash.h"
#include "core/locale_names.h"
#include "core/str.h"
#include "i18n/i18n_internal.h"

#define ARGS_MAX 8
#define QUALITY_NONE (-1)
#define RANGES_MAX 32		/* in an Accept-Language; later ones are ignored */

struct sentence {
	const char *key, *text;
	uint32_t hash;
};

struct i18n_locale {
	const char *name;
	struct sentence *list;
	size_t n;
	uint32_t *table;	/* by hash, open addressing: 1 + index in list */
	uint32_t mask;
};

struct i18n {
	struct i18n_locale locales[LOCALES];
};

/* At most half full, so a search ends soon. */
static void make_table(struct i18n_locale *l)
{
	uint32_t size = 16, at;
	size_t k;

	while (size < 2 * l->n)
		size *= 2;
	l->mask = size - 1;
	l->table = alloc_checked(talloc_zero_array(l->list, uint32_t, size));
	for (k = 0; k < l->n; k++) {
		l->list[k].hash = hash_text(l->list[k].key);
		at = l->list[k].hash & l->mask;
		while (l->table[at])
			at = (at + 1) & l->mask;
		l->table[at] = (uint32_t)k + 1;
	}
}

static int fill_locale(struct i18n *i, struct i18n_locale *l,
		       struct json_object *root, const char *path,
		       struct err *e)
{
	l->list = talloc_array(i, struct sentence,
			       (size_t)json_object_object_length(root) + 1);
	if (!l->list)
		err_abort("out of memory");
	json_object_object_foreach(root, key, value) {
		const char *text = json_object_get_string(value);

		if (!json_object_is_type(value, json_type_string) ||
		    !utf8_valid(text, strlen(text)))
			return err_set(e, ERR_INTERNAL,
				       "%s: \"%s\" is not a text", path, key);
		l->list[l->n].key = talloc_strdup(l->list, key);
		l->list[l->n].text = talloc_strdup(l->list, text);
		if (!l->list[l->n].key || !l->list[l->n].text)
			err_abort("out of memory");
		l->n++;
	}
	make_table(l);
	return 0;
}

static int load_locale(struct i18n *i, struct i18n_locale *l, const char *dir,
		       const char *name, struct err *e)
{
	struct json_object *root;
	char path[4096];
	int done;

	l->name = name;
	snprintf(path, sizeof(path), "%s/%s.json", dir, name);
	root = json_object_from_file(path);
	if (!json_object_is_type(root, json_type_object)) {
		json_object_put(root);
		return err_set(e, ERR_INTERNAL,
			       "%s: cannot be read as a JSON object", path);
	}
	done = fill_locale(i, l, root, path, e);
	json_object_put(root);
	return done;
}

/* "x.one" may exist in one language only. */
static bool plural(const char *key)
{
	size_t n = strlen(key);

	return n > 4 && str_equal(key + n - 4, ".one");
}

static int check_keys(const struct i18n *i, struct err *e)
{
	size_t a, b, k;

	for (a = 0; a < LOCALES; a++) {
		for (b = 0; b < LOCALES; b++) {
			const struct i18n_locale *l = &i->locales[a];

			for (k = 0; k < l->n; k++) {
				if (!plural(l->list[k].key) &&
				    !i18n_sentence(&i->locales[b],
						   l->list[k].key))
					return err_set(e, ERR_INTERNAL,
						"%s.json: no \"%s\", which %s.json has",
						locale_names[b], l->list[k].key,
						locale_names[a]);
			}
		}
	}
	return 0;
}

struct i18n *i18n_load(const void *ctx, const char *dir, struct err *e)
{
	struct i18n *i = alloc_checked(talloc_zero(ctx, struct i18n));
	size_t k;

	for (k = 0; k < LOCALES; k++) {
		if (load_locale(i, &i->locales[k], dir, locale_names[k], e) < 0)
			goto failed;
	}
	if (locale_check(&i->locales[0], e) < 0 || check_keys(i, e) < 0)
		goto failed;
	return i;
failed:
	talloc_free(i);
	return NULL;
}

const struct i18n_locale *i18n_find(const struct i18n *i, const char *name)
{
	size_t k;

	for (k = 0; k < LOCALES; k++) {
		if (str_equal(locale_names[k], name))
			return &i->locales[k];
	}
	return NULL;
}

const char *i18n_name(const struct i18n_locale *l)
{
	return l->name;
}

const char *i18n_sentence(const struct i18n_locale *l, const char *key)
{
	uint32_t hash = hash_text(key), at = hash & l->mask;
	const struct sentence *s;

	for (; l->table[at]; at = (at + 1) & l->mask) {
		s = &l->list[l->table[at] - 1];
		if (s->hash == hash && strcmp(s->key, key) == 0)
			return s->text;
	}
	return NULL;
}

/* "q=0.8" in thousandths (RFC 9110 12.4.2); -1 when ill-formed. */
static int parse_quality(const char *s, const char *end)
{
	int value, unit = 100;

	if (end - s < 3 || strncasecmp(s, "q=", 2) != 0 ||
	    (s[2] != '0' && s[2] != '1'))
		return -1;
	value = (s[2] - '0') * 1000;
	if (s + 3 == end)
		return value;
	if (s[3] != '.' || end - s > 7)
		return -1;
	for (s += 4; s < end; s++, unit /= 10) {
		if (*s < '0' || *s > '9')
			return -1;
		value += (*s - '0') * unit;
	}
	return value <= 1000 ? value : -1;
}

static const char *skip_blanks(const char *s, const char *end)
{
	while (s < end && (*s == ' ' || *s == '\t'))
		s++;
	return s;
}

/*
 * One "ko-KR;q=0.8", the rank-th from the end: updates the weight of each
 * catalogue.
 */
static void note_range(const char *s, const char *end, int rank, int *quality,
		       int *any)
{
	const char *tag, *tag_end, *q;
	int value = 1000;
	size_t k, n;

	tag = skip_blanks(s, end);
	for (tag_end = tag; tag_end < end && !strchr("; \t", *tag_end);)
		tag_end++;
	q = skip_blanks(tag_end, end);
	if (q < end) {
		q = skip_blanks(q + 1, end);
		while (end > q && (end[-1] == ' ' || end[-1] == '\t'))
			end--;
		value = parse_quality(q, end);
	}
	n = (size_t)(tag_end - tag);
	if (value < 0 || !n)
		return;
	if (value)
		value = value * RANGES_MAX + rank;
	if (n == 1 && *tag == '*' && *any == QUALITY_NONE)
		*any = value;
	for (k = 0; k < LOCALES; k++) {
		size_t len = strlen(locale_names[k]);

		if (n >= len && strncasecmp(tag, locale_names[k], len) == 0 &&
		    (n == len || tag[len] == '-') && value > quality[k])
			quality[k] = value;
	}
}

const struct i18n_locale *i18n_negotiate(const struct i18n *i,
					 const char *accept_language,
					 const char *preset)
{
	const struct i18n_locale *fallback = i18n_find(i, preset);
	const char *s = accept_language, *end;
	int quality[LOCALES], any = QUALITY_NONE, best = 0, rank = RANGES_MAX;
	size_t k, chosen = LOCALES;

	for (k = 0; k < LOCALES; k++)
		quality[k] = QUALITY_NONE;
	for (; s && *s && rank; s = *end ? end + 1 : end) {
		end = s + strcspn(s, ",");
		note_range(s, end, --rank, quality, &any);
	}
	for (k = 0; k < LOCALES; k++) {
		if (quality[k] == QUALITY_NONE)
			quality[k] = any;
		if (quality[k] > best ||
		    (quality[k] == best && best > 0 &&
		     &i->locales[k] == fallback)) {
			best = quality[k];
			chosen = k;
		}
	}
	if (chosen < LOCALES)
		return &i->locales[chosen];
	return fallback ? fallback : &i->locales[0];
}

/* "{0}" to "{9}" at s: which of n arguments; -1 for anything else. */
static int placeholder(const char *s, size_t n)
{
	if (s[0] != '{' || s[1] < '0' || s[1] > '9' || s[2] != '}' ||
	    (size_t)(s[1] - '0') >= n)
		return -1;
	return s[1] - '0';
}

static size_t filled_size(const char *sentence, const size_t *lengths, size_t n)
{
	size_t size = 1;
	int which;

	while (*sentence) {
		which = placeholder(sentence, n);
		size += which < 0 ? 1 : lengths[which];
		sentence += which < 0 ? 1 : 3;
	}
	return size;
}

static char *fill(const void *ctx, const char *sentence,
		  const char *const *args, size_t n)
{
	size_t lengths[ARGS_MAX], i;
	char *out, *to;
	int which;

	for (i = 0; i < n; i++)
		lengths[i] = strlen(args[i]);
	out = to = talloc_array(ctx, char, filled_size(sentence, lengths, n));
	if (!out)
		err_abort("out of memory");
	while (*sentence) {
		which = placeholder(sentence, n);
		if (which < 0) {
			*to++ = *sentence++;
			continue;
		}
		memcpy(to, args[which], lengths[which]);
		to += lengths[which];
		sentence += 3;
	}
	*to = '\0';
	return out;
}

char *i18n_fill(const void *ctx, const struct i18n_locale *l, const char *key,
		...)
{
	const char *sentence = i18n_sentence(l, key), *args[ARGS_MAX];
	size_t n = 0;
	va_list ap;

	va_start(ap, key);
	while (n < ARGS_MAX && (args[n] = va_arg(ap, const char *)))
		n++;
	va_end(ap);
	return fill(ctx, sentence ? sentence : key, args, n);
}

char *i18n_count(const void *ctx, const struct i18n_locale *l, const char *key,
		 int64_t n)
{
	const char *sentence = i18n_sentence(l, key), *one = NULL;
	char number[LOCALE_NUMBER_SIZE], singular[128];

	if (n == 1 && snprintf(singular, sizeof(singular), "%s.one", key) <
			      (int)sizeof(singular))
		one = i18n_sentence(l, singular);
	if (one)
		sentence = one;
	locale_number(number, n, true);
	return fill(ctx, sentence ? sentence : key,
		    (const char *const[]) { number }, 1);
}

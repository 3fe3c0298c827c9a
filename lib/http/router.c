#include "config.h"
#include "http/router.h"

#include <string.h>
#include <talloc.h>

#include "core/id.h"
#include "core/str.h"
#include "http/form.h"

#define NAME_MAX_BYTES 32	/* in a {name} */
#define SEGMENT_MAX 512		/* bytes a {name} may match */
#define REST_MAX 8192		/* bytes a {name*} may match */

/* Stores the match of {name}; false when it is not allowed. */
static bool capture(struct form *captures, const char *name, size_t name_len,
		    const char *segment, size_t n)
{
	char key[NAME_MAX_BYTES], value[REST_MAX];
	bool rest = name[name_len - 1] == '*';

	name_len -= rest;
	if (name_len >= sizeof(key))
		err_abort("a route's {name} is too long");
	if (n == 0 || n >= (rest ? REST_MAX : SEGMENT_MAX))
		return false;
	memcpy(key, name, name_len);
	key[name_len] = '\0';
	memcpy(value, segment, n);
	value[n] = '\0';
	if (str_equal(key, "id") && !id_valid(value))
		return false;
	form_add(captures, key, value);
	return true;
}

static bool fits(const char *pattern, const char *path, struct form *captures)
{
	const char *close;
	size_t n;

	while (*pattern) {
		if (*pattern != '{') {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		close = strchr(pattern, '}');
		if (!close)
			err_abort("a route's pattern lacks its }");
		/* "{id}/x" and "{id}.md": up to the text that follows it. */
		n = close[-1] == '*' ? strlen(path) :
		    close[1] && close[1] != '/' && strstr(path, close + 1) ?
		    (size_t)(strstr(path, close + 1) - path) :
		    strcspn(path, "/");
		if ((close[-1] != '*' && memchr(path, '/', n)) ||
		    !capture(captures, pattern + 1,
			     (size_t)(close - pattern) - 1, path, n))
			return false;
		path += n;
		pattern = close + 1;
	}
	return *path == '\0';
}

static unsigned serves(const struct route *row)
{
	return row->method == METHOD_GET ? METHOD_GET | METHOD_HEAD :
					   (unsigned)row->method;
}

const struct route *router_find(const struct route *table, size_t n,
				struct request *r, unsigned *allowed,
				struct err *e)
{
	unsigned seen = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		struct form *captures = form_new(r);

		if (fits(table[i].pattern, r->path, captures)) {
			if (serves(&table[i]) & r->method) {
				r->captures = captures;
				return &table[i];
			}
			seen |= serves(&table[i]);
		}
		talloc_free(captures);
	}
	if (!seen) {
		err_set(e, ERR_MISSING, "no such page");
		return NULL;
	}
	*allowed = seen;
	err_tell(e, ERR_INPUT, "error_method", "wrong method for this page");
	return NULL;
}

const char *request_arg(const struct request *r, const char *name)
{
	const char *value = form_find(r->captures, name);

	if (!value)
		err_abort("the route has no such {name}");
	return value;
}

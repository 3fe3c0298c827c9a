#include "config.h"
#include "gateway/api_routes.h"

#include <ctype.h>
#include <string.h>

#include "core/str.h"

/* A path that ends in "/" (except "/" itself) is followed by a model's name. */
static const struct row {
	const char *method, *path;
	struct api_route target;
} rows[] = {
	{ "POST", "/v1/messages", { "messages", .metered = true, .body = true } },
	{ "POST", "/v1/messages/count_tokens", { "count_tokens", .body = true } },
	{ "GET", "/v1/models", { "models" } },
	{ "GET", "/v1/models/", { "model" } },
	{ "GET", "/", { "root", .local = true } },
	{ "HEAD", "/", { "root", .local = true } },
};

static bool model_valid(const char *s, size_t n)
{
	size_t i;

	if (!n || n > API_ROUTE_MODEL_MAX || s[0] == '.')
		return false;
	for (i = 0; i < n; i++) {
		if (!isalnum((unsigned char)s[i]) && !strchr("._:@-", s[i]))
			return false;
	}
	return true;
}

static bool query_valid(const char *s)
{
	size_t n = strlen(s), i;

	if (n > API_ROUTE_QUERY_MAX)
		return false;
	for (i = 0; i < n; i++) {
		if (s[i] <= ' ' || s[i] > '~' || strchr("#\"<>\\^`{|}", s[i]))
			return false;
	}
	return true;
}

static bool path_is(const char *pattern, const char *path, size_t n)
{
	size_t len = strlen(pattern);

	if (len > 1 && pattern[len - 1] == '/')
		return n > len && !memcmp(pattern, path, len) &&
		       model_valid(path + len, n - len);
	return n == len && !memcmp(pattern, path, n);
}

enum api_route_verdict api_route_find(const char *method, const char *raw,
				      const struct api_route **out)
{
	size_t n = strcspn(raw, "?"), i;
	bool known = false;

	if (raw[n] && !query_valid(raw + n + 1))
		return API_ROUTE_NO_PATH;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!path_is(rows[i].path, raw, n))
			continue;
		if (str_equal(rows[i].method, method)) {
			*out = &rows[i].target;
			return API_ROUTE_GOOD;
		}
		known = true;
	}
	return known ? API_ROUTE_NO_METHOD : API_ROUTE_NO_PATH;
}

#include "config.h"
#include "pages/files/file_path.h"

#include <string.h>
#include <talloc.h>

#include "core/percent.h"
#include "core/str.h"
#include "core/unicode.h"
#include "web/web.h"

/* First segments whose URLs are the bridge's: those of such a folder are escaped. */
static bool is_taken(const char *path)
{
	static const char *const words[] = { "raw", "upload", "archive" };
	size_t n = strcspn(path, "/"), i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (n == strlen(words[i]) && memcmp(path, words[i], n) == 0)
			return true;
	}
	return false;
}

/* Bytes of the character at s; 0 for one that must be encoded. */
static size_t plain_bytes(const char *s, size_t n)
{
	size_t len;

	if ((unsigned char)*s < ' ' || *s == 0x7f || *s == '\\' || *s == '%')
		return 0;
	for (len = 1; len <= 4 && len <= n; len++) {
		if (utf8_valid(s, len))
			return len;
	}
	return 0;
}

char *file_path_text(const void *ctx, const char *path)
{
	size_t n = strlen(path), len;
	char *out = alloc_checked(talloc_array(ctx, char, 3 * n + 1)), *to = out;
	const char *at = path;

	for (; n; at += len, n -= len) {
		len = plain_bytes(at, n);
		if (!len || (at == path && is_taken(path))) {
			len = 1;
			to += sprintf(to, "%%%02X", (unsigned char)*at);
			continue;
		}
		memcpy(to, at, len);
		to += len;
	}
	*to = '\0';
	return out;
}

static int no_such_file(struct err *e)
{
	return err_tell(e, ERR_MISSING, "error_file_missing", "no such path");
}

/* No empty, "." or ".." segment, none too long. */
static bool is_path(const char *path)
{
	const char *s;
	size_t n;

	if (strlen(path) > FILE_PATH_MAX)
		return false;
	for (s = path; *s; s += n + (s[n] == '/')) {
		n = strcspn(s, "/");
		if (n == 0 || n > FILE_NAME_MAX || (s[n] == '/' && !s[n + 1]) ||
		    (n == 1 && s[0] == '.') ||
		    (n == 2 && s[0] == '.' && s[1] == '.'))
			return false;
	}
	return true;
}

char *file_path_read(const void *ctx, const char *text, struct err *e)
{
	size_t n = strlen(text);
	char *path = alloc_checked(talloc_size(ctx, n + 1));
	ptrdiff_t len;

	if (n && text[n - 1] == '/')
		n--;
	len = percent_decode(path, text, n, false);
	if (len >= 0 && !memchr(path, '\0', (size_t)len)) {
		path[len] = '\0';
		if (is_path(path))
			return path;
	}
	no_such_file(e);
	return NULL;
}

char *file_path_typed(const void *ctx, const char *text, struct err *e)
{
	char *path = unicode_nfc(ctx, text);
	size_t n = strlen(path), begin = strspn(path, "/");

	memmove(path, path + begin, n - begin + 1);
	n -= begin;
	while (n && path[n - 1] == '/')
		path[--n] = '\0';
	if (is_path(path))
		return path;
	err_tell(e, ERR_INPUT, "error_file_name", "not a path");
	return NULL;
}

char *file_path_parent(const void *ctx, const char *path)
{
	const char *slash = strrchr(path, '/');

	return alloc_checked(talloc_strndup(ctx, path,
					    slash ? (size_t)(slash - path) : 0));
}

const char *file_path_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

char *file_path_join(const void *ctx, const char *folder, const char *name)
{
	return alloc_checked(talloc_asprintf(ctx, "%s%s%s", folder,
					     *folder ? "/" : "", name));
}

const char *file_url(const struct request *r, const char *path)
{
	const char *text = url_encode(r, file_path_text(r, path), "/");

	return talloc_asprintf(r, "%s/files%s%s", context_of(r)->app->base_path,
			       *text ? "/" : "", text);
}

const char *file_raw_url(const struct request *r, const char *path)
{
	return talloc_asprintf(r, "%s/files/raw/%s",
			       context_of(r)->app->base_path,
			       url_encode(r, path, "/"));
}

char *file_path_shown(const void *ctx, const char *path)
{
	return unicode_escape(ctx, unicode_nfc(ctx, path));
}

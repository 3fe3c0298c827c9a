#include "config.h"
#include "shim/file_type.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/str.h"

#define LOOKS 512

static const struct {
	const char *type;
	size_t at, n;
	const char *bytes;
} signatures[] = {
	{ "png", 0, 8, "\x89PNG\r\n\x1a\n" },
	{ "jpeg", 0, 3, "\xff\xd8\xff" },
	{ "gif", 0, 6, "GIF87a" },
	{ "gif", 0, 6, "GIF89a" },
	{ "webp", 8, 4, "WEBP" },
	{ "avif", 4, 8, "ftypavif" },
	{ "pdf", 0, 5, "%PDF-" },
	{ "zip", 0, 4, "PK\x03\x04" },
};

static bool is_text(const char *bytes, size_t n)
{
	size_t whole = utf8_prefix(bytes, n, n == LOOKS ? n - 1 : n);

	return utf8_valid(bytes, whole);
}

static bool ends_so(const char *path, const char *ending)
{
	size_t n = strlen(path), m = strlen(ending);

	return n > m && strcasecmp(path + n - m, ending) == 0;
}

const char *file_type_of_bytes(const char *bytes, size_t n, const char *path)
{
	size_t i;

	if (n > LOOKS)
		n = LOOKS;
	for (i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++) {
		if (signatures[i].at + signatures[i].n <= n &&
		    memcmp(bytes + signatures[i].at, signatures[i].bytes,
			   signatures[i].n) == 0)
			return signatures[i].type;
	}
	if (!is_text(bytes, n))
		return "binary";
	return ends_so(path, ".svg") ? "svg" : "text";
}

const char *file_type_of(int fd, const char *path)
{
	char bytes[LOOKS];
	ssize_t n = pread(fd, bytes, sizeof(bytes), 0);

	return n < 0 ? "binary" : file_type_of_bytes(bytes, (size_t)n, path);
}

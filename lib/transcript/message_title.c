#include "config.h"
#include "transcript/message_title.h"

#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "core/unicode.h"

/* Before the words of a line, as often as they come. */
static const char *const marks[] = {
	"# ", "## ", "### ", "#### ", "> ", ">", "- ", "* ", "+ ", "[ ] ", "[x] ",
	"$ ", "! ", "run:", "write:", "echo:", "실행:", "쓰기:", "따라:",
};

static size_t number(const char *text)
{
	size_t n = strspn(text, "0123456789");

	return n && n < 4 && str_starts(text + n, ". ") ? n + 2 : 0;
}

/* "/plan fix it" is about fixing; "/compact" alone is what it is, and "/etc/hosts" a file. */
static size_t command(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz-:";
	size_t n = *text == '/' ? 1 + strspn(text + 1, letters) : 0;

	return n > 1 && text[n] == ' ' && text[n + strspn(text + n, " ")] ? n : 0;
}

static const char *words_of(const char *line)
{
	size_t i, n;

	do {
		line += strspn(line, " \t");
		n = number(line);
		if (!n)
			n = command(line);
		for (i = 0; !n && i < sizeof(marks) / sizeof(marks[0]); i++) {
			if (str_starts(line, marks[i]))
				n = strlen(marks[i]);
		}
		line += n;
	} while (n);
	return line;
}

/* Bytes of "](address)" after a link's text; 0: it is none. */
static size_t address(const char *text)
{
	const char *end = str_starts(text, "](") ? strchr(text, ')') : NULL;

	return end ? (size_t)(end - text) + 1 : 0;
}

static bool begins_link(const char *text)
{
	const char *end = *text == '[' ? strstr(text, "](") : NULL;

	return end && address(end);
}

/* In place: without the marks around words. */
static void strip_marks(char *text)
{
	char *to = text;
	size_t n;

	while (*text) {
		n = str_starts(text, "**") || str_starts(text, "__") ? 2 :
		    *text == '`' ? 1 : begins_link(text) ? 1 :
		    address(text);
		if (n)
			text += n;
		else
			*to++ = *text++;
	}
	*to = '\0';
}

static size_t characters(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

/* At a space, unless half of it would be lost. */
static char *cut(const void *ctx, const char *text, size_t max)
{
	/* One more than may be, and the space before it. */
	char *whole = unicode_name(ctx, text, max + 2), *title, *space;

	if (characters(whole) <= max)
		return whole;
	title = unicode_name(ctx, text, max - 1);
	space = whole[strlen(title)] == ' ' ? NULL : strrchr(title, ' ');
	if (space && (size_t)(space - title) > strlen(title) / 2)
		*space = '\0';
	talloc_free(whole);
	return talloc_strdup_append(title, "…");
}

char *message_title(const void *ctx, const char *message, size_t max)
{
	char *title = talloc_strdup(ctx, ""), *line;
	size_t n;

	for (; *message && !*title; message += n + (message[n] != '\0')) {
		n = strcspn(message, "\r\n");
		if (str_starts(message, "```"))
			continue;
		talloc_free(title);
		line = talloc_strndup(NULL, message, n);
		memmove(line, words_of(line), strlen(words_of(line)) + 1);
		strip_marks(line);
		title = cut(ctx, line, max);
		talloc_free(line);
	}
	return title;
}

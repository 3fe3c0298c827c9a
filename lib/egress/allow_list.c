#include "config.h"
#include "egress/allow_list.h"

#include <stdio.h>
#include <string.h>

#include <talloc.h>

#include "core/buf.h"
#include "core/str.h"

#define LIST_MAX (1 << 20)	/* bytes of a list */
#define ROWS_MAX 20000
#define PORT_TLS 443
#define PORT_PLAIN 80
#define BLANKS " \t\r"
#define REASON_BAR " | "

struct allow_list {
	struct allow_row *rows;
	size_t n;
};

/* The next word of a line; NULL at its end. */
static char *word(char **line)
{
	char *begin = *line + strspn(*line, BLANKS);

	if (!*begin)
		return NULL;
	*line = begin + strcspn(begin, BLANKS);
	if (**line)
		*(*line)++ = '\0';
	return begin;
}

static int read_ways(struct allow_row *row, const char *ways, struct err *e)
{
	row->plain = ways && str_equal(ways, "https,http");
	if (row->plain || (ways && str_equal(ways, "https")))
		return 0;
	return err_set(e, ERR_INPUT, "https or https,http must follow the domain");
}

/* Without blanks at either end; modifies text. */
static char *trim(char *text)
{
	char *end;

	text += strspn(text, BLANKS);
	for (end = text + strlen(text); end > text; *--end = '\0') {
		if (!strchr(BLANKS, end[-1]))
			break;
	}
	return text;
}

/* "reason" or "reason | Korean"; modifies text. */
static int read_reason(struct allow_list *l, struct allow_row *row, char *text,
		       struct err *e)
{
	char *korean = strstr(text, REASON_BAR), *reason;

	if (korean) {
		*korean = '\0';
		korean = trim(korean + strlen(REASON_BAR));
	}
	reason = trim(text);
	if (!*reason)
		return err_set(e, ERR_INPUT, "a row ends with its reason");
	row->reason = talloc_strdup(l, reason);
	row->reason_ko = talloc_strdup(l, korean && *korean ? korean : reason);
	if (!row->reason || !row->reason_ko)
		err_abort("out of memory");
	return 0;
}

/* Modifies line. 0 when it holds no row. */
static int read_row(struct allow_list *l, char *line, struct err *e)
{
	struct allow_row row = { 0 };
	char *domain;

	line[strcspn(line, "#")] = '\0';
	domain = word(&line);
	if (!domain)
		return 0;
	row.below = domain[0] == '.';
	if (!domain_valid(domain + row.below))
		return err_set(e, ERR_INPUT, "no domain in lower case");
	if (read_ways(&row, word(&line), e) < 0)
		return -1;
	if (read_reason(l, &row, line, e) < 0)
		return -1;
	if (l->n == ROWS_MAX)
		return err_set(e, ERR_LIMIT, "more than %d rows", ROWS_MAX);
	row.domain = talloc_strdup(l, domain + row.below);
	l->rows = talloc_realloc(l, l->rows, struct allow_row, l->n + 1);
	if (!row.domain || !l->rows)
		err_abort("out of memory");
	l->rows[l->n++] = row;
	return 0;
}

struct allow_list *allow_list_parse(const void *ctx, const char *name,
				    const char *text, size_t n, struct err *e)
{
	struct allow_list *l = talloc_zero(ctx, struct allow_list);
	char *copy = talloc_strndup(l, text, n), *rest = copy, *line;
	int number = 0;

	if (!copy)
		err_abort("out of memory");
	if (strlen(copy) != n) {
		err_set(e, ERR_INPUT, "%s:1: a NUL byte", name);
		talloc_free(l);
		return NULL;
	}
	while ((line = strsep(&rest, "\n"))) {
		number++;
		if (read_row(l, line, e) < 0) {
			err_wrap(e, "%s:%d", name, number);
			talloc_free(l);
			return NULL;
		}
	}
	talloc_free(copy);
	return l;
}

struct allow_list *allow_list_load(const void *ctx, const char *path,
				   struct err *e)
{
	auto_buf text = BUF_INIT(LIST_MAX);
	FILE *f = fopen(path, "re");
	int rc;

	if (!f) {
		err_set(e, ERR_INPUT, "%s: %m", path);
		return NULL;
	}
	rc = buf_read_file(&text, f, e);
	fclose(f);
	if (rc < 0) {
		err_wrap(e, "%s", path);
		return NULL;
	}
	return allow_list_parse(ctx, path, buf_text(&text), text.len, e);
}

static bool row_has(const struct allow_row *row, const char *domain)
{
	size_t n = strlen(domain), m = strlen(row->domain);

	if (str_equal(domain, row->domain))
		return true;
	return row->below && n > m + 1 && domain[n - m - 1] == '.' &&
	       str_equal(domain + n - m, row->domain);
}

int allow_list_each(const struct allow_list *l,
		    int (*each)(void *data, const struct allow_row *row,
				struct err *e),
		    void *data, struct err *e)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		if (each(data, &l->rows[i], e) < 0)
			return -1;
	}
	return 0;
}

bool allow_list_has(const struct allow_list *l, const char *domain, bool plain)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		if ((l->rows[i].plain || !plain) && row_has(&l->rows[i], domain))
			return true;
	}
	return false;
}

/* Lower case, and without the root's dot. False when it is too long. */
static bool fold(const char *host, char out[DOMAIN_MAX + 1])
{
	size_t n = strlen(host), i;

	if (n && host[n - 1] == '.')
		n--;
	if (n > DOMAIN_MAX)
		return false;
	for (i = 0; i < n; i++)
		out[i] = host[i] >= 'A' && host[i] <= 'Z' ?
			 (char)(host[i] - 'A' + 'a') : host[i];
	out[n] = '\0';
	return true;
}

bool egress_host(const char *host, char out[DOMAIN_MAX + 1])
{
	char folded[DOMAIN_MAX + 1];

	if (!fold(host, folded) || !domain_valid(folded))
		return false;
	memcpy(out, folded, strlen(folded) + 1);
	return true;
}

/*
 * What a resolver might take for an address (inet_aton(3); the URL standard's
 * "ends in a number"): a last label of digits, or 0x and hex; and IPv6.
 */
static bool is_address(const char *host)
{
	char folded[DOMAIN_MAX + 1];
	const char *last;

	if (strpbrk(host, ":[]"))
		return true;
	if (!fold(host, folded))
		return false;
	last = strrchr(folded, '.');
	last = last ? last + 1 : folded;
	if (!*last)
		return false;
	if (last[0] == '0' && last[1] == 'x')
		return last[2 + strspn(last + 2, "0123456789abcdef")] == '\0';
	return last[strspn(last, "0123456789")] == '\0';
}

enum egress_verdict egress_check(const struct allow_list *l, const char *method,
				 const char *host, int64_t port,
				 char out[DOMAIN_MAX + 1], bool *plain)
{
	bool tunnel = str_equal(method, "CONNECT");

	if (is_address(host))
		return EGRESS_ADDRESS;
	if (!egress_host(host, out))
		return EGRESS_BAD_NAME;
	*plain = !tunnel;
	if (port != (tunnel ? PORT_TLS : PORT_PLAIN))
		return EGRESS_BAD_PORT;
	return allow_list_has(l, out, *plain) ? EGRESS_ALLOWED : EGRESS_NOT_LISTED;
}

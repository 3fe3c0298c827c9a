#include "config.h"
#include "http/probe.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define HEADERS_MAX 16
#define DATE_MAX 64

struct sink {
	struct buf *body;
	int64_t date;
};

static size_t take_body(char *bytes, size_t size, size_t n, void *data)
{
	struct sink *sink = data;
	struct err full = { 0 };

	n *= size;
	if (sink->body && buf_add(sink->body, bytes, n, &full) < 0)
		sink->body = NULL;	/* enough was read */
	return n;
}

/* RFC 9110, 6.6.1 */
static size_t take_header(char *bytes, size_t size, size_t n, void *data)
{
	static const char name[] = "date:";
	struct sink *sink = data;
	char text[DATE_MAX];
	time_t when;

	n *= size;
	if (n < sizeof(name) || n >= sizeof(text) ||
	    strncasecmp(bytes, name, sizeof(name) - 1) != 0)
		return n;
	memcpy(text, bytes, n);
	text[n] = '\0';
	when = curl_getdate(text + sizeof(name) - 1, NULL);
	if (when > 0)
		sink->date = when;
	return n;
}

static struct curl_slist *list_of(const char *const *headers)
{
	struct curl_slist *list = NULL, *longer;
	size_t i;

	for (i = 0; headers && headers[i] && i < HEADERS_MAX; i++) {
		longer = alloc_checked(curl_slist_append(list, headers[i]));
		list = longer;
	}
	return list;
}

static void prepare(CURL *curl, const struct probe_call *call,
		    struct curl_slist *headers, struct sink *sink)
{
	curl_easy_setopt(curl, CURLOPT_URL, call->url);
	curl_easy_setopt(curl, CURLOPT_PROXY, call->proxy ? call->proxy : "");
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "");
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)call->deadline_ms);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, sink);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, sink);
}

int probe_run(const struct probe_call *call, struct probe_answer *out,
	      struct buf *body, struct err *e)
{
	struct sink sink = { .body = body };
	struct curl_slist *headers = list_of(call->headers);
	CURL *curl = curl_easy_init();
	char said[CURL_ERROR_SIZE] = "";
	CURLcode code;
	long status = 0;

	if (!curl)
		err_abort("out of memory");
	prepare(curl, call, headers, &sink);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, said);
	code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	if (code != CURLE_OK && !status)
		return err_set(e, ERR_UNAVAILABLE, "%s",
			       *said ? said : curl_easy_strerror(code));
	*out = (struct probe_answer){ .status = (int)status, .date = sink.date };
	return 0;
}

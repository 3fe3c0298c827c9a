#include "config.h"
#include "notify/webhook.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "core/address.h"
#include "core/digest.h"
#include "core/str.h"

#define ANSWER_MAX (64 << 10)	/* bytes of the answer that are read */

struct exchange {
	const struct webhook *w;
	bool refused;		/* an address was refused */
	size_t answered;
};

static bool has(CURLU *u, CURLUPart part)
{
	char *s = NULL;
	bool there = curl_url_get(u, part, &s, 0) == CURLUE_OK;

	curl_free(s);
	return there;
}

static bool is_web(CURLU *u)
{
	char *scheme = NULL;
	bool yes = curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		   (str_equal(scheme, "https") || str_equal(scheme, "http"));

	curl_free(scheme);
	return yes;
}

static bool plain_bytes(const char *s)
{
	for (; *s; s++) {
		if (*s <= ' ' || *s >= 0x7f || *s == '\\')
			return false;
	}
	return true;
}

int webhook_url_check(const char *url, struct err *e)
{
	CURLU *u = alloc_checked(curl_url());
	bool good;

	good = strlen(url) <= WEBHOOK_URL_MAX && plain_bytes(url) &&
	       curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
	       is_web(u) && has(u, CURLUPART_HOST) && !has(u, CURLUPART_USER) &&
	       !has(u, CURLUPART_PASSWORD) && !has(u, CURLUPART_FRAGMENT);
	curl_url_cleanup(u);
	if (good)
		return 0;
	return err_tell(e, ERR_INPUT, "error_notify_url",
			"no http or https URL");
}

void webhook_sign(const char *secret, int64_t seconds, const char *body,
		  char out[SIGNATURE_SIZE])
{
	char stamp[24], mac[DIGEST_SIZE];
	const char *const pieces[] = { stamp, ".", body, NULL };

	snprintf(stamp, sizeof(stamp), "%" PRId64, seconds);
	digest_hmac_hex(secret, pieces, mac);
	snprintf(out, SIGNATURE_SIZE, "t=%s,v1=%s", stamp, mac);
}

/* Called with each address before connecting to it. */
static curl_socket_t open_socket(void *data, curlsocktype purpose,
				 struct curl_sockaddr *at)
{
	struct exchange *x = data;

	(void)purpose;
	if (!x->w->may_private && !address_public(&at->addr)) {
		x->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(at->family, at->socktype | SOCK_CLOEXEC, at->protocol);
}

/* Aborts an endless answer. */
static size_t drop(char *bytes, size_t size, size_t n, void *data)
{
	struct exchange *x = data;

	(void)bytes;
	x->answered += size * n;
	return x->answered > ANSWER_MAX ? 0 : size * n;
}

static struct curl_slist *headers(const struct webhook *w)
{
	char signature[SIGNATURE_SIZE], line[256];
	struct curl_slist *list = NULL;
	int64_t seconds = w->at / 1000;

	webhook_sign(w->secret, seconds, w->body, signature);
	list = curl_slist_append(list, "Content-Type: application/json");
	list = curl_slist_append(list, "Expect:");
	snprintf(line, sizeof(line), "X-Gongbang-Event: %s", w->event);
	list = curl_slist_append(list, line);
	snprintf(line, sizeof(line), "X-Gongbang-Delivery: %s", w->id);
	list = curl_slist_append(list, line);
	snprintf(line, sizeof(line), "X-Gongbang-Timestamp: %" PRId64, seconds);
	list = curl_slist_append(list, line);
	snprintf(line, sizeof(line), "X-Gongbang-Signature: %s", signature);
	return curl_slist_append(list, line);
}

static void prepare(CURL *c, struct exchange *x, struct curl_slist *list)
{
	const struct webhook *w = x->w;

	curl_easy_setopt(c, CURLOPT_URL, w->url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_PROXY, "");	/* nor one from the environment */
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);	/* does not wait for the resolver */
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)w->deadline_ms);
	curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, x);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, drop);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, list);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "gongbang");
	curl_easy_setopt(c, CURLOPT_POSTFIELDS, w->body);
}

/* Why there was no answer, as a word. */
static const char *word(const struct exchange *x, CURLcode rc)
{
	if (x->refused)
		return "private";
	switch (rc) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return "resolve";
	case CURLE_COULDNT_CONNECT:
		return "connect";
	case CURLE_OPERATION_TIMEDOUT:
		return "timeout";
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
		return "tls";
	default:
		return "broken";
	}
}

static void classify(const struct exchange *x, CURLcode rc, long status,
		     struct sending *out)
{
	/* A status received counts, even if the body never ended. */
	if (status >= 200 && status < 300) {
		out->result = SEND_DONE;
		out->error[0] = '\0';
		return;
	}
	out->result = status == 410 || (!status && x->refused) ? SEND_NEVER :
		      SEND_AGAIN;
	if (status == 410)
		snprintf(out->error, SEND_ERROR_SIZE, "gone");
	else if (status)
		snprintf(out->error, SEND_ERROR_SIZE, "status %ld", status);
	else
		snprintf(out->error, SEND_ERROR_SIZE, "%s", word(x, rc));
}

void webhook_send(const struct webhook *w, struct sending *out)
{
	struct exchange x = { .w = w };
	struct err e = { 0 };
	struct curl_slist *list;
	long status = 0;
	CURLcode rc;
	CURL *c;

	if (webhook_url_check(w->url, &e) < 0) {
		*out = (struct sending){ SEND_NEVER, "url" };
		return;
	}
	c = curl_easy_init();
	list = headers(w);
	if (!c || !list)
		err_abort("out of memory");
	prepare(c, &x, list);
	rc = curl_easy_perform(c);
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(list);
	curl_easy_cleanup(c);
	classify(&x, rc, status, out);
}

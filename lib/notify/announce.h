/*
 * The contents of a notification, as a mail's text and as a webhook's JSON
 * (NOTICES.md).
 */
#ifndef NOTIFY_ANNOUNCE_H
#define NOTIFY_ANNOUNCE_H

#include "i18n/i18n.h"
#include "store/notices.h"

/* "notice_<event>" with the agent's name, or the domain. Gives (child of ctx). */
char *announce_sentence(const void *ctx, const struct i18n_locale *l, const struct notice *n);

/*
 * public_url: the installation's, or "": then without a link. zone: IANA. Each
 * gives (child of ctx).
 */
char *announce_subject(const void *ctx, const struct i18n_locale *l, const struct notice_due *d);
char *announce_text(const void *ctx, const struct i18n_locale *l, const char *public_url,
		    const char *zone, const struct notice_due *d);
char *announce_json(const void *ctx, const char *public_url, const struct notice_due *d);

/*
 * "status 503" -> the sentence notify_error_status with 503. Gives (child of
 * ctx).
 */
char *announce_error(const void *ctx, const struct i18n_locale *l, const char *error);

#endif

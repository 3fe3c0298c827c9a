/*
 * Which beta features of the service a request may use: a list of their names,
 * without dates.
 */
#ifndef GATEWAY_BETAS_H
#define GATEWAY_BETAS_H

#include "gateway/headers.h"

/*
 * Removes unlisted names from the anthropic-beta fields, and fields that
 * become empty. allowed: hosted tools (request_reader.h), whose betas pass
 * too: "web_search" lets "web-search-2025-03-05" through.
 */
void betas_filter(struct headers *h, const char *allowed);

#endif

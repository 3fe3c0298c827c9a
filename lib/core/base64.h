/* Base64 (RFC 4648, section 4, with padding). */
#ifndef CORE_BASE64_H
#define CORE_BASE64_H

#include "core/buf.h"

/* Appends the encoded bytes. */
int base64_add(struct buf *out, const void *bytes, size_t n, struct err *e) must_check;

#endif

/*
 * The program's Redis login (AUTH with a user of the ACL); every later
 * connection logs in first.
 */
#ifndef KV_KV_LOGIN_H
#define KV_KV_LOGIN_H

#include "core/settings.h"

/*
 * Reads the password from the file called name in the folder redis_users; without
 * the file, connections do not log in. Call it once, before threads.
 * ERR_UNAVAILABLE if the file exists but cannot be used.
 */
int kv_login_read(const struct settings *s, const char *name, struct err *e) must_check;

#endif

/*
 * Who this program is to Redis (AUTH with a user of its ACL). Every connection
 * that is made afterwards logs in first.
 */
#ifndef KV_KV_LOGIN_H
#define KV_KV_LOGIN_H

#include "core/settings.h"

/*
 * Reads the password from the file of that name in the folder redis_users;
 * without such a file connections do not log in. Call it once, before threads.
 * ERR_UNAVAILABLE when the file is there and cannot be used.
 */
int kv_login_read(const struct settings *s, const char *name, struct err *e) must_check;

#endif

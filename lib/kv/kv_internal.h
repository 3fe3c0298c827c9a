/* The login that kv_login_read found; for this folder's connections only. */
#ifndef KV_KV_INTERNAL_H
#define KV_KV_INTERNAL_H

/* The arguments of AUTH, ended by NULL; NULL if connections do not log in. */
const char *const *kv_login_words(void);

#endif

/* What kv_login_read found; for the connections of this folder. */
#ifndef KV_KV_INTERNAL_H
#define KV_KV_INTERNAL_H

/* The words of AUTH and a NULL; NULL when connections do not log in. */
const char *const *kv_login_words(void);

#endif

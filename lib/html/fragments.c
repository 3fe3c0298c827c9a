#include "config.h"
#include "html/fragments.h"

#include <stdint.h>
#include <string.h>
#include <talloc.h>

#include "core/err.h"

struct fragment {
	uint64_t hash;
	size_t key_len;
	char *key;		/* followed by the HTML; NULL: an empty slot */
};

struct fragments {
	size_t mask;
	struct fragment slots[];
};

/* FNV-1a over eight bytes at a time; a collision only costs time. */
static uint64_t hash_of(const void *key, size_t n)
{
	const uint64_t prime = 1099511628211u;
	uint64_t hash = 14695981039346656037u, word;
	const char *at = key;

	for (; n >= sizeof(word); at += sizeof(word), n -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		hash = (hash ^ word) * prime;
		hash ^= hash >> 29;
	}
	for (; n; at++, n--)
		hash = (hash ^ (unsigned char)*at) * prime;
	return hash ^ hash >> 32;
}

struct fragments *fragments_new(const void *ctx, size_t slots)
{
	struct fragments *f = talloc_zero_size(ctx, sizeof(*f) + slots *
					       sizeof(f->slots[0]));

	if (!f)
		err_abort("out of memory");
	f->mask = slots - 1;
	return f;
}

const char *fragments_find(const struct fragments *f, const void *key, size_t n)
{
	uint64_t hash = hash_of(key, n);
	const struct fragment *slot = &f->slots[hash & f->mask];

	if (!slot->key || slot->hash != hash || slot->key_len != n ||
	    memcmp(slot->key, key, n) != 0)
		return NULL;
	return slot->key + n;
}

void fragments_keep(struct fragments *f, const void *key, size_t n, const char *html)
{
	uint64_t hash = hash_of(key, n);
	struct fragment *slot = &f->slots[hash & f->mask];
	size_t len = strlen(html);
	char *both = alloc_checked(talloc_size(f, n + len + 1));

	memcpy(both, key, n);
	memcpy(both + n, html, len + 1);
	talloc_free(slot->key);
	*slot = (struct fragment) { .hash = hash, .key_len = n, .key = both };
}

#include "config.h"
#include "core/hash.h"

#include <string.h>

uint32_t hash_32(uint32_t hash, const void *bytes, size_t n)
{
	const unsigned char *b = bytes;

	while (n--)
		hash = (hash ^ *b++) * UINT32_C(16777619);
	return hash;
}

uint64_t hash_64(uint64_t hash, const void *bytes, size_t n)
{
	const unsigned char *b = bytes;

	while (n--)
		hash = (hash ^ *b++) * UINT64_C(1099511628211);
	return hash;
}

uint32_t hash_text(const char *text)
{
	return hash_32(HASH_32_OFFSET, text, strlen(text));
}

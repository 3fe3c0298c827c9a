/*
 * FNV-1a (Fowler, Noll, Vo) for hash tables: fast, not safe against somebody
 * who wants collisions. Start with the offset, go on with what came out.
 */
#ifndef CORE_HASH_H
#define CORE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_32_OFFSET UINT32_C(2166136261)
#define HASH_64_OFFSET UINT64_C(14695981039346656037)

uint32_t hash_32(uint32_t hash, const void *bytes, size_t n);
uint64_t hash_64(uint64_t hash, const void *bytes, size_t n);

/* Of a text, its NUL not counted. */
uint32_t hash_text(const char *text);

#endif

/*
 * FNV-1a (Fowler, Noll, Vo) for hash tables: fast, but not collision-resistant
 * against an attacker. Start with the offset; pass the result on to continue.
 */
#ifndef CORE_HASH_H
#define CORE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_32_OFFSET UINT32_C(2166136261)
#define HASH_64_OFFSET UINT64_C(14695981039346656037)

uint32_t hash_32(uint32_t hash, const void *bytes, size_t n);
uint64_t hash_64(uint64_t hash, const void *bytes, size_t n);

/* Hash of a text without its NUL. */
uint32_t hash_text(const char *text);

#endif

/* Ids: UUID version 7 (RFC 9562, section 5.7) and random tokens. */
#ifndef CORE_ID_H
#define CORE_ID_H

#include <stdbool.h>
#include <stddef.h>

#define ID_SIZE 37	/* canonical text and its NUL */
#define TOKEN_SIZE 65	/* 32 random bytes as lower-case hex and a NUL */

/* A new time-ordered id. */
void id_new(char out[ID_SIZE]);

/* True for a canonical lower-case UUID of any version. */
bool id_valid(const char *s);

/* A new secret of 32 bytes from the kernel's random source. */
void token_new(char out[TOKEN_SIZE]);

/* True for 64 lower-case hex digits. */
bool token_valid(const char *s);

#endif

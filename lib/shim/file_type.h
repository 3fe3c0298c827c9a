/*
 * What a file seems to be, by its first bytes and, for text, its name. Only a
 * hint: what may be shown is decided outside the workspace, per word.
 *
 * png jpeg gif webp avif pdf zip: their signatures; svg: text whose name
 * ends so; text: no NUL and valid UTF-8 so far; binary: anything else.
 */
#ifndef SHIM_FILE_TYPE_H
#define SHIM_FILE_TYPE_H

#include <stddef.h>

/* Reads from the beginning; leaves the descriptor's position alone. */
const char *file_type_of(int fd, const char *path);

/* The same of n bytes (at most 512 count). */
const char *file_type_of_bytes(const char *bytes, size_t n, const char *path);

#endif

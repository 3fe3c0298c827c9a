/* Names and places for files: free names, folders made on the way, erasing. */
#ifndef SHIM_FILE_PLACE_H
#define SHIM_FILE_PLACE_H

#include <stdbool.h>

#include "shim/file_worker.h"
#include "shim/workspace_files.h"

#define FILE_PLACE_DEPTH 512	/* folders below an erased one */

/*
 * The i-th name to try for a taken one: "a (1).txt" from "a.txt"; ".tar.gz"
 * stays together. A long one loses the end of its first part, at a character.
 */
void file_place_name(const char *name, unsigned i,
		     char out[WORKSPACE_FILES_NAME_SIZE]);

/* Makes the folders that path names before its last slash, where they are missing. */
int file_place_folders(const char *path, struct err *e) must_check;

/*
 * Renames from (below at) to path, never onto something. make: missing folders
 * are made. free: another name is taken if that is in use; path (of
 * LINK_SERVER_PATH_MAX bytes) is changed to it. ERR_CONFLICT: the name is
 * taken.
 */
int file_place_move(int at, const char *from, char *path, bool make, bool free,
		    struct err *e) must_check;

/* Writes "path <path>\n", percent-encoded with "/" as it is. */
void file_place_answer(struct file_work *w, const char *path);

/* Removes name below at, whatever it is. */
int file_place_erase(int at, const char *name, int depth);

/* Bytes on disk of name below at and all in it, of at most 200000 files. */
int64_t file_place_bytes(int at, const char *name);

#endif

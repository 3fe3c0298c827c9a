/*
 * Any bytes as a request to gongbang-ledger: one complete reply, and only the
 * ledger changes.
 */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ledger/answer.h"
#include "ledger/wire.h"
#include "store/users.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/tmp/ledger_fuzzXXXXXX";

static void clean(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (system(command) != 0)
		abort();
}

static struct db *open_store(void)
{
	struct err e = { 0 };
	char path[64], id[ID_SIZE];
	struct db *db;

	if (!mkdtemp(folder) || atexit(clean) != 0)
		abort();
	snprintf(path, sizeof(path), "%s/db", folder);
	db = db_open(NULL, path, &e);
	if (!db || user_create(db, "kim", "h", false, id, &e) < 0)
		abort();
	return db;
}

static void ask(struct db *db, const uint8_t *data, size_t size)
{
	auto_buf reply = BUF_INIT(LEDGER_REPLY_MAX);
	char *request = malloc(size + 1);
	const char *end;

	memcpy(request, data, size);
	request[size] = '\0';
	ledger_answer(db, request, size, &reply);
	end = strstr(buf_text(&reply), "\n\n");
	if (!end || end + 2 != reply.data + reply.len ||
	    (strncmp(reply.data, "ok\n", 3) != 0 &&
	     strncmp(reply.data, "error ", 6) != 0))
		abort();
	free(request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct db *db;
	struct err e = { 0 };
	int64_t users = 0;

	if (!db)
		db = open_store();
	ask(db, data, size);
	if (db_query(db, &e, db_keep_number, &users,
		     "SELECT count(*) FROM users WHERE login = 'kim' AND"
		     " password_hash = 'h' AND role = 'user'", "") < 0 ||
	    users != 1)
		abort();
	return 0;
}

/*
 * fill_search FOLDER MESSAGES -- fills a new store with synthetic messages, Korean with
 * particles and English, of ten accounts, then prints one JSON object: milliseconds
 * of each kind of query (best of several) beside LIKE over the same rows, bytes of
 * the index, and what writing an entry adds to recording a part.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <time.h>

#include "store/search.h"
#include "store/users.h"

#define ACCOUNTS 10
#define PER_CONVERSATION 500
#define BATCH 50		/* parts of one transaction, as a recorder's */
#define TIMES 7

static const char *const syllables[] = {
	"가", "나", "다", "라", "마", "바", "사", "아", "자", "차", "카", "타",
	"파", "하", "거", "너", "더", "러", "머", "버", "서", "어", "저", "처",
	"고", "노", "도", "로", "모", "보", "소", "오", "조", "초", "구", "누",
	"두", "루", "무", "부", "수", "우", "주", "추", "기", "니", "디", "리",
	"미", "비", "시", "이", "지", "치", "한", "국", "전", "정", "산", "문",
};
static const char *const particles[] = {
	"를", "을", "이", "가", "은", "는", "에서", "으로", "까지", "부터", "",
};
static const char *const english[] = {
	"the", "report", "failed", "because", "config", "value", "was", "missing",
	"please", "check", "server", "install", "python", "chart", "data", "run",
	"continue", "contain", "context", "control", "connect", "content",
};

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static uint64_t seed = 1;

static unsigned dice(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

static void die(const char *what, const struct err *e)
{
	fprintf(stderr, "%s: %s\n", what, e->text);
	exit(1);
}

/* About 440 bytes. One in a hundred is about payments. */
static void write_text(char *out, size_t size)
{
	size_t n = 0;
	int i;

	for (i = 0; i < 40; i++) {
		const char *word = dice(4) ? "" : english[dice(22)];

		n += (size_t)snprintf(out + n, size - n, "%s%s%s%s ", word,
			*word ? "" : syllables[dice(60)],
			*word ? "" : syllables[dice(60)],
			*word ? "" : particles[dice(11)]);
	}
	if (dice(100) == 0)
		snprintf(out + n, size - n, "결제를 확인 invoice");
}

static char *text_of(const void *ctx, const struct part *p)
{
	return talloc_strdup(ctx, p->data);
}

static void fill_one(struct db *db, const char *id, int64_t parts, bool found)
{
	static char texts[BATCH][1024];
	static int64_t now = 1700000000000;
	struct part list[BATCH];
	struct err e = { 0 };
	int64_t at = 0;
	size_t i, n;

	while (at < parts) {
		n = (size_t)(parts - at < BATCH ? parts - at : BATCH);
		for (i = 0; i < n; i++) {
			write_text(texts[i], sizeof(texts[i]));
			list[i] = (struct part){ .at = at++, .role = "assistant",
				.kind = "text", .state = "ok", .data = texts[i],
				.created_at = now += 1000, .ended_at = now };
		}
		if (conversation_record(db, &(struct recording){
				.conversation_id = id, .offset = at,
				.parts = list, .nparts = n,
				.search_text = found ? text_of : NULL }, &e) < 0)
			die("record", &e);
	}
}

static double fill(struct db *db, char users[ACCOUNTS][ID_SIZE], int64_t messages,
		   bool found)
{
	int64_t i;
	double began = now_ms();
	char id[ID_SIZE];
	struct err e = { 0 };

	for (i = 0; i < messages; i += PER_CONVERSATION) {
		if (conversation_create(db, users[i / PER_CONVERSATION % ACCOUNTS],
					"t", id, &e) < 0)
			die("create", &e);
		fill_one(db, id, PER_CONVERSATION, found);
	}
	return now_ms() - began;
}

static int count_hit(void *data, const struct search_hit *h, struct err *e)
{
	(void)h;
	(void)e;
	++*(int *)data;
	return 0;
}

static void measure(struct db *db, const char *user, const char *name,
		    const char *query)
{
	double best = 1e9;
	struct search_filter f = { .user_id = user, .kind = "", .role = "",
				   .limit = 20 };
	struct search_end end = { 0 };
	struct err e = { 0 };
	int i, found = 0;

	for (i = 0; i < TIMES; i++) {
		double began = now_ms();
		double took;

		found = 0;
		f.query = search_query_new(NULL, query);
		if (search_each(db, &f, count_hit, &found, &end, &e) < 0)
			die("search", &e);
		took = now_ms() - began;
		best = took < best ? took : best;
	}
	printf(",\"%s\":{\"ms\":%.3f,\"found\":%d}", name, best, found);
}

static void measure_like(struct db *db, const char *name, const char *pattern)
{
	double best = 1e9;
	int64_t n = 0;
	struct err e = { 0 };
	int i;

	for (i = 0; i < 3; i++) {
		double began = now_ms();
		double took;

		if (db_query(db, &e, db_keep_number, &n, "SELECT count(*) FROM"
			     " parts WHERE data LIKE $1", "t", pattern) < 0)
			die("like", &e);
		took = now_ms() - began;
		best = took < best ? took : best;
	}
	printf(",\"%s\":{\"ms\":%.3f,\"found\":%lld}", name, best, (long long)n);
}

static void print_number(struct db *db, const char *name, const char *sql)
{
	int64_t n = 0;
	struct err e = { 0 };

	if (db_query(db, &e, db_keep_number, &n, sql, "") < 0)
		die(name, &e);
	printf(",\"%s\":%lld", name, (long long)n);
}

static struct db *open_store(const char *folder, const char *name)
{
	struct err e = { 0 };
	struct db *db = db_open(NULL, talloc_asprintf(NULL, "%s/%s", folder, name),
				&e);

	if (!db)
		die("open", &e);
	return db;
}

static void add_users(struct db *db, char users[ACCOUNTS][ID_SIZE])
{
	struct err e = { 0 };
	int i;

	for (i = 0; i < ACCOUNTS; i++) {
		char login[8];

		snprintf(login, sizeof(login), "user%d", i);
		if (user_create(db, login, "h", false, users[i], &e) < 0)
			die("user", &e);
	}
}

int main(int argc, char **argv)
{
	char users[ACCOUNTS][ID_SIZE];
	int64_t messages;
	double with, without;
	struct db *db;

	if (argc != 3)
		return 2;
	messages = strtoll(argv[2], NULL, 10);
	db = open_store(argv[1], "without.db");
	add_users(db, users);
	without = fill(db, users, messages / 10, false) * 10;
	talloc_free(db);
	db = open_store(argv[1], "search.db");
	add_users(db, users);
	seed = 1;
	with = fill(db, users, messages, true);
	printf("{\"messages\":%lld,\"recordMs\":{\"with\":%.4f,\"without\":%.4f}",
	       (long long)messages, with / (double)messages,
	       without / (double)messages);
	measure(db, users[0], "two_syllables", "결제");
	measure(db, users[0], "two_common", "가나");
	measure(db, users[0], "four_syllables", "결제를확");
	measure(db, users[0], "word", "invoice");
	measure(db, users[0], "common_word", "report");
	measure(db, users[0], "prefix", "con");
	measure(db, users[0], "both", "결제 invoice");
	measure(db, users[0], "rare_and_common", "결제 the");
	measure(db, users[0], "absent", "쀍쀍");
	measure(db, users[0], "one_syllable", "결");
	measure(db, users[0], "one_syllable_absent", "쀍");
	measure_like(db, "like_two_syllables", "%결제%");
	measure_like(db, "like_absent", "%쀍쀍%");
	print_number(db, "textBytes", "SELECT sum(length(CAST(data AS BLOB))) FROM parts");
	print_number(db, "indexBytes", "SELECT sum(length(block)) FROM search_index_data");
	print_number(db, "entryBytes", "SELECT sum(length(CAST(text AS BLOB))) FROM search_entries");
	printf("}\n");
	talloc_free(db);
	return 0;
}

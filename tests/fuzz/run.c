/* Drives a fuzz target without libFuzzer: the corpus, then seeded mutations of it. */
#include "config.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (1 << 20)
#define MUTATIONS 4000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t seed = 0x9e3779b97f4a7c15u;

static uint64_t next_random(void)	/* xorshift64 */
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static size_t read_file(const char *path, uint8_t *out)
{
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f)
		return 0;
	n = fread(out, 1, INPUT_MAX, f);
	fclose(f);
	return n;
}

static void mutate(const uint8_t *in, size_t n, uint8_t *out)
{
	size_t edits = 1 + next_random() % 8, i;
	uint8_t *exact;

	memcpy(out, in, n);
	for (i = 0; i < edits && n; i++) {
		size_t at = next_random() % n;

		switch (next_random() % 4) {
		case 0:
			out[at] = (uint8_t)next_random();
			break;
		case 1:
			out[at] ^= (uint8_t)(1u << (next_random() % 8));
			break;
		case 2:
			n = at;
			break;
		default:
			memmove(out + at, out + n / 2, n - (at > n / 2 ? at : n / 2));
			break;
		}
	}
	exact = malloc(n ? n : 1);	/* so that a sanitizer sees the end */
	if (!exact)
		abort();
	memcpy(exact, out, n);
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
}

int main(int argc, char **argv)
{
	const char *srcdir = getenv("top_srcdir"), *name;
	static uint8_t in[INPUT_MAX], out[INPUT_MAX];
	size_t files = 0, runs = 0, n, i;
	char dir[512], path[1024];
	struct dirent *entry;
	DIR *d;

	name = strrchr(argv[0], '/');
	name = name ? name + 1 : argv[0];
	if (strncmp(name, "lt-", 3) == 0)
		name += 3;
	snprintf(dir, sizeof(dir), "%s/tests/fuzz/corpus/%s",
		 srcdir ? srcdir : ".", argc > 1 ? argv[1] : name);
	d = opendir(dir);
	if (!d) {
		fprintf(stderr, "no corpus in %s\n", dir);
		return 1;
	}
	while ((entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		n = read_file(path, in);
		files++;
		LLVMFuzzerTestOneInput(in, n);
		for (i = 0; i < MUTATIONS / 8; i++, runs++)
			mutate(in, n, out);
	}
	closedir(d);
	printf("%zu corpus files, %zu mutations\n", files, runs);
	return files ? 0 : 1;
}

#include "config.h"
#include "auth/password.h"

#include <sodium.h>
#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "core/unicode.h"

#define GENERATED 20

_Static_assert(PASSWORD_HASH_SIZE >= crypto_pwhash_STRBYTES, "hash fits");

/* Of a random, unknown password, with the same cost as all others. */
static const char nobody[] = "$argon2id$v=19$m=65536,t=2,p=1$Ri4ekqUZ5+6n8+HUTDg"
	"JXA$saISEr8JKTrw9z6k/pJfKG2Oaf6xES5nPovBZgYti4s";

/* Safe to call often and from several threads. */
static void ready(void)
{
	if (sodium_init() < 0)
		err_abort("libsodium does not start");
}

/* ---- common guesses */

static const char *const common[] = {
#include "auth/common_passwords.def"
};

#define EDGES "0123456789 !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

/* Removes digits and signs at both ends, in place. */
static char *stem_of(char *text)
{
	size_t n;

	text += strspn(text, EDGES);
	n = strlen(text);
	while (n && strchr(EDGES, text[n - 1]))
		n--;
	text[n] = '\0';
	return text;
}

/* "p4$$w0rd" counts as the word. */
static void unmask(char *text)
{
	static const char from[] = "0134578@$!+", to[] = "oieastbasit";
	const char *at;

	for (; *text; text++) {
		at = strchr(from, *text);
		if (at)
			*text = to[at - from];
	}
}

/* "abcabcabc" to "abc", in place. */
static void once(char *text)
{
	size_t n = strlen(text), i;

	for (i = 1; i <= n / 2; i++) {
		if (n % i == 0 && memcmp(text, text + i, n - i) == 0) {
			text[i] = '\0';
			return;
		}
	}
}

/*
 * Fewer than four different bytes, or a sequence of consecutive bytes, up or
 * down.
 */
static bool is_pattern(const char *text)
{
	bool seen[256] = { false }, up = true, down = true;
	int kinds = 0;
	size_t i;

	for (i = 0; text[i]; i++) {
		kinds += !seen[(unsigned char)text[i]];
		seen[(unsigned char)text[i]] = true;
		up &= !i || text[i] == text[i - 1] + 1;
		down &= !i || text[i] == text[i - 1] - 1;
	}
	return kinds < 4 || up || down;
}

/* Removes each occurrence of a name from the text; false when there is none. */
static bool take_out(char *text, const char *name)
{
	size_t n = strlen(name);
	bool found = false;
	char *at;

	while (n >= 3 && (at = strstr(text, name))) {
		memmove(at, at + n, strlen(at + n) + 1);
		found = true;
	}
	return found;
}

/* Almost nothing is left without the account's names. */
static bool is_own_name(void *ctx, const char *text, const struct user *u)
{
	char *left = talloc_strdup(ctx, text);
	bool found = take_out(left, user_fold_login(ctx, u->login));

	found |= take_out(left, user_fold_login(ctx, unicode_nfc(ctx,
							u->display_name)));
	return found && strlen(stem_of(left)) < 4;
}

/* password: NFC. */
static bool is_weak(void *ctx, const char *password, const struct user *u)
{
	char *folded = user_fold_login(ctx, password);
	char *whole = talloc_strdup(ctx, folded);
	char *stem = stem_of(talloc_strdup(ctx, folded));
	char *plain = talloc_strdup(ctx, stem);

	unmask(plain);
	once(whole);
	once(stem);
	once(plain);
	return is_pattern(folded) || table_find(common, folded) || table_find(common, whole) ||
	       table_find(common, stem) || table_find(common, plain) ||
	       is_own_name(ctx, folded, u);
}

int password_check(const char *password, const struct user *u, struct err *e)
{
	size_t n = strlen(password);
	void *ctx;
	bool weak;

	if (n > PASSWORD_MAX)
		return err_tell(e, ERR_INPUT, "error_password_long",
				"a password has at most %d bytes",
				PASSWORD_MAX);
	if (!utf8_valid(password, n))
		return err_tell(e, ERR_INPUT, "error_password_text",
				"the password is not UTF-8 text");
	ctx = talloc_new(NULL);
	password = unicode_nfc(ctx, password);
	n = utf8_count(password, strlen(password));
	weak = n >= PASSWORD_MIN && is_weak(ctx, password, u);
	talloc_free(ctx);
	if (n < PASSWORD_MIN)
		return err_tell(e, ERR_INPUT, "error_password_short",
				"a password has at least %d characters",
				PASSWORD_MIN);
	if (weak)
		return err_tell(e, ERR_INPUT, "error_password_common",
				"this password is one of the first that anybody"
				" would try; four words make a good one");
	return 0;
}

int password_hash(const char *password, const struct user *u,
		  char out[PASSWORD_HASH_SIZE], struct err *e)
{
	char *text;
	int failed;

	ready();
	if (password_check(password, u, e) < 0)
		return -1;
	text = unicode_nfc(NULL, password);
	failed = crypto_pwhash_str(out, text, strlen(text),
				   crypto_pwhash_OPSLIMIT_INTERACTIVE,
				   crypto_pwhash_MEMLIMIT_INTERACTIVE);
	sodium_memzero(text, strlen(text));
	talloc_free(text);
	if (failed)
		return err_set(e, ERR_UNAVAILABLE, "no memory for argon2id:"
			       " 64 MiB must be free");
	return 0;
}

static bool verify(const char *hash, const char *password)
{
	return crypto_pwhash_str_verify(hash, password, strlen(password)) == 0;
}

bool password_matches(const char *hash, const char *password)
{
	char *text;
	bool same;

	ready();
	if (strlen(password) > PASSWORD_MAX)
		return false;
	text = unicode_nfc(NULL, password);
	same = verify(hash ? hash : nobody, text);
	/* Before passwords were normalized they were hashed as typed. */
	if (!same && !str_equal(text, password))
		same = verify(hash ? hash : nobody, password);
	sodium_memzero(text, strlen(text));
	talloc_free(text);
	return hash && same;
}

void password_generate(char out[32])
{
	static const char letters[] = "abcdefghijkmnpqrstuvwxyz"
				      "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
	size_t i;

	ready();
	for (i = 0; i < GENERATED; i++)
		out[i] = letters[randombytes_uniform(sizeof(letters) - 1)];
	out[i] = '\0';
}

#include "config.h"
#include "auth/password.h"

#include <sodium.h>
#include <string.h>

#include "core/str.h"

#define GENERATED 20

_Static_assert(PASSWORD_HASH_SIZE >= crypto_pwhash_STRBYTES, "hash fits");

/* Of a random password nobody knows, with the same limits as all others. */
static const char nobody[] = "$argon2id$v=19$m=65536,t=2,p=1$Ri4ekqUZ5+6n8+HUTDg"
	"JXA$saISEr8JKTrw9z6k/pJfKG2Oaf6xES5nPovBZgYti4s";

/* Safe to call often and from several threads. */
static void ready(void)
{
	if (sodium_init() < 0)
		err_abort("libsodium does not start");
}

int password_check(const char *password, struct err *e)
{
	size_t n = strlen(password);

	if (n > PASSWORD_MAX)
		return err_tell(e, ERR_INPUT, "error_password_long",
				"a password has at most %d bytes",
				PASSWORD_MAX);
	if (!utf8_valid(password, n))
		return err_tell(e, ERR_INPUT, "error_password_text",
				"the password is not UTF-8 text");
	if (utf8_count(password, n) < PASSWORD_MIN)
		return err_tell(e, ERR_INPUT, "error_password_short",
				"a password has at least %d characters",
				PASSWORD_MIN);
	return 0;
}

int password_hash(const char *password, char out[PASSWORD_HASH_SIZE],
		  struct err *e)
{
	int failed;

	ready();
	if (password_check(password, e) < 0)
		return -1;
	failed = crypto_pwhash_str(out, password, strlen(password),
				   crypto_pwhash_OPSLIMIT_INTERACTIVE,
				   crypto_pwhash_MEMLIMIT_INTERACTIVE);
	if (failed)
		return err_set(e, ERR_UNAVAILABLE, "no memory for argon2id:"
			       " 64 MiB must be free");
	return 0;
}

bool password_matches(const char *hash, const char *password)
{
	size_t n = strlen(password);
	bool same;

	ready();
	if (n > PASSWORD_MAX)
		return false;
	same = crypto_pwhash_str_verify(hash ? hash : nobody, password, n) == 0;
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

/*
 * Domains beyond the list for everybody, a row a user and domain: blocked (a
 * workspace tried it), asked (its user asked for it), granted, refused.
 */
#ifndef STORE_DOMAINS_H
#define STORE_DOMAINS_H

#include "core/id.h"
#include "store/db.h"

#define DOMAIN_MAX 253		/* bytes of a name (RFC 1035, 2.3.4) */
#define DOMAIN_REASON_MAX 200	/* characters */
#define DOMAINS_PER_USER 500	/* rows; blocked ones give way, oldest first */

struct domain {
	char user_id[ID_SIZE];
	const char *login;		/* of that user */
	const char *domain;		/* lower case, ASCII, no trailing dot */
	const char *state;		/* blocked, asked, granted, refused */
	bool plain;			/* http was wanted or is granted too, not https alone */
	int64_t tries;			/* that were blocked */
	const char *reason;		/* the user's; "" when none */
	const char *decided_by;		/* the administrator's login; "" before */
	int64_t first_at, last_at;	/* UTC ms */
};

/*
 * A workspace was refused it: a new row, or one more try of the old one (whose
 * state stays; a granted one's plain too). Without room nothing is noted.
 */
int domain_note_blocked(struct db *db, const char *user_id, const char *domain, bool plain, struct err *e) must_check;
/*
 * ERR_INPUT "error_domain" for what is no name (domain_valid),
 * "error_domain_reason" for a long reason; ERR_CONFLICT "error_domain_granted"
 * when it is granted; ERR_LIMIT "error_domain_many" when there is no room. A
 * refused one is asked anew.
 */
int domain_ask(struct db *db, const char *user_id, const char *domain, const char *reason, struct err *e) must_check;
/* state: granted or refused (plain is left then). The row need not be there for granted. */
int domain_decide(struct db *db, const char *user_id, const char *domain, const char *state, bool plain, const char *by_login, struct err *e) must_check;
/* Takes the row away, whatever its state; it need not be there. */
int domain_forget(struct db *db, const char *user_id, const char *domain, struct err *e) must_check;
/* user_id NULL: of all; state NULL: any. Latest first, at most limit (0: all). Texts are borrowed during the call. */
int domain_each(struct db *db, const char *user_id, const char *state, int limit,
		int (*each)(void *data, const struct domain *d, struct err *e),
		void *data, struct err *e) must_check;

/*
 * A host name as DNS has it, of two labels or more: lower-case letters,
 * digits, hyphens ("xn--" for others), no IP address, no trailing dot.
 */
bool domain_valid(const char *s);

#endif

/*
 * gongbang doctor: one row per check (doctor.c); the checks are in
 * doctor_host.c, doctor_model.c, doctor_prices.c, doctor_state.c and
 * doctor_landlock.c.
 */
#ifndef DOCTOR_H
#define DOCTOR_H

#include <json-c/json.h>

#include "cli/command.h"
#include "core/buf.h"

#define DOCTOR_TEXT 2048
#define DOCTOR_MS 5000		/* for one request to a program */

enum grade { GRADE_OK, GRADE_WARN, GRADE_FAIL };

/* A check's result; written to a pipe as it is. */
struct finding {
	enum grade grade;
	char text[DOCTOR_TEXT];
	char mend[DOCTOR_TEXT];	/* what to do; "" when all is well */
};

void finding_ok(struct finding *f, const char *fmt, ...) printf_like(2, 3);
void finding_warn(struct finding *f, const char *mend, const char *fmt, ...) printf_like(3, 4);
void finding_fail(struct finding *f, const char *mend, const char *fmt, ...) printf_like(3, 4);

/* Each fills f. It runs in a process of its own, as its row's user. */
typedef void doctor_check(const struct call *c, struct finding *f);

/* doctor_state.c */
doctor_check doctor_settings, doctor_store, doctor_redis, doctor_bridge, doctor_worker, doctor_mail, doctor_pages;
/* doctor_model.c */
doctor_check doctor_keys, doctor_upstream, doctor_clock, doctor_gateway, doctor_journal, doctor_ledger, doctor_squid;
/* doctor_prices.c */
doctor_check doctor_prices;
/* doctor_host.c */
doctor_check doctor_engine, doctor_guard, doctor_uids, doctor_volumes, doctor_reserve,
	doctor_image, doctor_network, doctor_firewall, doctor_wall;
/* doctor_landlock.c */
doctor_check doctor_landlock;

/* A member of an object, by a path of names; NULL when absent. Borrowed. */
json_object *doctor_part(json_object *o, ...) __attribute__((sentinel));

#endif

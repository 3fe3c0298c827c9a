/*
 * What the message box offers an account: what its Claude last listed, its
 * choices for new conversations, and its templates.
 */
#ifndef STORE_COMPOSER_H
#define STORE_COMPOSER_H

#include "core/id.h"
#include "store/db.h"

#define CLAUDE_LIST_MAX (256 << 10)	/* bytes */
#define TEMPLATES_MAX 100		/* of an account */
#define TEMPLATE_NAME_MAX 60		/* characters */
#define TEMPLATE_TEXT_MAX (64 << 10)	/* bytes */

/* kind: models, commands. data: JSON that was checked; writes nothing if it is the same. */
int claude_list_save(struct db *db, const char *user_id, const char *kind,
		     const char *data, struct err *e) must_check;
/* "" if there is none. Gives (child of ctx). */
char *claude_list_load(struct db *db, const void *ctx, const char *user_id,
		       const char *kind, struct err *e) must_check;

struct composer_choice {
	const char *model;	/* "" for the installation's */
	const char *effort;	/* "" for the model's own */
	bool suggestions;	/* Claude suggests the next message, which costs tokens */
};

/* Of new conversations. Gives (child of ctx). */
struct composer_choice *composer_choice_load(struct db *db, const void *ctx,
					     const char *user_id, struct err *e) must_check;
int composer_choice_save(struct db *db, const char *user_id,
			 const struct composer_choice *c, struct err *e) must_check;

struct message_template {
	char id[ID_SIZE];
	const char *name, *text;
};

/* Replaces the one of that name. ERR_INPUT "error_template", ERR_LIMIT "error_templates_full". */
int message_template_save(struct db *db, const char *user_id, const char *name,
			  const char *text, struct err *e) must_check;
int message_template_remove(struct db *db, const char *user_id, const char *id,
			    struct err *e) must_check;
/* By name; texts are borrowed during the call. */
int message_template_each(struct db *db, const char *user_id,
			  int (*each)(void *data, const struct message_template *t, struct err *e),
			  void *data, struct err *e) must_check;

#endif

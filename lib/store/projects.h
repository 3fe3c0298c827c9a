/* Projects, which group conversations, and how a user's list of conversations is kept in order. */
#ifndef STORE_PROJECTS_H
#define STORE_PROJECTS_H

#include "core/id.h"
#include "store/db.h"

#define PROJECT_NAME_MAX 80		/* characters */
#define PROJECT_FOLDER_MAX 200		/* bytes */
#define PROJECT_INSTRUCTIONS_MAX 8192	/* bytes */
#define PROJECTS_MAX 100		/* of an account */
#define PROJECT_UNDO_MS 20000		/* a deleted one may be restored so long */

/* A talloc object. */
struct project {
	char id[ID_SIZE], user_id[ID_SIZE];
	const char *name;
	const char *folder;		/* below the home; "" the home itself */
	const char *instructions;
	int64_t deleted_at;
};

/*
 * ERR_INPUT "error_project_name", "error_project_folder", "error_project_instructions";
 * ERR_LIMIT "error_projects" for more than PROJECTS_MAX. id is set on success.
 */
int project_create(struct db *db, const struct project *p, char id[ID_SIZE],
		   struct err *e) must_check;
/* Saves name, folder and instructions; errors as above, ERR_MISSING. */
int project_save(struct db *db, const struct project *p, struct err *e) must_check;

/* ERR_MISSING if it is not user_id's (NULL: anyone's), or deleted unless deleted. Gives (child of ctx). */
struct project *project_load(struct db *db, const void *ctx, const char *id,
			     const char *user_id, bool deleted, struct err *e) must_check;
/* By name. Texts are borrowed during the call; instructions are left out (""). */
int project_each(struct db *db, const char *user_id,
		 int (*each)(void *data, const struct project *p, struct err *e),
		 void *data, struct err *e) must_check;

/* Its conversations stay, without a project until it is restored. Removes those deleted before for good. */
int project_mark_deleted(struct db *db, const char *id, const char *user_id, struct err *e) must_check;
int project_restore(struct db *db, const char *id, const char *user_id, struct err *e) must_check;

/* These three: ERR_MISSING if the conversation is no chat of user_id's. */
int conversation_pin(struct db *db, const char *id, const char *user_id, bool on, struct err *e) must_check;
/* Archived ones are in a list of their own until the next message. */
int conversation_archive(struct db *db, const char *id, const char *user_id, bool on, struct err *e) must_check;
/* project_id: "" none; ERR_MISSING if it is not the user's. Before the first message its folder becomes the conversation's. */
int conversation_move(struct db *db, const char *id, const char *user_id, const char *project_id, struct err *e) must_check;

#endif

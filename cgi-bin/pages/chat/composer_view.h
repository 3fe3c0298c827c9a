/* What the message box offers, and what its forms bring. */
#ifndef PAGES_CHAT_COMPOSER_VIEW_H
#define PAGES_CHAT_COMPOSER_VIEW_H

#include "store/pictures.h"
#include "web/web.h"

/*
 * The lists models and efforts, with what the account's Claude last listed, and
 * model_name. model, effort: the chosen ones, "" for the usual.
 */
int composer_view_add(struct request *r, struct view *view, const char *model,
		      const char *effort, struct err *e) must_check;

/* Keeps the form's choices (model, effort, suggestions with suggestions_on) for new conversations. */
int composer_choice_take(struct request *r, struct err *e) must_check;

/* Whether a model may have that name. */
bool composer_model_valid(const char *model);

/* Stores a picture that is one by its bytes; errors in words. Fills out (borrows). */
int chat_add_picture(struct request *r, const char *name, const void *bytes,
		     size_t n, struct picture *out, struct err *e) must_check;

/*
 * The ids of the form's pictures, separated by spaces: those uploaded before, and
 * a form's files, which are stored now. Gives (child of r).
 */
const char *composer_pictures(struct request *r, struct err *e) must_check;

#endif

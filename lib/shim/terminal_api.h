/* The link's requests about terminals; rows of shim/shim_api.c. */
#ifndef SHIM_TERMINAL_API_H
#define SHIM_TERMINAL_API_H

#include "shim/link_server.h"
#include "shim/shim_terminal.h"

void terminal_api_list(struct exchange *x, const char *arg);
void terminal_api_start(struct exchange *x, const char *id);
void terminal_api_view(struct exchange *x, const char *id);
void terminal_api_input(struct exchange *x, const char *id);
void terminal_api_resize(struct exchange *x, const char *id);
void terminal_api_rename(struct exchange *x, const char *id);
void terminal_api_end(struct exchange *x, const char *id);

#endif

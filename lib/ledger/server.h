/*
 * The ledger's socket: requests of the gateway (wire.h), answered on the loop
 * one after the other, so that each sees what the one before booked.
 */
#ifndef LEDGER_SERVER_H
#define LEDGER_SERVER_H

#include <uv.h>

#include "store/db.h"

struct ledger_server;

/*
 * Binds path (mode 0660: its folder's group, set-group-ID, is who may ask; a
 * stale socket is replaced). Uses db alone; it must outlive the server. Gives.
 */
struct ledger_server *ledger_server_new(uv_loop_t *loop, const char *path, struct db *db,
					struct err *e) must_check;
/* Ends every connection and frees it; then run the loop until its handles are closed. */
void ledger_server_free(struct ledger_server *s);

#endif

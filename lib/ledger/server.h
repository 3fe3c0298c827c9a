/*
 * The ledger's socket: requests of the gateway (wire.h), answered one after
 * the other on the loop, so that each sees what the previous one booked.
 */
#ifndef LEDGER_SERVER_H
#define LEDGER_SERVER_H

#include <uv.h>

#include "store/db.h"

struct ledger_server;

/*
 * Binds path (mode 0660: the folder's set-group-ID group may connect; a stale
 * socket is replaced). Uses only db, which must outlive the server. Gives.
 */
struct ledger_server *ledger_server_new(uv_loop_t *loop, const char *path, struct db *db,
					struct err *e) must_check;
/*
 * Closes every connection and frees the server; then run the loop until its
 * handles are closed.
 */
void ledger_server_free(struct ledger_server *s);

#endif

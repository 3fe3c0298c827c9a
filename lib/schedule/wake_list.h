/*
 * The Redis list through which pages and the bridge wake a worker
 * (KV_WAKE_SCRIPT).
 */
#ifndef SCHEDULE_WAKE_LIST_H
#define SCHEDULE_WAKE_LIST_H

#define WORKER_WAKE "runs"

#endif

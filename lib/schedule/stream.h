/* The stream in Redis by which pages and the bridge tell workers of a run. */
#ifndef SCHEDULE_STREAM_H
#define SCHEDULE_STREAM_H

#define WORKER_STREAM "runs"		/* entries: id, an execution's */
#define WORKER_STREAM_KEPT 10000	/* of them, about */

#endif

/*
 * `gongbang-shim link`: the program the engine's exec runs. It copies its
 * stdin and stdout to and from process 1, which speaks HTTP/2 itself: process
 * 1 owns the sessions, their logs and their pipes, so one server serves any
 * number of links, and a link may die at any time without losing anything.
 *
 * Plain reads and writes: splice() cannot tell which of its two ends blocks,
 * and does not work between two sockets.
 */
#ifndef SHIM_STDIO_PROXY_H
#define SHIM_STDIO_PROXY_H

#include "core/err.h"

/* Runs until either end closes; stdin's end ends it even when stdout is stalled. */
int stdio_proxy_run(struct err *e) must_check;

#endif

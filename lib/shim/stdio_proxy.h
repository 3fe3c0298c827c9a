/*
 * `gongbang-shim link`: what the engine's exec runs. It copies its stdin and
 * stdout to and from process 1, which speaks HTTP/2 itself: the sessions, their
 * logs and their pipes are process 1's, so one server there serves any number
 * of links, and a link can die at any time without anything to save.
 *
 * Plain reads and writes: splice() cannot say which of its two ends is the
 * one that blocks, and does not work between two sockets.
 */
#ifndef SHIM_STDIO_PROXY_H
#define SHIM_STDIO_PROXY_H

#include "core/err.h"

/* Until either end ends; stdin's end ends it even when stdout is stalled. */
int stdio_proxy_run(struct err *e) must_check;

#endif

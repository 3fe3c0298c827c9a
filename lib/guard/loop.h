/* Loop devices (loop(4)): a file as a block device. */
#ifndef GUARD_LOOP_H
#define GUARD_LOOP_H

#include <stdbool.h>

#include "core/err.h"

#define LOOP_DEVICE_SIZE 32

/*
 * Attaches the file to a free device, which detaches itself when no process
 * has it open or mounted any more. Returns a descriptor of the device, or -1.
 * The device keeps the file's description, and with it a flock(2) lock.
 */
int loop_attach(int file, char device[LOOP_DEVICE_SIZE], struct err *e) must_check;

/*
 * Finds the device that a file is attached to: while there is one, the kernel
 * may read and write the file, in any mount namespace.
 */
bool loop_find(int file, char device[LOOP_DEVICE_SIZE]);

#endif

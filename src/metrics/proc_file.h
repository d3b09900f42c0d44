/* SPDX-License-Identifier: MIT */
/* Reading the small files of /proc. Every failure is "unknown", never an error. */
#ifndef PT_METRICS_PROC_FILE_H
#define PT_METRICS_PROC_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The content of proc/name, with a NUL behind it; false if it cannot be read whole into `size`. */
bool pt_proc_file_read(const char *proc, const char *name, char *text, size_t size);
/*
 * The number behind `key` at the start of a line ("VmHWM:" in "VmHWM:  1332 kB"), or -1. The number
 * is the first digits after the key and blanks.
 */
int64_t pt_proc_file_number(const char *text, const char *key);
/* Moves *text behind the next blank-separated unsigned number; -1 if there is none. */
int64_t pt_proc_file_next(const char **text);

#endif

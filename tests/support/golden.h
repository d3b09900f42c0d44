/* SPDX-License-Identifier: MIT */
/*
 * Golden corpora: a folder below tests/golden holds one folder for each case, in it the files of
 * the case. With PITOT_GOLDEN_ACCEPT in the environment (`make golden-accept`) a comparison writes
 * what was found instead of comparing.
 */
#ifndef SUPPORT_GOLDEN_H
#define SUPPORT_GOLDEN_H

#include "base/buf.h"
#include <stdbool.h>

/* Runs `body` with the path of each case below tests/golden/`corpus`, sorted; how many there were.
 */
size_t golden_each(const char *corpus, void (*body)(const char *path));
/* Appends the file `name` of a case; false if it is not there. */
bool golden_read(const char *path, const char *name, struct pt_buf *into);
/* A check: the file `name` of the case holds just these bytes. */
void golden_compare(const char *path, const char *name, const char *bytes, size_t length);

#endif

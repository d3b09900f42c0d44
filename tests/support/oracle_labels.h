/* SPDX-License-Identifier: MIT */
/* The labels a sample should have on the wire, worked out slowly from a snapshot's public face. */
#ifndef SUPPORT_ORACLE_LABELS_H
#define SUPPORT_ORACLE_LABELS_H

#include "model/snapshot.h"
#include <pitot/exposition.h>

struct oracle_labels {
	struct pitot_label labels[200];
	size_t count;
	char name[2048];
};

/* `added` are those that the sender adds, or NULL; sorted, with __name__, without empty ones. */
void oracle_labels_expect(struct oracle_labels *expected, const struct pitot_sample *sample,
	const struct pt_labels *added);
/* Checks that the label at `index` on the wire is the expected one, and behind the one before. */
void oracle_labels_check(
	const struct oracle_labels *expected, size_t index, const char *name, const char *value);

#endif

/* SPDX-License-Identifier: MIT */
/* Finding samples of a snapshot by their text, for readable assertions. */
#ifndef FIND_H
#define FIND_H

#include <stdbool.h>
#include <pitot/exposition.h>

/*
 * The sample written as name{label="value",…} (labels sorted, values not escaped); false if none.
 */
bool find_sample(
	const struct pitot_snapshot *snapshot, const char *text, struct pitot_sample *sample);
/* Its value; -1234.5 if there is no such sample or it is absent. */
double find_value(const struct pitot_snapshot *snapshot, const char *text);

#endif

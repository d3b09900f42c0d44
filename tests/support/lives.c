/* SPDX-License-Identifier: MIT */
#include "lives.h"

#include "base/number.h"

static double
value_at(const struct pitot_snapshot *snapshot, size_t i)
{
	return pt_number_from_bits(snapshot->bits[i]);
}

double
lives_ended(const struct pitot_snapshot *before, const struct pitot_snapshot *after, bool *rose)
{
	double ended = 0;
	for (size_t i = 0; i < before->table->count; i++) {
		size_t j = 0;
		while (j < after->table->count &&
			after->table->series[j] != before->table->series[i])
			j++;
		if (j == after->table->count)
			ended += value_at(before, i);
		else if (!(value_at(after, j) >= value_at(before, i)))
			*rose = false;
	}
	return ended;
}

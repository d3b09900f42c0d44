/* SPDX-License-Identifier: MIT */
#include "find.h"

#include <stdio.h>
#include <string.h>

static void
write_sample(char *out, size_t size, const struct pitot_sample *sample)
{
	size_t used = (size_t)snprintf(out, size, "%s%s", sample->family, sample->suffix);
	for (size_t i = 0; i < sample->label_count && used < size; i++) {
		struct pitot_label label = pitot_sample_label(sample, i);
		used += (size_t)snprintf(out + used, size - used, "%s%s=\"%s\"", i == 0 ? "{" : ",",
			label.name, label.value);
	}
	if (sample->label_count > 0 && used < size)
		(void)snprintf(out + used, size - used, "}");
}

bool
find_sample(const struct pitot_snapshot *snapshot, const char *text, struct pitot_sample *sample)
{
	char name[4096];
	for (size_t i = 0; i < pitot_snapshot_size(snapshot); i++) {
		*sample = pitot_snapshot_sample(snapshot, i);
		write_sample(name, sizeof name, sample);
		if (strcmp(name, text) == 0)
			return true;
	}
	return false;
}

double
find_value(const struct pitot_snapshot *snapshot, const char *text)
{
	struct pitot_sample sample;
	if (!find_sample(snapshot, text, &sample) || sample.absent)
		return -1234.5;
	return sample.value;
}

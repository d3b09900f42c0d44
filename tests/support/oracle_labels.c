/* SPDX-License-Identifier: MIT */
#include "oracle_labels.h"

#include <stdlib.h>
#include <string.h>
#include "support/check.h"

static int
by_name(const void *left, const void *right)
{
	return strcmp(((const struct pitot_label *)left)->name,
		((const struct pitot_label *)right)->name);
}

/* An empty value is no label; one that is there already wins. */
static void
expect_label(struct oracle_labels *expected, const char *name, const char *value)
{
	if (value[0] == '\0')
		return;
	for (size_t i = 0; i < expected->count; i++)
		if (strcmp(expected->labels[i].name, name) == 0)
			return;
	expected->labels[expected->count++] = (struct pitot_label){name, value};
}

void
oracle_labels_expect(struct oracle_labels *expected, const struct pitot_sample *sample,
	const struct pt_labels *added)
{
	expected->count = 0;
	(void)snprintf(
		expected->name, sizeof expected->name, "%s%s", sample->family, sample->suffix);
	expect_label(expected, "__name__", expected->name);
	for (size_t i = 0; i < sample->label_count; i++) {
		struct pitot_label label = pitot_sample_label(sample, i);
		expect_label(expected, label.name, label.value);
	}
	for (uint32_t i = 0; added != NULL && i < pt_labels_count(added); i++) {
		const struct pt_label label = pt_labels_at(added, i);
		expect_label(expected, label.name, label.value);
	}
	qsort(expected->labels, expected->count, sizeof expected->labels[0], by_name);
}

void
oracle_labels_check(
	const struct oracle_labels *expected, size_t index, const char *name, const char *value)
{
	if (index >= expected->count)
		return;
	/* remote-write 13 */
	check_text(name, expected->labels[index].name);
	check_text(value, expected->labels[index].value);
	check_true(index == 0 || strcmp(expected->labels[index - 1].name, name) < 0);
	/* remote-write 14 */
	check_true(name[0] != '\0' && value[0] != '\0');
}

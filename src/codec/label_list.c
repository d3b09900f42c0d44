/* SPDX-License-Identifier: MIT */
/*
 * Collecting and sorting a series' labels. Lists are short and nearly sorted, so an insertion sort
 * is right. It fails when memory is out for the sample's name, or the room for labels; that sticks.
 */
#include "codec/label_list.h"

void
pt_label_list_init(struct pt_label_list *list)
{
	list->count = 0;
	pt_buf_init(&list->name, PT_LIMIT_TEXT);
}

void
pt_label_list_clear(struct pt_label_list *list)
{
	pt_buf_clear(&list->name);
}

int
pt_label_list_error(const struct pt_label_list *list)
{
	return pt_buf_error(&list->name);
}

/* In its place, behind one of the same name. */
static void
insert(struct pt_label_list *list, struct pt_label label)
{
	if (list->count == sizeof list->labels / sizeof list->labels[0]) {
		list->name.error = PITOT_NO_MEMORY;
		return;
	}
	size_t at = list->count++;
	for (; at > 0 && strcmp(list->labels[at - 1].name, label.name) > 0; at--)
		list->labels[at] = list->labels[at - 1];
	list->labels[at] = label;
}

static bool
has_name(const struct pt_label_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->labels[i].name, name) == 0)
			return true;
	return false;
}

/* They are sorted already. */
static void
set_own(struct pt_label_list *list, const struct pt_labels *labels)
{
	const size_t room = sizeof list->labels / sizeof list->labels[0];
	list->count = labels->count;
	if (list->count > room) {
		list->count = room;
		list->name.error = PITOT_NO_MEMORY;
	}
	memcpy(list->labels, labels->pairs, list->count * sizeof list->labels[0]);
}

static void
add_added(struct pt_label_list *list, const struct pt_labels *added, const char *except)
{
	for (uint32_t i = 0; added != NULL && i < added->count; i++) {
		const struct pt_label *label = &added->pairs[i];
		if (!has_name(list, label->name) &&
			(except == NULL || strcmp(label->name, except) != 0))
			insert(list, *label);
	}
}

void
pt_label_list_fill(struct pt_label_list *list, const struct pt_series *series,
	const struct pt_labels *added, bool bare)
{
	set_own(list, series->labels);
	/* A state may be "", which is written as no label at all, like any empty value. */
	if (series->extra_name != NULL && !bare && series->extra_length > 0)
		insert(list,
			(struct pt_label){
				.name = series->extra_name,
				.name_length = (uint32_t)strlen(series->extra_name),
				.value = series->extra_value,
				.value_length = series->extra_length,
			});
	add_added(list, added, NULL);
}

void
pt_label_list_fill_own(struct pt_label_list *list, const struct pt_labels *labels,
	const struct pt_labels *added, const char *except)
{
	set_own(list, labels);
	add_added(list, added, except);
}

void
pt_label_list_add_name(struct pt_label_list *list, const struct pt_series *series)
{
	list->name.length = 0;
	pt_buf_put(&list->name, series->family->name, series->family->name_length);
	pt_buf_str(&list->name, pt_name_suffix(series->part));
	const char *name = pt_buf_text(&list->name);
	if (pt_buf_error(&list->name) == 0)
		insert(list,
			(struct pt_label){
				.name = "__name__",
				.name_length = 8,
				.value = name,
				.value_length = (uint32_t)list->name.length,
			});
}

/* SPDX-License-Identifier: MIT */
/*
 * Collecting and sorting a series' labels. Lists are short and nearly sorted, so an insertion sort is
 * right. It fails when memory is out for the names, or the room for labels; the failure sticks.
 */
#include "codec/label_list.h"

#include "codec/escape.h"

void
pt_label_list_init(struct pt_label_list *list)
{
	list->count = 0;
	pt_buf_init(&list->names, PT_LIMIT_TEXT);
}

void
pt_label_list_clear(struct pt_label_list *list)
{
	pt_buf_clear(&list->names);
}

int
pt_label_list_error(const struct pt_label_list *list)
{
	return pt_buf_error(&list->names);
}

static void
insert(struct pt_label_list *list, struct pt_label label)
{
	if (list->count == sizeof list->labels / sizeof list->labels[0]) {
		list->names.error = PITOT_NO_MEMORY;
		return;
	}
	size_t at = list->count++;
	for (; at > 0 && strcmp(list->labels[at - 1].name, label.name) > 0; at--)
		list->labels[at] = list->labels[at - 1];
	list->labels[at] = label;
}

/* Room for all escaped names of the series, so that the buffer does not move while it fills. */
static bool
reserve(struct pt_label_list *list, const struct pt_series *series, const struct pt_labels *added)
{
	size_t bytes = PT_ESCAPE_BOUND((size_t)series->family->name_length) + 16;
	for (uint32_t i = 0; i < series->labels->count; i++)
		bytes += PT_ESCAPE_BOUND((size_t)series->labels->pairs[i].name_length) + 1;
	for (uint32_t i = 0; added != NULL && i < added->count; i++)
		bytes += PT_ESCAPE_BOUND((size_t)added->pairs[i].name_length) + 1;
	if (series->extra_name != NULL)
		bytes += PT_ESCAPE_BOUND((size_t)series->family->name_length) + 16;
	return pt_buf_room(&list->names, bytes) != NULL;
}

static struct pt_label
escaped(struct pt_label_list *list, struct pt_label label, enum pitot_escaping escaping)
{
	if (escaping == PITOT_ESCAPE_NONE ||
		(escaping != PITOT_ESCAPE_DOTS &&
			pt_name_is_label(label.name, label.name_length, false)))
		return label;
	size_t from = list->names.length;
	pt_escape_name(&list->names, label.name, label.name_length, true, escaping);
	label.name_length = (uint32_t)(list->names.length - from);
	pt_buf_char(&list->names, '\0');
	label.name = list->names.bytes + from;
	return label;
}

static bool
has_name(const struct pt_label_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->labels[i].name, name) == 0)
			return true;
	return false;
}

/* le, quantile or state. */
static struct pt_label
extra_label(const struct pt_series *series)
{
	return (struct pt_label){
		.name = series->extra_name,
		.value = series->extra_value,
		.name_length = (uint32_t)strlen(series->extra_name),
		.value_length = series->extra_length,
	};
}

void
pt_label_list_fill(struct pt_label_list *list, const struct pt_series *series,
	const struct pt_label_choice *choice)
{
	const struct pt_labels *added = choice->added;
	list->count = 0;
	list->names.length = 0;
	if (!reserve(list, series, added))
		return;
	for (uint32_t i = 0; i < series->labels->count; i++)
		insert(list, escaped(list, series->labels->pairs[i], choice->escaping));
	/* A state may be "", which is written as no label at all, like any empty value. */
	if (series->extra_name != NULL && !choice->bare && series->extra_length > 0)
		insert(list, escaped(list, extra_label(series), choice->escaping));
	for (uint32_t i = 0; added != NULL && i < added->count; i++) {
		struct pt_label label = escaped(list, added->pairs[i], choice->escaping);
		if (!has_name(list, label.name))
			insert(list, label);
	}
}

void
pt_label_list_add_name(struct pt_label_list *list, const struct pt_series *series,
	enum pitot_escaping escaping)
{
	if (pt_buf_error(&list->names) != 0)
		return;
	size_t from = list->names.length;
	pt_escape_name(
		&list->names, series->family->name, series->family->name_length, false, escaping);
	pt_buf_str(&list->names, pt_name_suffix(series->part));
	size_t length = list->names.length - from;
	pt_buf_char(&list->names, '\0');
	insert(list, (struct pt_label){
		.name = "__name__",
		.name_length = 8,
		.value = list->names.bytes + from,
		.value_length = (uint32_t)length,
	});
}

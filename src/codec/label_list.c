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
	list->family = NULL;
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

/* Where the name belongs among those that are there; *found: it is there. Few are compared. */
static size_t
place_of(const struct pt_label_list *list, const char *name, bool *found)
{
	size_t at = 0;
	int order = 1;
	for (; at < list->count; at++) {
		const char *other = list->labels[at].name;
		order = (unsigned char)*other - (unsigned char)*name;
		if (order == 0)
			order = strcmp(other, name);
		if (order >= 0)
			break;
	}
	*found = at < list->count && order == 0;
	return at;
}

static void
insert_at(struct pt_label_list *list, size_t at, struct pt_label label)
{
	if (list->count == sizeof list->labels / sizeof list->labels[0]) {
		list->name.error = PITOT_NO_MEMORY;
		return;
	}
	if (at < list->count)
		memmove(list->labels + at + 1, list->labels + at,
			(list->count - at) * sizeof list->labels[0]);
	list->labels[at] = label;
	list->count++;
}

static void
insert(struct pt_label_list *list, struct pt_label label)
{
	bool found;
	insert_at(list, place_of(list, label.name, &found), label);
}

/* They are sorted already. */
static void
set_own(struct pt_label_list *list, const struct pt_labels *labels)
{
	const size_t room = sizeof list->labels / sizeof list->labels[0];
	list->count = pt_labels_count(labels);
	if (list->count > room) {
		list->count = room;
		list->name.error = PITOT_NO_MEMORY;
	}
	for (size_t i = 0; i < list->count; i++)
		list->labels[i] = pt_labels_at(labels, i);
}

static void
add_added(struct pt_label_list *list, const struct pt_labels *added, const char *except)
{
	for (uint32_t i = 0; added != NULL && i < pt_labels_count(added); i++) {
		const struct pt_label label = pt_labels_at(added, i);
		bool found;
		size_t at = place_of(list, label.name, &found);
		if (!found && (except == NULL || strcmp(label.name, except) != 0))
			insert_at(list, at, label);
	}
}

void
pt_label_list_fill(struct pt_label_list *list, const struct pt_series *series,
	const struct pt_labels *added, bool bare)
{
	set_own(list, series->labels);
	/* A state may be "", which is written as no label at all, like any empty value. */
	if (series->role->extra_name != NULL && !bare && series->role->extra_length > 0)
		insert(list,
			(struct pt_label){
				.name = series->role->extra_name,
				.name_length = (uint32_t)strlen(series->role->extra_name),
				.value = series->role->extra_value,
				.value_length = series->role->extra_length,
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

/* The text is the same for all series of a family and part. */
static void
make_name(struct pt_label_list *list, const struct pt_series *series)
{
	if (list->family == series->role->family && list->part == series->role->part)
		return;
	list->name.length = 0; /* a reset would forget an error */
	pt_buf_put(&list->name, series->role->family->name, series->role->family->name_length);
	pt_buf_str(&list->name, pt_name_suffix(series->role->part));
	(void)pt_buf_text(&list->name);
	list->family = series->role->family;
	list->part = series->role->part;
}

void
pt_label_list_add_name(struct pt_label_list *list, const struct pt_series *series)
{
	make_name(list, series);
	if (pt_buf_error(&list->name) == 0)
		insert(list,
			(struct pt_label){
				.name = "__name__",
				.name_length = 8,
				.value = list->name.bytes,
				.value_length = (uint32_t)list->name.length,
			});
}

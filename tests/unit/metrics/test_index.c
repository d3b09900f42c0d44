/* SPDX-License-Identifier: MIT */
/* The table of children: what is in it is found and what was removed is not, however they clash. */
#include <stdlib.h>
#include "metrics/index.h"
#include "support/check.h"

enum { count = 51, capacity = 64 };

static struct pt_set set;
static struct pt_child children[count];
static char texts[count][4];

static struct pt_child *
found(const struct pt_index *index, size_t i)
{
	struct pt_values values;
	pt_values_begin(&values, &set);
	pt_values_add(&values, texts[i]);
	values.hash = children[i].hash;
	return pt_index_find(index, &values);
}

/* Places near the end of the table, so that runs go around it; `spread` 1 puts all on one. */
static void
make_children(unsigned spread)
{
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(texts[i], sizeof texts[i], "%zu", i);
		const struct pt_label label = pt_label_of("name", texts[i]);
		pt_labels_unref(children[i].labels);
		children[i] = (struct pt_child){
			.set = &set,
			.hash = capacity - 5 + (uint32_t)rand() % spread,
			.labels = pt_labels_new(&label, 1),
		};
		check_fatal(children[i].labels != NULL);
		set.pattern = children[i].labels; /* of as many labels */
	}
}

static void
what_is_in_it_is_found_and_nothing_else(void)
{
	static const unsigned spreads[] = {1, 2, 7, 40, 64, 1000};
	srand(1);
	for (size_t s = 0; s < sizeof spreads / sizeof spreads[0]; s++) {
		bool in[count] = {false};
		size_t used = 0;
		make_children(spreads[s]);
		struct pt_index *index = pt_index_new(capacity);
		check_fatal(index != NULL);
		for (int step = 0; step < 3000; step++) {
			size_t i = (size_t)rand() % count;
			if (in[i])
				pt_index_remove(index, &children[i]);
			else
				pt_index_add(index, &children[i]);
			in[i] = !in[i];
			used = in[i] ? used + 1 : used - 1;
			check_size(index->used, used);
			for (size_t j = 0; j < count; j++)
				check_true(found(index, j) == (in[j] ? &children[j] : NULL));
		}
		pt_index_free(index);
	}
}

static void
it_has_room_up_to_four_fifths(void)
{
	check_true(!pt_index_has_room(NULL));
	make_children(64);
	struct pt_index *index = pt_index_new(capacity);
	check_fatal(index != NULL);
	for (size_t i = 0; i < count; i++) {
		check_true(pt_index_has_room(index));
		pt_index_add(index, &children[i]);
	}
	check_true(!pt_index_has_room(index));
	pt_index_free(index);
}

/* Who still reads it finds its child, or none, but never another one. */
static void
a_table_that_was_replaced_may_be_read(void)
{
	enum { large = 1 << 14 };
	make_children(1000);
	struct pt_index *old = pt_index_new(large), *index = pt_index_new(large * 2);
	check_fatal(old != NULL && index != NULL);
	for (size_t i = 0; i < count; i++) {
		pt_index_add(old, &children[i]);
		pt_index_add(index, &children[i]);
	}
	pt_index_replace(old, index);
	size_t seen = 0;
	for (size_t i = 0; i < count; i++) {
		struct pt_child *child = found(old, i);
		check_true(child == NULL || child == &children[i]);
		seen += child != NULL;
		check_true(found(index, i) == &children[i]);
	}
	check_true(seen < count); /* most of it is beyond the first page */
	pt_index_free(index);
}

CHECK_MAIN("metrics/index", TEST(a_table_that_was_replaced_may_be_read),
	TEST(what_is_in_it_is_found_and_nothing_else), TEST(it_has_room_up_to_four_fifths))

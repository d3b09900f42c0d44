/* SPDX-License-Identifier: MIT */
/* How a slot's template lives; that its requests are right is what sim_steady is about. */
#include "export/steady.h"

#include "base/limits.h"
#include "base/number.h"
#include <stdlib.h>
#include "support/check.h"

enum { most = 100 };

/* Series of one family, of which tables are made; all stay until the end. */
struct stock {
	struct pt_ids *ids;
	struct pt_family *family;
	struct pt_series *series[1000];
	struct pt_steady steady;
	int64_t time_ms;
};

static void
stock_open(struct stock *stock)
{
	*stock = (struct stock){.ids = pt_ids_new(), .time_ms = 1700000000000};
	stock->family = pt_family_new("a", 1, PITOT_COUNTER, NULL, 0, NULL, 0);
	for (size_t i = 0; i < sizeof stock->series / sizeof stock->series[0]; i++) {
		char text[16];
		(void)snprintf(text, sizeof text, "%zu", i);
		struct pt_label pair = pt_label_of("x", text);
		struct pt_labels *labels = pt_labels_new(&pair, 1);
		stock->series[i] =
			pt_series_new(stock->ids, stock->family, labels, PT_PART_TOTAL, 0, NULL, 0);
		pt_labels_unref(labels);
	}
	pt_steady_init(&stock->steady, most);
}

static void
stock_close(struct stock *stock)
{
	pt_steady_clear(&stock->steady);
	for (size_t i = 0; i < sizeof stock->series / sizeof stock->series[0]; i++)
		pt_series_unref(stock->series[i]);
	pt_family_unref(stock->family);
	pt_ids_unref(stock->ids);
}

/* Of the first `count` series but for `missing`, in front of which `extra` from 900 on are put. */
static struct pt_table *
table_of(struct stock *stock, size_t count, size_t missing, size_t extra)
{
	struct pt_series *list[1000];
	size_t at = 0;
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; i == missing && k < extra; k++)
			list[at++] = pt_series_ref(stock->series[900 + k]);
		if (i != missing || extra > 0)
			list[at++] = pt_series_ref(stock->series[i]);
	}
	return pt_table_new(list, at);
}

#define NONE SIZE_MAX

/* A push, of which the requests that were filled are marked as such. */
struct push {
	size_t requests, filled, made;
	bool is_filled[32];
	size_t sizes[32];
};

static void
encode(struct stock *stock, struct pt_steady_request *request, struct push *push)
{
	struct pt_write_count count = {.samples = 0};
	struct pt_buf plain;
	pt_buf_init(&plain, PT_LIMIT_REQUEST);
	struct pt_write_options options = {.time_ms = request->time_ms,
		.max_bytes = SIZE_MAX,
		.max_series = most,
		.end = pt_steady_border(&stock->steady, request),
		.marks = pt_steady_marks(&stock->steady, request)};
	struct pt_steady_made made = {.plain = &plain, .count = &count};
	made.to = pt_remote_write_v1_encode(&plain, request->view, request->from, &options, &count);
	push->made += pt_steady_learn(&stock->steady, request, &made) != NULL;
	request->from = made.to;
	pt_buf_clear(&plain);
}

static struct push
push(struct stock *stock, struct pt_table *table, double value)
{
	struct push push = {.requests = 0};
	struct pitot_snapshot *snapshot = pt_snapshot_new(table, stock->time_ms++);
	for (size_t i = 0; i < table->count; i++)
		snapshot->bits[i] = pt_number_bits(value);
	struct pt_steady_request request = {snapshot, snapshot->time_ms, 0, table->count};
	check_true(pt_steady_begin(&stock->steady, table, 1, stock->time_ms));
	while (request.from < request.end && push.requests < 32) {
		size_t before = request.from;
		if (pt_steady_fill(&stock->steady, &request, &request.from) != NULL)
			push.is_filled[push.requests] = true;
		else
			encode(stock, &request, &push);
		push.filled += push.is_filled[push.requests];
		push.sizes[push.requests++] = request.from - before;
	}
	pt_steady_end(&stock->steady);
	pitot_snapshot_free(snapshot);
	return push;
}

/* Until all is filled. */
static void
settle(struct stock *stock, struct pt_table *table)
{
	for (int i = 0; i < 3; i++)
		(void)push(stock, table, 5);
	struct push last = push(stock, table, 5);
	check_size(last.filled, last.requests);
}

static void
the_second_push_makes_templates_and_the_third_is_filled(void)
{
	struct stock stock;
	stock_open(&stock);
	struct pt_table *table = table_of(&stock, 350, NONE, 0);
	struct push first = push(&stock, table, 1), second = push(&stock, table, 1),
		    third = push(&stock, table, 2);
	check_size(first.requests, 4);
	check_size(first.filled + first.made, 0);
	check_size(second.made, 4);
	check_size(third.requests, 4);
	check_size(third.filled, 4);
	pt_table_unref(table);
	stock_close(&stock);
}

static void
a_series_that_goes_has_only_its_request_made_anew(void)
{
	static const size_t missing[] = {0, 99, 100, 155, 199, 340, 349};
	for (size_t i = 0; i < sizeof missing / sizeof missing[0]; i++) {
		struct stock stock;
		stock_open(&stock);
		struct pt_table *table = table_of(&stock, 350, NONE, 0);
		settle(&stock, table);
		pt_table_unref(table);
		table = table_of(&stock, 350, missing[i], 0);
		struct push after = push(&stock, table, 5);
		check_size(after.requests, 4);
		check_size(after.filled, 3);
		check_true(!after.is_filled[missing[i] / 100]);
		settle(&stock, table);
		pt_table_unref(table);
		stock_close(&stock);
	}
}

static void
series_that_are_appended_leave_the_requests_before_them(void)
{
	struct stock stock;
	stock_open(&stock);
	struct pt_table *table = table_of(&stock, 350, NONE, 0);
	settle(&stock, table);
	for (size_t count = 351; count < 420; count += 17) {
		pt_table_unref(table);
		table = table_of(&stock, count, NONE, 0);
		struct push after = push(&stock, table, 5);
		check_size(after.filled, count <= 400 ? 3 : after.requests - 1);
		check_size(after.requests, (count + 99) / 100);
		settle(&stock, table);
	}
	pt_table_unref(table);
	stock_close(&stock);
}

/* A request that was full is cut into parts of one size. */
static void
series_that_come_between_leave_the_others(void)
{
	struct stock stock;
	stock_open(&stock);
	struct pt_table *table = table_of(&stock, 350, NONE, 0);
	settle(&stock, table);
	pt_table_unref(table);
	table = table_of(&stock, 350, 150, 3);
	struct push after = push(&stock, table, 5);
	check_size(after.requests, 5);
	check_size(after.filled, 3);
	check_size(after.sizes[1], 51);
	check_size(after.sizes[2], 52);
	settle(&stock, table);
	pt_table_unref(table);
	stock_close(&stock);
}

static void
a_value_that_leaves_its_class_has_a_template_made_at_once(void)
{
	struct stock stock;
	stock_open(&stock);
	struct pt_table *table = table_of(&stock, 10, NONE, 0);
	settle(&stock, table);
	struct push grown = push(&stock, table, 1e9), after = push(&stock, table, 2e9);
	check_size(grown.filled, 0);
	check_size(grown.made, 1);
	check_size(after.filled, 1);
	pt_table_unref(table);
	stock_close(&stock);
}

/* Each time that a template died young, it takes longer until there is another one. */
static void
what_changes_all_the_time_gets_no_templates(void)
{
	struct stock stock;
	stock_open(&stock);
	struct pt_table *table = table_of(&stock, 10, NONE, 0);
	size_t made = 0;
	for (int i = 0; i < 200; i++)
		made += push(&stock, table, i % 2 == 0 ? 5 : pt_number_from_bits(PT_NUMBER_ABSENT))
				.made;
	check_size(made, 0);
	for (int i = 0; i < 600; i++)
		made += push(&stock, table, i % 3 != 0 ? 5 : pt_number_from_bits(PT_NUMBER_ABSENT))
				.made;
	check_true(made > 0 && made < 4);
	pt_table_unref(table);
	stock_close(&stock);
}

static void
a_table_that_is_not_used_any_more_is_forgotten(void)
{
	struct stock stock;
	stock_open(&stock);
	struct pt_table *table = table_of(&stock, 350, NONE, 0);
	settle(&stock, table);
	size_t bytes = pt_steady_bytes(&stock.steady);
	check_true(bytes > 350);
	pt_table_unref(table);
	/* Of other series, long after. */
	stock.time_ms += 600000;
	struct pt_series *other[] = {pt_series_ref(stock.series[999])};
	table = pt_table_new(other, 1);
	(void)push(&stock, table, 1);
	check_true(pt_steady_bytes(&stock.steady) < bytes / 4);
	pt_table_unref(table);
	stock_close(&stock);
}

static void
requests_of_another_version_are_made_anew(void)
{
	struct stock stock;
	stock_open(&stock);
	struct pt_table *table = table_of(&stock, 350, NONE, 0);
	settle(&stock, table);
	check_true(pt_steady_begin(&stock.steady, table, 2, 0));
	pt_steady_end(&stock.steady);
	struct push after = push(&stock, table, 5);
	check_size(after.filled, 0);
	settle(&stock, table);
	pt_table_unref(table);
	stock_close(&stock);
}

CHECK_MAIN("export/steady", TEST(the_second_push_makes_templates_and_the_third_is_filled),
	TEST(a_series_that_goes_has_only_its_request_made_anew),
	TEST(series_that_are_appended_leave_the_requests_before_them),
	TEST(series_that_come_between_leave_the_others),
	TEST(a_value_that_leaves_its_class_has_a_template_made_at_once),
	TEST(what_changes_all_the_time_gets_no_templates),
	TEST(a_table_that_is_not_used_any_more_is_forgotten),
	TEST(requests_of_another_version_are_made_anew))

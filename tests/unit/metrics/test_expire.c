/* SPDX-License-Identifier: MIT */
/* Families that forget: label sets end when idle, come back when used, and are limited. */
#include <pitot/exposition.h>
#include <malloc.h>
#include <stdlib.h>
#include "metrics/registry.h"
#include "support/check.h"
#include "support/find.h"
#include "support/tick.h"

enum { IDLE_MS = 60000 };

struct world {
	struct tick tick;
	struct pitot_registry *m;
	struct pitot_counters *f; /* "c", with label "l", which expires */
};

static void
open_world(struct world *world)
{
	tick_init(&world->tick);
	world->m = pitot_registry_new(NULL);
	world->m->clock = &world->tick.clock;
	world->f = pitot_counters(world->m, "c", "x", "l");
	pitot_registry_expire(world->m, "c", IDLE_MS / 1000.0);
}

static void
close_world(struct world *world)
{
	struct pitot_error why = {.code = 0};
	check_int(pitot_registry_error(world->m, &why), 0);
	check_text(why.text, "");
	pitot_registry_free(world->m);
}

static struct pitot_counter *
numbered(struct pitot_counters *family, long number)
{
	char value[24];
	(void)snprintf(value, sizeof value, "%07ld", number); /* all of one length */
	return pitot_counters_get(family, value);
}

/* Lets time pass, gathers, and gives the value. */
static double
value_after(struct world *world, int64_t ms, const char *text)
{
	tick_pass(&world->tick, ms);
	struct pitot_snapshot *s = pitot_snapshot_take(world->m, NULL);
	double value = find_value(s, text);
	pitot_snapshot_free(s);
	return value;
}

#define NONE (-1234.5) /* what find_value() gives for no sample */

static struct pt_registry_state
state_of(struct pitot_registry *m)
{
	struct pt_registry_state state;
	pt_registry_state(m, &state);
	return state;
}

/* ---- the end ---- */

/* Times that have more bits than a child has for them. */
static void
idle_times_may_be_years(void)
{
	static const double years[] = {0.07, 0.2, 1, 99};
	for (size_t i = 0; i < sizeof years / sizeof years[0]; i++) {
		const int64_t idle_ms = (int64_t)(years[i] * 365 * 86400) * 1000;
		struct world world = {.m = pitot_registry_new(NULL)};
		tick_init(&world.tick);
		world.m->clock = &world.tick.clock;
		world.f = pitot_counters(world.m, "c", "x", "l");
		pitot_registry_expire(world.m, "c", (double)idle_ms / 1000);
		pitot_counter_add(pitot_counters_get(world.f, "v"), 5);
		check_double(value_after(&world, 0, "c_total{l=\"v\"}"), 5);
		/* Each gather before that finds it alive. */
		for (int k = 1; k < 10; k++)
			check_double(value_after(&world, idle_ms / 10, "c_total{l=\"v\"}"), 5);
		check_size(state_of(world.m).expired, 0);
		check_double(value_after(&world, idle_ms / 10 + 10000, "c_total{l=\"v\"}"), 5);
		check_size(state_of(world.m).expired, 1);
		close_world(&world);
	}
}

static void
a_label_set_ends_exactly_when_it_was_idle_for_its_time(void)
{
	for (int64_t ms = IDLE_MS - 1; ms <= IDLE_MS + 1; ms++) {
		struct world world;
		open_world(&world);
		pitot_counter_add(pitot_counters_get(world.f, "v"), 5);
		check_double(value_after(&world, 0, "c_total{l=\"v\"}"), 5);
		/* The gather that ends it still has its value. */
		check_double(value_after(&world, ms, "c_total{l=\"v\"}"), 5);
		check_double(value_after(&world, 0, "c_total{l=\"v\"}"), ms < IDLE_MS ? 5 : NONE);
		check_size(state_of(world.m).expired, ms < IDLE_MS ? 0 : 1);
		check_size(state_of(world.m).label_sets, ms < IDLE_MS ? 1 : 0);
		close_world(&world);
	}
}

static void
what_is_never_gathered_before_its_time_is_still_gathered_once(void)
{
	struct world world;
	open_world(&world);
	pitot_counter_inc(pitot_counters_get(world.f, "v"));
	check_double(value_after(&world, INT64_C(10) * IDLE_MS, "c_total{l=\"v\"}"), 1);
	check_double(value_after(&world, 1, "c_total{l=\"v\"}"), 1);
	close_world(&world);
}

static void
use_update(struct world *world, struct pitot_gauge *gauge)
{
	(void)world;
	pitot_gauge_set(gauge, 7);
}

static void
use_get(struct world *world, struct pitot_gauge *gauge)
{
	check_true(pitot_gauges_get((struct pitot_gauges *)pt_declare_find(world->m, "g"), "v") ==
		gauge);
}

static void
use_nothing(struct world *world, struct pitot_gauge *gauge)
{
	(void)world, (void)gauge;
}

static void
an_update_that_changes_nothing_and_a_get_are_use(void)
{
	void (*const uses[])(struct world *, struct pitot_gauge *) = {
		use_update, use_get, use_nothing};
	for (size_t i = 0; i < 3; i++) {
		struct world world;
		open_world(&world);
		struct pitot_gauges *gauges = pitot_gauges(world.m, "g", "x", "l");
		pitot_registry_expire(world.m, "g", IDLE_MS / 1000.0);
		struct pitot_gauge *gauge = pitot_gauges_get(gauges, "v");
		pitot_gauge_set(gauge, 7);
		for (int round = 0; round < 10; round++) {
			uses[i](&world, gauge);
			(void)value_after(&world, IDLE_MS / 2, "g");
		}
		check_double(
			value_after(&world, 0, "g{l=\"v\"}"), uses[i] == use_nothing ? NONE : 7);
		close_world(&world);
	}
}

static void
other_families_do_not_expire(void)
{
	struct world world;
	open_world(&world);
	struct pitot_counters *other = pitot_counters(world.m, "other", "x", "l");
	pitot_counter_inc(pitot_counters_get(other, "v"));
	pitot_counter_inc(pitot_counter(world.m, "plain", "x"));
	for (int i = 0; i < 5; i++)
		(void)value_after(&world, INT64_C(2) * IDLE_MS, "plain_total");
	check_double(value_after(&world, 0, "other_total{l=\"v\"}"), 1);
	check_double(value_after(&world, 0, "plain_total"), 1);
	close_world(&world);
}

/* ---- after the end ---- */

/* One label set, "v", that counted 5, was gathered and has ended. */
static struct pitot_counter *
ended(struct world *world)
{
	open_world(world);
	struct pitot_counter *counter = pitot_counters_get(world->f, "v");
	const struct pitot_label trace = {"t", "1"};
	pitot_counter_add_exemplar(counter, 4.5, &trace, 1);
	pitot_counter_add(counter, 0.5);
	check_double(value_after(world, 0, "c_total{l=\"v\"}"), 5);
	check_double(value_after(world, IDLE_MS, "c_total{l=\"v\"}"), 5);
	return counter;
}

static void
an_update_brings_it_back_from_zero_with_a_start_after_its_last_sample(void)
{
	struct world world;
	struct pitot_counter *counter = ended(&world);
	int64_t last_ms = world.tick.clock.wall_ms(&world.tick.clock);
	pitot_counter_inc(counter);
	tick_pass(&world.tick, 1000);
	struct pitot_snapshot *s = pitot_snapshot_take(world.m, NULL);
	check_double(find_value(s, "c_total{l=\"v\"}"), 1);
	check_size(s->exemplar_count, 0);
	check_size(s->table->count, 1);
	check_true(s->table->series[0]->start_ms > last_ms + 1);
	check_true(s->table->series[0]->start_ms < s->time_ms);
	pitot_snapshot_free(s);
	check_true(pitot_counters_get(world.f, "v") == counter);
	check_double(value_after(&world, 0, "c_total{l=\"v\"}"), 1);
	close_world(&world);
}

static void
get_brings_it_back_with_what_was_counted_since(void)
{
	struct world world;
	struct pitot_counter *counter = ended(&world);
	pitot_counter_inc(counter);
	check_true(pitot_counters_get(world.f, "v") == counter);
	pitot_counter_inc(counter);
	check_double(value_after(&world, 0, "c_total{l=\"v\"}"), 2);
	close_world(&world);
}

static void
a_new_start_is_never_in_the_future(void)
{
	struct world world;
	struct pitot_counter *counter = ended(&world);
	pitot_counter_inc(counter);
	struct pitot_snapshot *s = pitot_snapshot_take(world.m, NULL);
	check_int(s->table->series[0]->start_ms, s->time_ms);
	pitot_snapshot_free(s);
	close_world(&world);
}

static void
updates_after_remove_go_nowhere_until_it_is_got(void)
{
	struct world world;
	open_world(&world);
	struct pitot_counter *counter = pitot_counters_get(world.f, "v");
	pitot_counter_add(counter, 5);
	pitot_counters_remove(world.f, "v");
	pitot_counters_remove(world.f, "v");
	pitot_counter_inc(counter);
	check_double(value_after(&world, 0, "c_total{l=\"v\"}"), NONE);
	check_double(value_after(&world, IDLE_MS - 1, "c_total{l=\"v\"}"), NONE);
	check_true(pitot_counters_get(world.f, "v") == counter);
	check_double(value_after(&world, 0, "c_total{l=\"v\"}"), 0);
	check_size(state_of(world.m).expired, 0);
	close_world(&world);
}

static void
removing_what_has_ended_keeps_updates_from_bringing_it_back(void)
{
	struct world world;
	struct pitot_counter *counter = ended(&world);
	pitot_counters_remove(world.f, "v");
	pitot_counter_inc(counter);
	check_double(value_after(&world, 0, "c_total{l=\"v\"}"), NONE);
	check_double(value_after(&world, IDLE_MS, "c_total{l=\"v\"}"), NONE);
	close_world(&world);
}

static void
the_memory_goes_to_a_new_label_set_only_after_another_idle_time(void)
{
	for (int removes = 0; removes < 2; removes++) {
		struct world world;
		struct pitot_counter *counter = ended(&world);
		if (removes)
			pitot_counters_remove(world.f, "v");
		(void)value_after(&world, IDLE_MS - 1, "");
		check_true(pitot_counters_get(world.f, "a") != counter);
		(void)value_after(&world, 1, "");
		struct pitot_counter *other = pitot_counters_get(world.f, "b");
		check_true(other == counter);
		pitot_counter_inc(other);
		check_double(value_after(&world, 0, "c_total{l=\"b\"}"), 1);
		check_double(value_after(&world, 0, "c_total{l=\"v\"}"), NONE);
		check_true(pitot_counters_get(world.f, "v") != counter);
		check_double(value_after(&world, 0, "c_total{l=\"v\"}"), 0);
		close_world(&world);
	}
}

static void
an_update_whose_mark_was_lost_is_found_before_the_memory_goes(void)
{
	struct world world;
	struct pitot_counter *counter = ended(&world);
	pitot_counter_inc(counter);
	/* As if a gather had cleared an old mark after the update had seen it. */
	struct pt_child *child = (struct pt_child *)counter;
	atomic_store(&child->use, PT_USE_NONE);
	(void)pt_owned_disarm(&child->owned);
	check_double(value_after(&world, 0, "c_total{l=\"v\"}"), NONE);
	check_double(value_after(&world, IDLE_MS, "c_total{l=\"v\"}"), 1);
	close_world(&world);
}

/* ---- every type ---- */

static const char *const states[] = {"on", "off"};
static const double quantiles[] = {0.5};

struct every {
	struct pitot_counters *c;
	struct pitot_gauges *g;
	struct pitot_histograms *h;
	struct pitot_summaries *s;
	struct pitot_statesets *st;
	struct pitot_gauge_histograms *gh;
};

static struct every
declare_every(struct pitot_registry *m)
{
	return (struct every){
		.c = pitot_counters(m, "c", "x", "l"),
		.g = pitot_gauges(m, "g", "x", "l"),
		.h = pitot_histograms(m, "h", "x", NULL, "l"),
		.s = pitot_summaries(m, "s", "x",
			&(struct pitot_summary_options){
				.quantiles = quantiles, .quantile_count = 1},
			"l"),
		.st = pitot_statesets(m, "st", "x", states, 2, "l"),
		.gh = pitot_gauge_histograms(m, "gh", "x", NULL, "l"),
	};
}

static void
update_every(struct every *every, const char *value)
{
	pitot_counter_add(pitot_counters_get(every->c, value), 4);
	pitot_gauge_add(pitot_gauges_get(every->g, value), 4);
	pitot_histogram_observe(pitot_histograms_get(every->h, value), 4);
	pitot_summary_observe(pitot_summaries_get(every->s, value), 4);
	pitot_stateset_set(pitot_statesets_get(every->st, value), 1, true);
	pitot_gauge_histogram_add(pitot_gauge_histograms_get(every->gh, value), 4);
}

/* That all six have counted 4 once. */
static void
check_every(const struct pitot_snapshot *s, const char *labels)
{
	static const struct {
		const char *name, *more;
		double value;
	} table[] = {
		{"c_total", "", 4},
		{"g", "", 4},
		{"h_sum", "", 4},
		{"h_count", "", 1},
		{"h_bucket", ",le=\"5.0\"", 1},
		{"h_bucket", ",le=\"2.5\"", 0},
		{"s_sum", "", 4},
		{"s_count", "", 1},
		{"st", ",st=\"off\"", 1},
		{"st", ",st=\"on\"", 0},
		{"gh_gsum", "", 4},
		{"gh_gcount", "", 1},
	};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		char text[100], *le = text;
		/* Labels stand sorted: le comes before pitot_overflow, and after l. */
		bool first = strcmp(labels, "l=\"v\"") != 0 && table[i].more[1] == 'l';
		if (first)
			(void)snprintf(le, sizeof text, "%s{%s,%s}", table[i].name,
				table[i].more + 1, labels);
		else
			(void)snprintf(
				le, sizeof text, "%s{%s%s}", table[i].name, labels, table[i].more);
		check_double(find_value(s, text), table[i].value);
	}
	char text[100];
	(void)snprintf(text, sizeof text, "s{%s,quantile=\"0.5\"}", labels);
	check_true(find_value(s, text) > 3.9 && find_value(s, text) < 4.1);
}

static void
every_type_ends_with_its_last_values_and_begins_from_zero(void)
{
	struct world world;
	open_world(&world);
	struct every every = declare_every(world.m);
	static const char *const names[] = {"g", "h", "s", "st", "gh"};
	for (size_t i = 0; i < 5; i++)
		pitot_registry_expire(world.m, names[i], IDLE_MS / 1000.0);
	for (int life = 0; life < 3; life++) {
		update_every(&every, "v");
		for (int i = 0; i < 2; i++) {
			struct pitot_snapshot *s = pitot_snapshot_take(world.m, NULL);
			check_every(s, "l=\"v\"");
			pitot_snapshot_free(s);
			tick_pass(&world.tick, IDLE_MS);
		}
		struct pitot_snapshot *s = pitot_snapshot_take(world.m, NULL);
		check_size(pitot_snapshot_size(s), 0);
		pitot_snapshot_free(s);
	}
	check_size(state_of(world.m).expired, 18);
	close_world(&world);
}

/* ---- the limit ---- */

static void
beyond_the_limit_one_series_stands_for_all(void)
{
	static const size_t limits[] = {1, 2, 3, 12, 13, 100};
	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
		for (size_t n = limits[i] - 1; n <= limits[i] + 2; n++) {
			struct world world;
			open_world(&world);
			pitot_registry_limit(world.m, "c", limits[i]);
			for (size_t j = 0; j < n; j++)
				pitot_counter_inc(numbered(world.f, (long)j));
			size_t over = n > limits[i] ? n - limits[i] : 0;
			struct pt_registry_state state = state_of(world.m);
			check_size(state.label_sets, n - over);
			check_size(state.series, n - over + (over > 0));
			check_size(state.overflowed, over);
			check_double(value_after(&world, 0, "c_total{pitot_overflow=\"true\"}"),
				over > 0 ? (double)over : NONE);
			struct pitot_snapshot *s = pitot_snapshot_take(world.m, NULL);
			check_size(pitot_snapshot_size(s), state.series);
			pitot_snapshot_free(s);
			close_world(&world);
		}
}

static void
every_type_has_an_overflow_with_the_registrys_labels(void)
{
	const struct pitot_label zone = {"zone", "z"};
	struct pitot_registry *m = pitot_registry_new(&(struct pitot_registry_options){
		.max_label_sets = 1, .labels = &zone, .label_count = 1});
	struct every every = declare_every(m);
	update_every(&every, "v");
	check_size(state_of(m).overflowed, 0);
	update_every(&every, "w");
	check_size(state_of(m).overflowed, 6);
	struct pitot_snapshot *s = pitot_snapshot_take(m, NULL);
	check_double(find_value(s, "c_total{pitot_overflow=\"true\",zone=\"z\"}"), 4);
	check_double(find_value(s, "g{pitot_overflow=\"true\",zone=\"z\"}"), 4);
	check_double(find_value(s, "h_count{pitot_overflow=\"true\",zone=\"z\"}"), 1);
	check_double(find_value(s, "s_sum{pitot_overflow=\"true\",zone=\"z\"}"), 4);
	check_double(find_value(s, "st{pitot_overflow=\"true\",st=\"off\",zone=\"z\"}"), 1);
	check_double(find_value(s, "gh_gcount{pitot_overflow=\"true\",zone=\"z\"}"), 1);
	pitot_snapshot_free(s);
	check_int(pitot_registry_error(m, NULL), 0);
	pitot_registry_free(m);
}

static void
room_made_by_remove_or_expiry_is_used(void)
{
	struct world world;
	open_world(&world);
	pitot_registry_limit(world.m, "c_total", 2); /* the name may have its suffix */
	(void)numbered(world.f, 0);
	struct pitot_counter *one = numbered(world.f, 1);
	struct pitot_counter *over = numbered(world.f, 2);
	check_true(numbered(world.f, 3) == over);
	check_true(numbered(world.f, 1) == one);
	pitot_counters_remove(world.f, "0000000");
	check_true(numbered(world.f, 2) != over);
	check_true(numbered(world.f, 0) == over);
	pitot_counter_inc(over);
	(void)value_after(&world, 0, "");
	(void)value_after(&world, IDLE_MS, "");
	check_size(state_of(world.m).series, 0);
	check_true(numbered(world.f, 3) != over);
	/* The overflow ended, too, and comes back as any other. */
	pitot_counter_inc(over);
	check_double(value_after(&world, 0, "c_total{pitot_overflow=\"true\"}"), 1);
	check_true(numbered(world.f, 4) != over);
	check_true(numbered(world.f, 5) == over);
	close_world(&world);
}

static void
the_overflows_memory_is_not_given_away(void)
{
	struct world world;
	open_world(&world);
	pitot_registry_limit(world.m, "c", 1);
	(void)numbered(world.f, 0);
	struct pitot_counter *over = numbered(world.f, 1);
	for (int i = 0; i < 6; i++)
		(void)value_after(&world, IDLE_MS, "");
	check_size(state_of(world.m).series, 0);
	for (long i = 2; i < 5; i++) {
		pitot_registry_limit(world.m, "c", 0);
		check_true(numbered(world.f, i) != over);
	}
	pitot_registry_limit(world.m, "c", 1);
	check_true(numbered(world.f, 9) == over);
	check_double(value_after(&world, 0, "c_total{pitot_overflow=\"true\"}"), 0);
	close_world(&world);
}

static void
a_limit_below_what_is_there_keeps_it_and_no_limit_takes_all(void)
{
	struct world world;
	open_world(&world);
	for (long i = 0; i < 10; i++)
		(void)numbered(world.f, i);
	pitot_registry_limit(world.m, "c", 3);
	(void)numbered(world.f, 10);
	check_size(state_of(world.m).series, 11);
	(void)numbered(world.f, 5);
	check_size(state_of(world.m).overflowed, 1);
	pitot_registry_limit(world.m, "c", 0);
	for (long i = 11; i < 20; i++)
		(void)numbered(world.f, i);
	check_size(state_of(world.m).label_sets, 19);
	check_size(state_of(world.m).overflowed, 1);
	close_world(&world);
}

/* ---- mistakes ---- */

static void
wrong_expiries_limits_and_labels_are_mistakes(void)
{
	static const struct {
		const char *family;
		double seconds;
		const char *text;
	} table[] = {
		{"none", 1, "expiry of \"none\": no family of this name is declared"},
		{"c", 0, "between 0 and 100 years"},
		{"c", -1, "between 0 and 100 years"},
		{"c", 1e300, "between 0 and 100 years"},
		{"c", 0.0 / 0.0, "between 0 and 100 years"},
		{"plain", 1, "only labelled families expire"},
		{"used", 1, "before the family's first label set"},
	};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct pitot_registry *m = pitot_registry_new(NULL);
		struct pitot_error why = {.code = 0};
		(void)pitot_counters(m, "c", "x", "l");
		(void)pitot_counter(m, "plain", "x");
		(void)pitot_counters_get(pitot_counters(m, "used", "x", "l"), "v");
		pitot_registry_expire(m, table[i].family, table[i].seconds);
		check_int(pitot_registry_error(m, &why), PITOT_USAGE);
		check_contains(why.text, table[i].text);
		pitot_registry_free(m);
	}
	struct pitot_error why;
	struct pitot_registry *m = pitot_registry_new(NULL);
	pitot_registry_limit(m, "none", 1);
	check_int(pitot_registry_error(m, &why), PITOT_USAGE);
	check_text(why.text, "limit of \"none\": no family of this name is declared");
	pitot_registry_free(m);
	m = pitot_registry_new(NULL);
	(void)pitot_counters(m, "c", "x", "pitot_overflow");
	check_int(pitot_registry_error(m, &why), PITOT_USAGE);
	check_contains(why.text, "belongs to the series beyond a family's limit");
	pitot_registry_free(m);
	const struct pitot_label label = {"pitot_overflow", "x"};
	m = pitot_registry_new(
		&(struct pitot_registry_options){.labels = &label, .label_count = 1});
	check_int(pitot_registry_error(m, &why), PITOT_USAGE);
	check_contains(why.text, "reserved");
	pitot_registry_free(m);
}

static void
a_disabled_registry_takes_it_all_silently(void)
{
	struct pitot_registry *m =
		pitot_registry_new(&(struct pitot_registry_options){.disabled = true});
	pitot_registry_expire(m, "c", 1);
	pitot_registry_limit(m, "c", 1);
	check_int(pitot_registry_error(m, NULL), 0);
	pitot_registry_expire(NULL, "c", 1);
	pitot_registry_limit(NULL, "c", 1);
	pitot_registry_free(m);
}

/* ---- gathers that overlap, churn ---- */

static double
end_all_meanwhile(void *context)
{
	struct world *world = context;
	static bool inside;
	if (inside || state_of(world->m).expired > 0)
		return 0;
	/* Another gather, and a long time: "v" ends, and its memory goes to "w". */
	inside = true;
	for (int i = 0; i < 4; i++)
		(void)value_after(world, IDLE_MS, "");
	inside = false;
	pitot_counter_add(pitot_counters_get(world->f, "w"), 100);
	return 0;
}

static void
a_gather_with_an_old_plan_does_not_read_what_another_label_set_counts(void)
{
	struct world world;
	tick_init(&world.tick);
	world.m = pitot_registry_new(NULL);
	world.m->clock = &world.tick.clock;
	pitot_gauge_callback(world.m, "meanwhile", "x", end_all_meanwhile, &world);
	world.f = pitot_counters(world.m, "c", "x", "l");
	pitot_registry_expire(world.m, "c", IDLE_MS / 1000.0);
	struct pitot_counter *v = pitot_counters_get(world.f, "v");
	pitot_counter_inc(v);
	check_double(value_after(&world, 0, "c_total{l=\"v\"}"), NONE);
	check_true(pitot_counters_get(world.f, "w") == v);
	check_double(value_after(&world, 0, "c_total{l=\"w\"}"), 100);
	close_world(&world);
}

struct inner {
	struct tick tick;
	struct pitot_registry *m;
	struct pitot_counter *counter;
	bool done;
};

/* Within a gather that read the clock before: time passes, and another one comes. */
static double
gather_within(void *context)
{
	struct inner *inner = context;
	if (inner->counter == NULL || inner->done)
		return 0;
	inner->done = true;
	tick_pass(&inner->tick, 15);
	pitot_counter_inc(inner->counter);
	pitot_snapshot_free(pitot_snapshot_take(inner->m, NULL));
	return 0;
}

static void
what_a_later_gather_saw_used_is_not_idle_for_an_earlier_one(void)
{
	struct inner inner = {.counter = NULL};
	tick_init(&inner.tick);
	inner.m = pitot_registry_new(NULL);
	inner.m->clock = &inner.tick.clock;
	pitot_gauge_callback(inner.m, "first", "x", gather_within, &inner);
	struct pitot_counters *f = pitot_counters(inner.m, "c", "x", "l");
	pitot_registry_expire(inner.m, "c", IDLE_MS / 1000.0);
	inner.counter = pitot_counters_get(f, "v");
	struct pitot_snapshot *s = pitot_snapshot_take(inner.m, NULL);
	check_true(inner.done);
	check_double(find_value(s, "c_total{l=\"v\"}"), 1);
	pitot_snapshot_free(s);
	check_size(state_of(inner.m).expired, 0);
	check_size(state_of(inner.m).label_sets, 2); /* and the gauge */
	pitot_registry_free(inner.m);
}

static void
a_unit_stated_meanwhile_changes_nothing_else(void)
{
	struct world world;
	open_world(&world);
	struct pitot_gauges *gauges = pitot_gauges(world.m, "depth_bytes", "x", "l");
	pitot_registry_expire(world.m, "depth_bytes", IDLE_MS / 1000.0);
	pitot_gauge_set(pitot_gauges_get(gauges, "v"), 3);
	pitot_gauge_set(pitot_gauges_get(gauges, "gone"), 3);
	pitot_gauges_remove(gauges, "gone");
	pitot_registry_unit(world.m, "depth_bytes", "bytes");
	struct pitot_snapshot *s = pitot_snapshot_take(world.m, NULL);
	check_text(s->table->series[0]->role->family->unit, "bytes");
	check_double(find_value(s, "depth_bytes{l=\"v\"}"), 3);
	check_size(s->table->count, 1);
	pitot_snapshot_free(s);
	check_double(value_after(&world, IDLE_MS, "depth_bytes{l=\"v\"}"), 3);
	check_double(value_after(&world, 0, "depth_bytes{l=\"v\"}"), NONE);
	close_world(&world);
}

static void
a_million_label_sets_that_come_and_go_need_the_memory_of_a_thousand(void)
{
	enum { total = 1000000, at_once = 1000 };
	struct world world;
	open_world(&world);
	size_t settled = 0, most = 0;
	double counted = 0;
	for (long i = 0; i < total; i++) {
		pitot_counter_inc(numbered(world.f, i));
		if (i % at_once != at_once - 1)
			continue;
		struct pitot_snapshot *s = pitot_snapshot_take(world.m, NULL);
		for (size_t j = 0; j < s->table->count; j++)
			/* Each is seen with 1 by the gather after its use and by its last one. */
			counted += pitot_snapshot_sample(s, j).value;
		pitot_snapshot_free(s);
		tick_pass(&world.tick, IDLE_MS);
		size_t used = mallinfo2().uordblks;
		if (i < 10 * at_once)
			settled = used > settled ? used : settled;
		else
			most = used > most ? used : most;
	}
	/* The sanitizers' allocators tell zero. */
	check_true(most <= settled + settled / 20);
	check_double(counted, 2 * (double)total - at_once);
	check_size(state_of(world.m).expired, total - at_once);
	check_true(state_of(world.m).label_sets == at_once);
	size_t children = 0;
	struct pt_set *set = pt_declare_find(world.m, "c");
	struct pt_child_place place = {0};
	while (pt_child_next(set, &place) != NULL)
		children++;
	for (struct pt_child *child = set->free; child != NULL; child = child->series.next)
		children++;
	check_size(children, set->made);
	check_true(children <= 4 * at_once);
	close_world(&world);
}

static void
a_million_label_sets_beyond_a_limit_need_the_memory_of_the_limit(void)
{
	enum { total = 1000000, limit = 1000 };
	struct pitot_registry *m = pitot_registry_new(NULL);
	struct pitot_counters *f = pitot_counters(m, "c", "x", "l");
	pitot_registry_limit(m, "c", limit);
	for (long i = 0; i <= limit; i++)
		pitot_counter_inc(numbered(f, i));
	size_t before = mallinfo2().uordblks;
	for (long i = limit + 1; i < total; i++)
		pitot_counter_inc(numbered(f, i));
	check_size(mallinfo2().uordblks, before);
	struct pitot_snapshot *s = pitot_snapshot_take(m, NULL);
	check_double(find_value(s, "c_total{pitot_overflow=\"true\"}"), total - limit);
	check_size(s->table->count, limit + 1);
	pitot_snapshot_free(s);
	check_size(state_of(m).overflowed, total - limit);
	check_int(pitot_registry_error(m, NULL), 0);
	pitot_registry_free(m);
}

CHECK_MAIN("metrics/expire", TEST(idle_times_may_be_years),
	TEST(a_label_set_ends_exactly_when_it_was_idle_for_its_time),
	TEST(what_is_never_gathered_before_its_time_is_still_gathered_once),
	TEST(an_update_that_changes_nothing_and_a_get_are_use), TEST(other_families_do_not_expire),
	TEST(an_update_brings_it_back_from_zero_with_a_start_after_its_last_sample),
	TEST(get_brings_it_back_with_what_was_counted_since),
	TEST(a_new_start_is_never_in_the_future),
	TEST(updates_after_remove_go_nowhere_until_it_is_got),
	TEST(removing_what_has_ended_keeps_updates_from_bringing_it_back),
	TEST(the_memory_goes_to_a_new_label_set_only_after_another_idle_time),
	TEST(an_update_whose_mark_was_lost_is_found_before_the_memory_goes),
	TEST(every_type_ends_with_its_last_values_and_begins_from_zero),
	TEST(beyond_the_limit_one_series_stands_for_all),
	TEST(every_type_has_an_overflow_with_the_registrys_labels),
	TEST(room_made_by_remove_or_expiry_is_used), TEST(the_overflows_memory_is_not_given_away),
	TEST(a_limit_below_what_is_there_keeps_it_and_no_limit_takes_all),
	TEST(wrong_expiries_limits_and_labels_are_mistakes),
	TEST(a_disabled_registry_takes_it_all_silently),
	TEST(a_gather_with_an_old_plan_does_not_read_what_another_label_set_counts),
	TEST(what_a_later_gather_saw_used_is_not_idle_for_an_earlier_one),
	TEST(a_unit_stated_meanwhile_changes_nothing_else),
	TEST(a_million_label_sets_that_come_and_go_need_the_memory_of_a_thousand),
	TEST(a_million_label_sets_beyond_a_limit_need_the_memory_of_the_limit))

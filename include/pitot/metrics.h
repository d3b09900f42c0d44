/* SPDX-License-Identifier: MIT */
/*
 * Registry and instruments: what your code touches.
 *
 * Declaring never returns NULL. A mistake (a bad name, a wrong number of labels, no memory) yields
 * an instrument that ignores updates; the registry keeps the first mistake in declaring, which
 * pitot_registry_error(), pitot_pusher_start() and pitot_push() tell. Application code therefore
 * needs no NULL checks.
 *
 * Threads: every function here may be called from any thread at any time, except
 * pitot_registry_free(), which must be the last one. Updates take no lock and allocate nothing,
 * unless their comment says so. Only the first update of a counter or histogram by a thread locks
 * shortly and may allocate: each thread counts in memory of its own (8 bytes for each counter that
 * it touches, in pages of 2 KiB; the cells of a histogram; to find them, 1 MiB of address space, of
 * which mostly 4 KiB become memory), which the next thread takes over when it ends. Without memory,
 * updates count all the same, only slower. The child of a fork counts on from what was counted
 * before it. An update by a signal's handler may be lost if it interrupts one of the same
 * instrument.
 *
 * Ownership: the registry owns every instrument and family; all strings are copied. An instrument
 * stays valid until pitot_registry_free(); in families with an expiry see pitot_registry_expire().
 *
 * Names follow the OpenMetrics rules: families are named without the suffix that their samples
 * carry (declare "mail_sent", and the sample is mail_sent_total; declaring "mail_sent_total" is
 * understood as the same). Declaring the same family twice with the same type and labels returns
 * the first one.
 */
#ifndef PITOT_METRICS_H
#define PITOT_METRICS_H

#include <stdbool.h>
#include <pitot/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pitot_registry;
struct pitot_counter;
struct pitot_gauge;
struct pitot_histogram;
struct pitot_native_histogram;
struct pitot_summary;
struct pitot_stateset;
struct pitot_gauge_histogram;

/* Labelled families: one instrument for each set of label values. */
struct pitot_counters;
struct pitot_gauges;
struct pitot_histograms;
struct pitot_native_histograms;
struct pitot_summaries;
struct pitot_statesets;
struct pitot_gauge_histograms;

/* Both strings are UTF-8 and end in NUL. */
struct pitot_label {
	const char *name;
	const char *value;
};

/* Zero means the default. Everything is copied. */
struct pitot_registry_options {
	const char *prefix;               /* put before every family name, e.g. "mailer_" */
	const struct pitot_label *labels; /* constant labels, added to every series */
	size_t label_count;
	bool utf8_names; /* allow any UTF-8 in metric and label names (default: [a-zA-Z0-9_:]) */
	bool disabled;   /* instruments ignore updates; pushers and endpoints of it do nothing */
	size_t max_label_sets; /* of each family, see pitot_registry_limit(); default 1,000,000 */
};

/* A registry with these options (NULL: defaults). Never NULL unless memory is out. Free it last. */
struct pitot_registry *pitot_registry_new(const struct pitot_registry_options *options);
void pitot_registry_free(struct pitot_registry *registry);

/*
 * The first mistake made in declaring, or else in updating (a negative amount, a NaN), or 0. Writes
 * `why` if there was one.
 */
int pitot_registry_error(const struct pitot_registry *registry, struct pitot_error *why);

/*
 * States the unit of a declared family, e.g. ("mail_seconds", "seconds"). The family's name must
 * end in "_" and the unit; info and state set families have none. The registry's prefix is added
 * to the name, as in declarations.
 */
void pitot_registry_unit(struct pitot_registry *registry, const char *family, const char *unit);

/*
 * Lets label sets of a labelled family end when neither an update (one that changes nothing counts,
 * too) nor _get used them for `idle_seconds` (more than 0). It is to be stated before the family's
 * first _get. A gather ends what is idle: its last values are in that gather, and it is gone from
 * the next, as after _remove. _get takes a lock in such a family.
 *
 * An update through the pointer of an ended label set counts: the next gather has it as a new
 * series that began at zero. But after being idle once more the memory goes to another label set,
 * so that endless coming and going needs no more memory than the most label sets at one time. Hence
 * the rule: a pointer that was not used for `idle_seconds` must be got again before it is used. (An
 * update that breaks it may count for another label set of the family, or be lost; it never
 * crashes.) Gauges that are counted up and down lose their height when they end.
 */
void pitot_registry_expire(
	struct pitot_registry *registry, const char *family, double idle_seconds);

/*
 * Limits a labelled family to so many label sets at a time, 0: no limit; at any time. When there
 * are as many, _get of a new one returns (taking a lock) one instrument that stands for all further
 * ones: of the declared labels it has none, but pitot_overflow="true". Label sets that are there
 * stay, and those that ended come back when they are used. When there is room again, _get of a new
 * one makes it, so do not keep pointers of a family that may be full.
 */
void pitot_registry_limit(struct pitot_registry *registry, const char *family, size_t label_sets);

/*
 * Calls `hook` at the start of every gather, without any lock held, so that it may set gauges. A
 * pusher and an endpoint may gather at the same time, each in a thread of its own.
 */
void pitot_registry_on_gather(
	struct pitot_registry *registry, void (*hook)(void *context), void *context);

/* ---- counters: a number that only rises ---- */

struct pitot_counter *pitot_counter(
	struct pitot_registry *registry, const char *name, const char *help);
void pitot_counter_inc(struct pitot_counter *counter);
/*
 * `amount` >= 0 and finite; others are ignored and told once. Whole amounts stay exact up to 2^64.
 */
void pitot_counter_add(struct pitot_counter *counter, double amount);
/* As add, and keeps the labels (at most 128 code points in all) as the exemplar. Locks shortly. */
void pitot_counter_add_exemplar(struct pitot_counter *counter, double amount,
	const struct pitot_label *labels, size_t label_count);

/*
 * Continues a counter of an earlier process, which stood at `value` and began to count at start_ms
 * (since the epoch; 0: not known), so that no zero is sent before its first sample. To be called
 * once, before its first update and before the registry is gathered.
 */
void pitot_counter_restore(struct pitot_counter *counter, double value, int64_t start_ms);

/* ---- gauges: a number that goes up and down ---- */

struct pitot_gauge *pitot_gauge(
	struct pitot_registry *registry, const char *name, const char *help);
void pitot_gauge_set(struct pitot_gauge *gauge, double value);
void pitot_gauge_add(struct pitot_gauge *gauge, double amount);
void pitot_gauge_inc(struct pitot_gauge *gauge);
void pitot_gauge_dec(struct pitot_gauge *gauge);
/* Seconds since the epoch. */
void pitot_gauge_set_to_current_time(struct pitot_gauge *gauge);

/* ---- values computed when they are gathered ---- */

/*
 * Called without locks held, by the gathering thread; must not block. NaN from a counter is left
 * out.
 */
typedef double pitot_read_fn(void *context);
void pitot_gauge_callback(struct pitot_registry *registry, const char *name, const char *help,
	pitot_read_fn *read, void *context);
void pitot_counter_callback(struct pitot_registry *registry, const char *name, const char *help,
	pitot_read_fn *read, void *context);

/* ---- histograms: how often values fell into which bucket ---- */

/* Upper bounds, strictly rising, without NaN; +Inf is implied. */
struct pitot_buckets {
	const double *bounds;
	size_t count; /* 1 to 1000 */
};
extern const struct pitot_buckets pitot_buckets_requests; /* 5 ms to 10 s, the default */
extern const struct pitot_buckets pitot_buckets_jobs;     /* 1 s to 24 h */
/* Fill `bounds` with `count` bounds: start, start+width, … or start, start*factor, … */
void pitot_buckets_linear(double *bounds, size_t count, double start, double width);
void pitot_buckets_exponential(double *bounds, size_t count, double start, double factor);

/* `buckets` NULL means pitot_buckets_requests. */
struct pitot_histogram *pitot_histogram(struct pitot_registry *registry, const char *name,
	const char *help, const struct pitot_buckets *buckets);
/*
 * NaN is ignored and told once. A gather has the observation whole or not at all: buckets, count
 * and sum agree (but for want of memory, and for values beyond 1e288).
 */
void pitot_histogram_observe(struct pitot_histogram *histogram, double value);
void pitot_histogram_observe_exemplar(struct pitot_histogram *histogram, double value,
	const struct pitot_label *labels, size_t label_count);

/* A monotonic time in seconds for measuring durations: start = pitot_timer_start(); … observe. */
double pitot_timer_start(void);
void pitot_histogram_observe_since(struct pitot_histogram *histogram, double start);

/* ---- native histograms: buckets that find their bounds themselves ----
 *
 * Buckets grow by one factor over the whole range of numbers, above zero and below; those that
 * nothing fell into cost nothing. The instrument also fills the classic buckets of `fallback`, for
 * text and for receivers without native histograms; pitot(3) says what each format carries.
 */

struct pitot_native_options {
	/*
	 * No bucket's bound is more than this times the one below it. From 1.0027 (schema 8, 2 to
	 * the power of 1/256) to 65536 (schema -4); default 1.1 (schema 3, 2 to the power of 1/8).
	 */
	double growth;
	/*
	 * When more buckets than this hold something, they are joined two by two, as often as need
	 * be, down to schema -4. Count and sum stay exact. 1 to 1000, default 160.
	 */
	size_t max_buckets;
	/* Values from minus this to this count as zero; default 2 to the power of -128. */
	double zero_threshold;
	const struct pitot_buckets *fallback; /* NULL means pitot_buckets_requests */
};

/* `options` NULL: defaults. */
struct pitot_native_histogram *pitot_native_histogram(struct pitot_registry *registry,
	const char *name, const char *help, const struct pitot_native_options *options);
/*
 * NaN is ignored and told once. An observation allocates (some 300 bytes, still without a lock)
 * when it is the first in its range of 32 buckets; if there is no memory, it is ignored and told.
 */
void pitot_native_histogram_observe(struct pitot_native_histogram *histogram, double value);
void pitot_native_histogram_observe_exemplar(struct pitot_native_histogram *histogram, double value,
	const struct pitot_label *labels, size_t label_count);
void pitot_native_histogram_observe_since(struct pitot_native_histogram *histogram, double start);
/*
 * Counts and sum begin anew, at the full resolution and with a new start time. Of an observation
 * that another thread makes at that very moment a part may be left out. Locks shortly.
 */
void pitot_native_histogram_reset(struct pitot_native_histogram *histogram);

/* ---- summaries: sum and count, and quantiles over a sliding window ---- */

struct pitot_summary_options {
	const double *quantiles; /* each 0 to 1, strictly rising; none: only sum and count */
	size_t quantile_count;
	double window_seconds; /* how far back quantiles look; default 600 */
};
/* Quantiles are within 1.6 % of an observed value for values from 1e-9 to 1.7e10. */
struct pitot_summary *pitot_summary(struct pitot_registry *registry, const char *name,
	const char *help, const struct pitot_summary_options *options);
/* Negative values and NaN are ignored and told once. */
void pitot_summary_observe(struct pitot_summary *summary, double value);
void pitot_summary_observe_since(struct pitot_summary *summary, double start);

/* ---- info: facts that do not change, as labels of a series of value 1 ---- */

void pitot_info(struct pitot_registry *registry, const char *name, const char *help,
	const struct pitot_label *labels, size_t label_count);

/* ---- state sets: which of a fixed list of states are on ---- */

/* `states` has `count` names, 1 to 64, all different. All are off at first. */
struct pitot_stateset *pitot_stateset(struct pitot_registry *registry, const char *name,
	const char *help, const char *const *states, size_t count);
/* Sets one state (an index into `states`) and leaves the others. */
void pitot_stateset_set(struct pitot_stateset *set, size_t state, bool on);
/* Makes `state` the only one that is on. */
void pitot_stateset_only(struct pitot_stateset *set, size_t state);

/* ---- gauge histograms: how things that exist now are distributed ---- */

struct pitot_gauge_histogram *pitot_gauge_histogram(struct pitot_registry *registry,
	const char *name, const char *help, const struct pitot_buckets *buckets);
/* A thing with this value appeared, or is gone again. */
void pitot_gauge_histogram_add(struct pitot_gauge_histogram *histogram, double value);
void pitot_gauge_histogram_remove(struct pitot_gauge_histogram *histogram, double value);

/* ---- labelled families ----
 *
 * A declaration lists 1 to 30 label names, _get lists as many values in the same order. _get
 * returns the instrument of that label set and makes it if there is none (allocates and locks then;
 * neither when the instrument exists). Keep the returned pointer where speed matters.
 * _remove ends the series of one label set: it is no longer gathered. A pointer got before stays
 * valid and its updates go nowhere until _get names the label set again, which starts it from zero.
 * A wrong number of values is a mistake and gives an instrument that ignores updates. Where values
 * come from outside, see pitot_registry_expire() and pitot_registry_limit().
 *
 * The macros of the same names add the NULL that ends the list.
 */

struct pitot_counters *pitot_counters(
	struct pitot_registry *registry, const char *name, const char *help, ...) PITOT_SENTINEL;
struct pitot_counter *pitot_counters_get(struct pitot_counters *family, ...) PITOT_SENTINEL;
void pitot_counters_remove(struct pitot_counters *family, ...) PITOT_SENTINEL;

struct pitot_gauges *pitot_gauges(
	struct pitot_registry *registry, const char *name, const char *help, ...) PITOT_SENTINEL;
struct pitot_gauge *pitot_gauges_get(struct pitot_gauges *family, ...) PITOT_SENTINEL;
void pitot_gauges_remove(struct pitot_gauges *family, ...) PITOT_SENTINEL;

struct pitot_histograms *pitot_histograms(struct pitot_registry *registry, const char *name,
	const char *help, const struct pitot_buckets *buckets, ...) PITOT_SENTINEL;
struct pitot_histogram *pitot_histograms_get(struct pitot_histograms *family, ...) PITOT_SENTINEL;
void pitot_histograms_remove(struct pitot_histograms *family, ...) PITOT_SENTINEL;

struct pitot_native_histograms *pitot_native_histograms(struct pitot_registry *registry,
	const char *name, const char *help, const struct pitot_native_options *options,
	...) PITOT_SENTINEL;
struct pitot_native_histogram *pitot_native_histograms_get(
	struct pitot_native_histograms *family, ...) PITOT_SENTINEL;
void pitot_native_histograms_remove(struct pitot_native_histograms *family, ...) PITOT_SENTINEL;

struct pitot_summaries *pitot_summaries(struct pitot_registry *registry, const char *name,
	const char *help, const struct pitot_summary_options *options, ...) PITOT_SENTINEL;
struct pitot_summary *pitot_summaries_get(struct pitot_summaries *family, ...) PITOT_SENTINEL;
void pitot_summaries_remove(struct pitot_summaries *family, ...) PITOT_SENTINEL;

struct pitot_statesets *pitot_statesets(struct pitot_registry *registry, const char *name,
	const char *help, const char *const *states, size_t count, ...) PITOT_SENTINEL;
struct pitot_stateset *pitot_statesets_get(struct pitot_statesets *family, ...) PITOT_SENTINEL;
void pitot_statesets_remove(struct pitot_statesets *family, ...) PITOT_SENTINEL;

struct pitot_gauge_histograms *pitot_gauge_histograms(struct pitot_registry *registry,
	const char *name, const char *help, const struct pitot_buckets *buckets,
	...) PITOT_SENTINEL;
struct pitot_gauge_histogram *pitot_gauge_histograms_get(
	struct pitot_gauge_histograms *family, ...) PITOT_SENTINEL;
void pitot_gauge_histograms_remove(struct pitot_gauge_histograms *family, ...) PITOT_SENTINEL;

#define PITOT_END ((const char *)0)
#define pitot_counters(registry, name, ...) pitot_counters(registry, name, __VA_ARGS__, PITOT_END)
#define pitot_counters_get(family, ...) pitot_counters_get(family, __VA_ARGS__, PITOT_END)
#define pitot_counters_remove(family, ...) pitot_counters_remove(family, __VA_ARGS__, PITOT_END)
#define pitot_gauges(registry, name, ...) pitot_gauges(registry, name, __VA_ARGS__, PITOT_END)
#define pitot_gauges_get(family, ...) pitot_gauges_get(family, __VA_ARGS__, PITOT_END)
#define pitot_gauges_remove(family, ...) pitot_gauges_remove(family, __VA_ARGS__, PITOT_END)
#define pitot_histograms(registry, name, ...)                                                      \
	pitot_histograms(registry, name, __VA_ARGS__, PITOT_END)
#define pitot_histograms_get(family, ...) pitot_histograms_get(family, __VA_ARGS__, PITOT_END)
#define pitot_histograms_remove(family, ...) pitot_histograms_remove(family, __VA_ARGS__, PITOT_END)
#define pitot_native_histograms(registry, name, ...)                                               \
	pitot_native_histograms(registry, name, __VA_ARGS__, PITOT_END)
#define pitot_native_histograms_get(family, ...)                                                   \
	pitot_native_histograms_get(family, __VA_ARGS__, PITOT_END)
#define pitot_native_histograms_remove(family, ...)                                                \
	pitot_native_histograms_remove(family, __VA_ARGS__, PITOT_END)
#define pitot_summaries(registry, name, ...) pitot_summaries(registry, name, __VA_ARGS__, PITOT_END)
#define pitot_summaries_get(family, ...) pitot_summaries_get(family, __VA_ARGS__, PITOT_END)
#define pitot_summaries_remove(family, ...) pitot_summaries_remove(family, __VA_ARGS__, PITOT_END)
#define pitot_statesets(registry, name, ...) pitot_statesets(registry, name, __VA_ARGS__, PITOT_END)
#define pitot_statesets_get(family, ...) pitot_statesets_get(family, __VA_ARGS__, PITOT_END)
#define pitot_statesets_remove(family, ...) pitot_statesets_remove(family, __VA_ARGS__, PITOT_END)
#define pitot_gauge_histograms(registry, name, ...)                                                \
	pitot_gauge_histograms(registry, name, __VA_ARGS__, PITOT_END)
#define pitot_gauge_histograms_get(family, ...)                                                    \
	pitot_gauge_histograms_get(family, __VA_ARGS__, PITOT_END)
#define pitot_gauge_histograms_remove(family, ...)                                                 \
	pitot_gauge_histograms_remove(family, __VA_ARGS__, PITOT_END)

/* ---- the process itself ----
 *
 * Each adds a group that is read from Linux at every gather; what the system does not tell is left
 * out. Calling one twice on a registry changes nothing. The registry's prefix and constant labels
 * apply. They are meant for long-running processes, not for batch jobs on a Pushgateway, where the
 * last values would stay for ever.
 */

/*
 * process_cpu_seconds_total (and _user_, _system_), process_start_time_seconds, resident, virtual
 * and peak memory, file descriptors, threads, page faults, context switches. Costs some
 * microseconds.
 */
void pitot_collect_process(struct pitot_registry *registry);
/*
 * process_heap_bytes and malloc_*: what glibc's allocator tells. Takes milliseconds on huge heaps.
 */
void pitot_collect_malloc(struct pitot_registry *registry);
/* process_io_*: bytes and system calls read and written. */
void pitot_collect_io(struct pitot_registry *registry);
/* process_network_*: IPv4 bytes of the whole network namespace, not of this process alone. */
void pitot_collect_network(struct pitot_registry *registry);

#ifdef __cplusplus
}
#endif
#endif

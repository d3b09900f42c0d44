/* SPDX-License-Identifier: MIT */
/*
 * The registry's inside: families, their children (one for each label set, which are the
 * instruments that users hold), and the plan by which they are gathered.
 *
 * Lifetimes: families and children live until the registry is freed, so that a user's pointer is
 * always valid and lookups need no lock. A removed child stays in the family's table, is no longer
 * gathered, and starts anew when its label set is asked for again.
 */
#ifndef PT_METRICS_REGISTRY_H
#define PT_METRICS_REGISTRY_H

#include <pthread.h>
#include <stdarg.h>
#include "base/clock.h"
#include "base/limits.h"
#include "model/snapshot.h"
#include <pitot/metrics.h>

struct pt_child;
struct pt_set;

/* How native histograms divide what they observe. */
struct pt_native_shape {
	int8_t schema; /* the highest */
	uint32_t max_buckets;
	double zero_threshold;
};

/* What a family's children have in common beside the labels. Copied into the set. */
struct pt_shape {
	const double *bounds; /* buckets without +Inf, or quantiles */
	const char *const *states;
	size_t count; /* of bounds or states */
	double window_seconds;
	struct pt_native_shape native;
	pitot_read_fn *read;
	void *context;
};

/* One series of a child. */
struct pt_part_of {
	enum pt_part part;
	double bound;
	const char *state;
};

/* A type of instrument. */
struct pt_kind {
	enum pitot_type type;
	size_t (*size)(const struct pt_shape *shape); /* of the instrument, child included */
	size_t (*series_count)(const struct pt_shape *shape);
	struct pt_part_of (*part)(const struct pt_shape *shape, size_t index);
	void (*reset)(struct pt_child *child);                /* to zero; also makes a fresh one */
	void (*read)(struct pt_child *child, uint64_t *bits); /* one for each series */
	/* NULL, or the value of its last series, PT_PART_NATIVE; NULL if memory is out. */
	struct pt_native *(*read_native)(struct pt_child *child);
	void (*clear)(struct pt_child *child); /* NULL, or frees what the instrument holds */
};

/* A declared family. The public struct pitot_counters etc. are this. */
struct pt_set {
	struct pitot_registry *registry;
	const struct pt_kind *kind;
	struct pt_shape shape;
	struct pt_family *declared; /* as declared; never changes, so good for messages */
	struct pt_family *family;   /* with its unit; guarded by the registry's lock */
	struct pt_labels *fixed;    /* an info's own labels, or NULL */
	const char *const *label_names;
	size_t label_count;
	_Atomic(struct pt_index *) index; /* readers take no lock; see family.c */
	struct pt_child *first, *last;    /* in order of creation; guarded by the registry's lock */
	struct pt_set *next;
};

struct pt_exemplar_slot {
	struct pt_labels *labels; /* NULL: none yet */
	uint64_t bits;
	int64_t timestamp_ms;
};

/* The first member of every instrument. */
struct pt_child {
	struct pt_set *set;
	struct pt_child *next;
	uint64_t hash;
	const char *values; /* the label values, each with its NUL, one after the other */
	size_t values_length;
	struct pt_series **series;          /* one for each part; guarded by the registry's lock */
	struct pt_exemplar_slot *exemplars; /* one for each series, or NULL; exemplar lock */
	atomic_bool has_exemplars;
	atomic_bool live; /* gathered; changes under the registry's lock */
	bool ignored;     /* updates do nothing: the registry is disabled, or there was a mistake */
};

struct pt_hook {
	void (*run)(void *context);
	void (*release)(void *context); /* when the registry is freed; may be NULL */
	void *context;
	struct pt_hook *next;
};

struct pitot_registry {
	const struct pt_clock *clock;
	const char *prefix;
	struct pt_label *labels; /* constant */
	size_t label_count;
	bool utf8_names;
	bool disabled;
	struct pt_ids *ids;

	/* The time of the last sample that a pusher sent before it was stopped; 0: none was. */
	_Atomic int64_t pushed_until_ms;

	pthread_mutex_t lock; /* guards what follows, and what says so above */
	struct pt_set *first, *last;
	struct pt_name *names; /* a hash table of all sample names, see declare.c */
	size_t name_count, name_capacity;
	struct pt_hook *hooks, *last_hook;
	struct pt_plan *plan;         /* NULL when something was declared, made or removed since */
	struct pitot_error declaring; /* the first mistake */
	struct pitot_error updating;

	pthread_mutex_t exemplar_lock; /* guards all children's exemplars */
};

/* Mistakes: the first is kept. */
void pt_registry_mistake(struct pitot_registry *registry, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void pt_registry_misuse(struct pitot_registry *registry, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The first mistake in declaring, or 0; a NULL registry is PITOT_NO_MEMORY. */
int pt_registry_declared(const struct pitot_registry *registry, struct pitot_error *why);
bool pt_registry_disabled(const struct pitot_registry *registry);
/* pitot_registry_on_gather() with something to release. Takes over the context. */
void pt_registry_hook(struct pitot_registry *registry, void (*run)(void *context),
	void (*release)(void *context), void *context);

/* ---- declare.c ---- */

struct pt_declaration {
	const char *name;
	const char *help;
	const struct pt_kind *kind;
	struct pt_shape shape;
	const struct pt_label *fixed; /* an info's own labels */
	size_t fixed_count;
	const char *const *label_names;
	size_t label_count;
	bool without_prefix; /* the name is complete */
};
/*
 * The family, or the one declared before with the same name, kind and labels; NULL on a mistake
 * (which the registry keeps).
 */
struct pt_set *pt_declare(
	struct pitot_registry *registry, const struct pt_declaration *declaration);
/* Declares a family without labels and returns its only child, or `otherwise` on a mistake. */
struct pt_child *pt_declare_single(struct pitot_registry *registry,
	const struct pt_declaration *declaration, struct pt_child *otherwise);

/* ---- family.c ---- */

/* The child of these values, made or revived if there is none; NULL on a mistake. */
struct pt_child *pt_family_get(struct pt_set *set, const char *const *values, size_t count);
void pt_family_remove(struct pt_set *set, const char *const *values, size_t count);
/* Zeroes the child and gives it a new start time, unless it was removed. False if memory is out. */
bool pt_family_restart(struct pt_child *child);
/* Makes all series of the set's children anew, after set->family changed. Locked by the caller. */
bool pt_family_renew(struct pt_set *set);
void pt_family_free(struct pt_set *set);

/* ---- gather.c ---- */

/* Forgets the plan; the caller holds the registry's lock. */
void pt_gather_forget(struct pitot_registry *registry);

/* ---- exemplar.c ---- */

/* Keeps the exemplar for the child's series at `index`. Bad labels are misuse. */
void pt_exemplar_keep(struct pt_child *child, size_t index, double value,
	const struct pitot_label *labels, size_t label_count);
/* Adds the child's exemplars to the snapshot, whose series of this child begin at `first`. */
bool pt_exemplar_gather(struct pt_child *child, struct pitot_snapshot *snapshot, size_t first);
void pt_exemplar_forget(struct pt_child *child);

/* ---- instruments, for files that set them directly ---- */

extern const struct pt_kind pt_kind_counter, pt_kind_gauge, pt_kind_histogram, pt_kind_summary,
	pt_kind_stateset, pt_kind_gauge_histogram, pt_kind_info, pt_kind_native;
/* The series_count of kinds that have one series. */
size_t pt_one_series(const struct pt_shape *shape);
/* Sets a counter that something else counts (the kernel). NaN: leaves the sample out. */
void pt_counter_set(struct pitot_counter *counter, double value);
/* Leaves the gauge's sample out until it is set again. */
void pt_gauge_absent(struct pitot_gauge *gauge);
/*
 * Shapes from the public structs, which they point into. False, and a mistake told under `name`, if
 * they are wrong.
 */
bool pt_histogram_shape(struct pitot_registry *registry, const char *name,
	const struct pitot_buckets *buckets, struct pt_shape *shape);
bool pt_native_shape(struct pitot_registry *registry, const char *name,
	const struct pitot_native_options *options, struct pt_shape *shape);
bool pt_summary_shape(struct pitot_registry *registry, const char *name,
	const struct pitot_summary_options *options, struct pt_shape *shape);
bool pt_stateset_shape(struct pitot_registry *registry, const char *name, const char *const *states,
	size_t count, struct pt_shape *shape);
/* Instruments that ignore updates. */
extern struct pt_child *const pt_ignoring_counter;
extern struct pt_child *const pt_ignoring_gauge;
extern struct pt_child *const pt_ignoring_histogram;
extern struct pt_child *const pt_ignoring_native;
extern struct pt_child *const pt_ignoring_summary;
extern struct pt_child *const pt_ignoring_stateset;

#endif

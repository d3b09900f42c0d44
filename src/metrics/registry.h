/* SPDX-License-Identifier: MIT */
/*
 * The registry's inside: families, their children (one for each label set, which are the
 * instruments that users hold), and the plan by which they are gathered.
 *
 * Lifetimes: families and the memory of children live until the registry is freed, so that a user's
 * pointer never dangles. A removed child stays in the family's table, is no longer gathered, and
 * starts anew when its label set is asked for again; lookups need no lock.
 *
 * In a family with an expiry (see expire.c) a child is
 *
 *	live --(idle)--> expired --(idle again)--> free --(a new label set)--> live
 *	  ^                 |
 *	  `--(used or got)--'      (removed: as expired, but only getting brings it back)
 *
 * An expired child counts on from zero, so a use of it is not lost but brings it back. A free one
 * belongs to no label set and is the memory of the next new one; so the memory of a family is that
 * of the most children it ever had within one idle time. All that changes is under the family's own
 * lock there, and lookups take it, since tables shrink and label values go.
 *
 * Locks are taken in this order: registry, family, exemplars, those of owned.h, the model's. None
 * is held across a callback, and forks wait for all of them (fork.c).
 */
#ifndef PT_METRICS_REGISTRY_H
#define PT_METRICS_REGISTRY_H

#include <pthread.h>
#include <stdarg.h>
#include "base/clock.h"
#include "base/limits.h"
#include "metrics/owned.h"
#include "model/intern.h"
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

/* Bounds are compared so many at a time, and as many +Inf follow them. */
enum { pt_bounds_unit = 16 };

/* What a family's children have in common beside the labels. Copied into the set. */
struct pt_shape {
	const double *bounds; /* buckets without +Inf, or quantiles; in a set, +Inf follows */
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
	/* As `take`, for kinds that have it; NULL if memory is out, and nothing is taken then. */
	struct pt_native *(*take_native)(struct pt_child *child, uint64_t *bits);
	void (*clear)(struct pt_child *child); /* NULL, or frees what the instrument holds */
	/*
	 * Reads and sets to zero; each concurrent update is in what is read or in what stays.
	 * NULL: the kind has take_native, or no labelled families.
	 */
	void (*take)(struct pt_child *child, uint64_t *bits);
	/*
	 * NULL, or reads children of a plain family whose numbers (owned.h) begin with `number` and
	 * follow one another, so that nothing but the threads' cells is looked at.
	 */
	void (*read_plain)(uint32_t number, size_t count, uint64_t *bits);
};

/* A declared family. The public struct pitot_counters etc. are this. */
struct pt_set {
	struct pitot_registry *registry;
	const struct pt_kind *kind;
	struct pt_shape shape;
	struct pt_family *declared; /* as declared; never changes, so good for messages */
	struct pt_family *family;   /* with its unit; guarded by the registry's lock */
	const char *const *label_names;
	size_t label_count;
	struct pt_labels *pattern; /* all labels of a child; the family's own have no value */
	uint8_t places[PT_LIMIT_LABEL_NAMES]; /* of the family's own labels in it, as declared */
	struct pt_child *newest;              /* the last one made, or NULL; registry's lock */
	_Atomic(struct pt_index *) index;     /* readers take no lock, unless it expires */
	size_t each;                          /* series of a child */
	struct pt_set *next;
	size_t limit;              /* of live label sets, 0: none; guarded by the registry's lock */
	size_t live;               /* label sets, without the overflow; guarded likewise */
	struct pt_child *overflow; /* NULL until needed; guarded likewise */
	/*
	 * All that its children have is in the threads' cells of whole amounts: none has an
	 * exemplar or used another cell. relaxed: it is unset before such a use, which a gather
	 * that still sees it set comes before.
	 */
	atomic_bool is_plain;
	/*
	 * 0: does not expire. Changes under the registry's lock and only while there is no child.
	 */
	_Atomic int64_t idle_ms;
	unsigned tick_bits; /* idle times of children are told in units of 1 << tick_bits ms */
	/*
	 * In a family that expires, this lock guards its children, the index and what follows, and
	 * what was said above to be guarded by the registry's lock. Making and bringing back need
	 * both; ending needs only this one.
	 */
	pthread_mutex_t lock;
	size_t dead; /* with labels, but not live */
	/* Its children, in their memory's order, and how many were made. */
	struct pt_chunk *first_chunk, *last_chunk;
	size_t child_size, made;
	struct pt_child *free;
	uint64_t *scratch; /* one for each series of a child; NULL if it does not expire */
};

/* The values of a label set, in the order of the family's names; see index.h. */
struct pt_values {
	uint64_t hash; /* of which children keep the lower half */
	size_t count;  /* one too many is noticed */
	struct pt_text at[PT_LIMIT_LABEL_NAMES + 1];
};

/* Whether an instrument was used since the last look at it. */
enum pt_use {
	PT_USE_NONE,
	PT_USE_SOME,
	PT_USE_IGNORED, /* updates do nothing: the registry is disabled, or there was a mistake */
};

/*
 * The first member of every instrument. What lookups and updates read stands last, beside the
 * shared cells.
 */
struct pt_child {
	struct pt_set *set;
	struct pt_labels *labels; /* referenced, live or not; NULL: a free one */
	union {
		struct pt_series *one;   /* its only series, or */
		struct pt_series **many; /* one for each part; NULL: dead; registry's lock */
		struct pt_child *next;   /* of a free one */
	} series;
	uint32_t hash;
	/*
	 * Monotonic, in the set's ticks, of which the upper bits are lost: when it was seen used if
	 * it is live, else since when it is not. The set's lock.
	 */
	uint32_t since;
	struct pt_owned owned; /* of counters and histograms; armed: marked as used, too */
	bool is_removed : 1;   /* dead, and only getting brings it back */
	bool is_overflow : 1;
	atomic_bool has_exemplars; /* see exemplar.c */
	atomic_bool live;          /* gathered; changes under the registry's lock */
	_Atomic unsigned char use; /* enum pt_use */
};

/* One for each part, or NULL. */
static inline struct pt_series **
pt_child_series(struct pt_child *child)
{
	if (child->series.one == NULL)
		return NULL;
	return child->set->each == 1 ? &child->series.one : child->series.many;
}

/*
 * Marks the instrument as used; every update begins with it, unless it finds its thread's cell by
 * what is armed, which is as good a mark. False: the update is to be ignored.
 * Both accesses are relaxed: the mark orders nothing, and a use that is marked too early or not at
 * all (since an old mark was seen while a gather cleared it) is found by its value; see expire.c.
 * The mark is mostly there already, so that this is one load from the line that the update writes.
 */
static inline bool
pt_child_touch(struct pt_child *child)
{
	unsigned char use = atomic_load_explicit(&child->use, memory_order_relaxed);
	if (__builtin_expect(use == PT_USE_SOME, true))
		return true;
	if (use == PT_USE_IGNORED)
		return false;
	atomic_store_explicit(&child->use, PT_USE_SOME, memory_order_relaxed);
	return true;
}

struct pt_hook {
	void (*run)(void *context);
	void (*release)(void *context); /* when the registry is freed; may be NULL */
	void *context;
	struct pt_hook *next;
};

struct pitot_registry {
	struct pitot_registry *next, **link; /* of all, see fork.c */
	const struct pt_clock *clock;
	const char *prefix;
	struct pt_label *labels; /* constant */
	size_t label_count;
	bool utf8_names;
	bool disabled;
	size_t max_label_sets; /* of a family, 0: no limit */
	struct pt_ids *ids;
	_Atomic uint64_t expired, overflowed; /* relaxed: numbers on their own */

	/* The time of the last sample that a pusher sent before it was stopped; 0: none was. */
	_Atomic int64_t pushed_until_ms;

	pthread_mutex_t lock; /* guards what follows, and what says so above */
	struct pt_set *first, *last;
	struct pt_name *names; /* a hash table of all sample names, see declare.c */
	size_t name_count, name_capacity;
	struct pt_hook *hooks, *last_hook;
	struct pt_plan *plan;         /* NULL when something was declared, made or removed since */
	int64_t gathered_ms;          /* wall time of the last gather; 0 none */
	struct pitot_error declaring; /* the first mistake */
	struct pitot_error updating;

	pthread_mutex_t exemplar_lock; /* guards `exemplars` */
	struct pt_exemplars *exemplars;
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

/* ---- fork.c ---- */

/* From here on forks wait for the registry's locks. False if memory is out. */
bool pt_fork_join(struct pitot_registry *registry);
/* Before it is freed. */
void pt_fork_leave(struct pitot_registry *registry);

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
/* The family declared with this name (without the prefix), or NULL. Locked by the caller. */
struct pt_set *pt_declare_find(struct pitot_registry *registry, const char *name);
/* Declares a family without labels and returns its only child, or `otherwise` on a mistake. */
struct pt_child *pt_declare_single(struct pitot_registry *registry,
	const struct pt_declaration *declaration, struct pt_child *otherwise);

/* ---- index.h ---- */

void pt_values_begin(struct pt_values *values, const struct pt_set *set);
/* There is room. The text is not copied. */
void pt_values_add(struct pt_values *values, const char *text);

/* ---- child.c ---- */

/* Of the family's children. */
size_t pt_child_size(const struct pt_kind *kind, const struct pt_shape *shape);
/* The memory of a free child, or new memory, zero but for its number; NULL if memory is out. */
struct pt_child *pt_child_raw(struct pt_set *set);
/* Makes it a free one, without labels. */
void pt_child_put(struct pt_child *child);
/* Where a walk through a family's children is; begins with zeros. */
struct pt_child_place {
	struct pt_chunk *chunk;
	size_t index;
};
/* The next child, of those that are not free, or NULL; its family's lock is held. */
struct pt_child *pt_child_next(const struct pt_set *set, struct pt_child_place *place);
/* The children that stand in memory behind this one. */
static inline struct pt_child *
pt_child_after(const struct pt_set *set, struct pt_child *child, size_t count)
{
	return (struct pt_child *)(void *)((char *)child + count * set->child_size);
}
void pt_child_free_chunks(struct pt_set *set);

/* ---- family.c ---- */

#define PT_OVERFLOW_LABEL "pitot_overflow"

/*
 * The child of these values, made or revived if there is none, or the family's overflow if its
 * limit is reached; NULL on a mistake.
 */
struct pt_child *pt_family_make(struct pt_set *set, const struct pt_values *values);
void pt_family_remove(struct pt_set *set, const struct pt_values *values);
/* Zeroes the child and gives it a new start time, unless it was removed. False if memory is out. */
bool pt_family_restart(struct pt_child *child);
/* Makes all series of the set's children anew, after set->family changed. Locked by the caller. */
bool pt_family_renew(struct pt_set *set);
void pt_family_free(struct pt_set *set);
static inline bool
pt_family_expires(const struct pt_set *set)
{
	/* relaxed: it is constant while the set has children, which whoever asks got by a lock. */
	return atomic_load_explicit(&set->idle_ms, memory_order_relaxed) != 0;
}
static inline void
pt_family_complicate(struct pt_set *set)
{
	/* relaxed: see is_plain. Looked at first, since all threads read the line that it is in. */
	if (atomic_load_explicit(&set->is_plain, memory_order_relaxed))
		atomic_store_explicit(&set->is_plain, false, memory_order_relaxed);
}
/* The set's own lock, if it expires. */
void pt_family_lock(struct pt_set *set);
void pt_family_unlock(struct pt_set *set);
/*
 * For expire.c, which holds the locks. Revive: a dead child is gathered again, as new series; false
 * if memory is out. End: a live one is no longer gathered; the caller then forgets the plan, too.
 * Reuse: a dead child gives up its label set.
 */
bool pt_family_revive(struct pt_child *child, int64_t start_ms);
void pt_family_end(struct pt_child *child, int64_t now_ms);
void pt_family_reuse(struct pt_child *child);

/* ---- expire.c ---- */

struct pt_registry_state {
	size_t series;       /* gathered, overflows included */
	size_t label_sets;   /* live: one for each instrument, without the overflows */
	uint64_t expired;    /* label sets that ended because they were idle, in all */
	uint64_t overflowed; /* how often _get was answered with an overflow, in all */
};
void pt_registry_state(struct pitot_registry *registry, struct pt_registry_state *state);
/* Before a gather: dead children that were used come back, others are freed. False: no memory. */
bool pt_expire_dead(struct pitot_registry *registry, int64_t now_ms);
/* Notes whether the live child was used; true if it was not for too long. Its lock is held. */
bool pt_expire_look(struct pt_child *child, int64_t now_ms);
static inline uint32_t
pt_expire_tick(const struct pt_set *set, int64_t now_ms)
{
	return (uint32_t)(now_ms >> set->tick_bits);
}
/*
 * Ends a child, whose series began at `at` of the snapshot, if they still are its own and it is
 * idle: the snapshot gets what it counted up to its end. Without memory it lives on.
 */
void pt_expire_end(
	struct pt_child *child, struct pitot_snapshot *snapshot, size_t at, int64_t now_ms);

/* ---- gather.c ---- */

/* Forgets the plan, since the children or series changed; the caller holds the registry's lock. */
void pt_gather_forget(struct pitot_registry *registry);

/* ---- exemplar.c ---- */

/* Keeps the exemplar for the child's series at `index`. Bad labels are misuse. */
void pt_exemplar_keep(struct pt_child *child, size_t index, double value,
	const struct pitot_label *labels, size_t label_count);
/* Adds the child's exemplars to the snapshot, whose series of this child begin at `first`. */
bool pt_exemplar_gather(struct pt_child *child, struct pitot_snapshot *snapshot, size_t first);
void pt_exemplar_forget(struct pt_child *child);
/* Nobody has any more. */
void pt_exemplar_free(struct pitot_registry *registry);

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

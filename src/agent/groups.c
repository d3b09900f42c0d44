/* SPDX-License-Identifier: MIT */
/*
 * The groups. Pushing changes a group's snapshot under the lock; the agent's thread takes a
 * reference to it there and brings it to the destinations without the lock. Fails only when memory
 * is out: a push is refused then, and what was there stays.
 */
#include "agent/groups.h"

#include "base/error.h"
#include "base/number.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { PUSHED, FAILED, EXTRAS };

struct group {
	struct group *next;
	struct pt_labels *key;
	/* Guarded by the lock. */
	struct pitot_snapshot *snapshot; /* NULL: empty */
	int64_t pushed_ms, failed_ms;    /* since the epoch; 0: never */
	int64_t ttl_ms, until_ms;        /* in monotonic time */
	bool changed, gone;
	/* The agent's thread's. */
	struct pt_feed feed;
	bool has_feed;
};

struct pt_groups {
	struct pt_groups_options options;
	char *instance;
	pthread_mutex_t lock; /* guards the list and what groups say is guarded */
	struct group *first;
	size_t count;
	int64_t due_ms;
};

struct pt_groups *
pt_groups_new(const struct pt_groups_options *options)
{
	struct pt_groups *groups = calloc(1, sizeof *groups);
	if (groups == NULL)
		return NULL;
	groups->options = *options;
	groups->due_ms = INT64_MAX;
	(void)pthread_mutex_init(&groups->lock, NULL); /* cannot fail on Linux */
	groups->instance = strdup(options->instance);
	if (groups->instance != NULL)
		return groups;
	pt_groups_free(groups);
	return NULL;
}

static void
group_free(struct group *group)
{
	if (group->has_feed)
		pt_feed_clear(&group->feed);
	pitot_snapshot_free(group->snapshot);
	pt_labels_unref(group->key);
	free(group);
}

void
pt_groups_free(struct pt_groups *groups)
{
	if (groups == NULL)
		return;
	while (groups->first != NULL) {
		struct group *group = groups->first;
		groups->first = group->next;
		group_free(group);
	}
	(void)pthread_mutex_destroy(&groups->lock);
	free(groups->instance);
	free(groups);
}

/* ---- pushing ---- */

/* The lock is held. */
static struct group *
find(struct pt_groups *groups, const struct pt_labels *key)
{
	struct group *group = groups->first;
	while (group != NULL && (group->gone || !pt_labels_equal(group->key, key)))
		group = group->next;
	return group;
}

/* Takes over the key on success. The lock is held. */
static struct group *
make(struct pt_groups *groups, struct pt_labels *key)
{
	struct group *group = calloc(1, sizeof *group);
	if (group == NULL)
		return NULL;
	group->key = key;
	group->next = groups->first;
	groups->first = group;
	groups->count++;
	return group;
}

static bool
has_family(const struct pt_table *table, const char *name)
{
	const struct pt_family *last = NULL;
	for (size_t i = 0; i < table->count; i++) {
		if (table->series[i]->role->family == last)
			continue;
		last = table->series[i]->role->family;
		if (strcmp(last->name, name) == 0)
			return true;
	}
	return false;
}

static size_t
append(struct pt_series **list, uint64_t *bits, size_t count, const struct pitot_snapshot *from,
	const struct pt_table *unless)
{
	const struct pt_family *last = NULL;
	bool left = false;
	for (size_t i = 0; from != NULL && i < from->table->count; i++) {
		struct pt_series *series = from->table->series[i];
		if (series->role->family != last) {
			last = series->role->family;
			left = unless != NULL && has_family(unless, last->name);
		}
		if (left)
			continue;
		bits[count] = from->bits[i];
		list[count++] = pt_series_ref(series);
	}
	return count;
}

/* The old families that are not among the new ones, and the new ones; NULL if memory is out. */
static struct pitot_snapshot *
merge(const struct pitot_snapshot *old, const struct pitot_snapshot *new)
{
	size_t most = (old == NULL ? 0 : old->table->count) + new->table->count, count;
	struct pt_series **list = malloc((most + 1) * sizeof *list);
	uint64_t *bits = malloc((most + 1) * sizeof *bits);
	struct pt_table *table = NULL;
	struct pitot_snapshot *merged = NULL;
	if (list != NULL && bits != NULL) {
		count = append(list, bits, 0, old, new->table);
		count = append(list, bits, count, new, NULL);
		table = pt_table_new(list, count);
		for (size_t i = 0; table == NULL && i < count; i++)
			pt_series_unref(list[i]);
	}
	if (table != NULL)
		merged = pt_snapshot_new(table, new->time_ms);
	if (merged != NULL)
		memcpy(merged->bits, bits, table->count * sizeof bits[0]);
	pt_table_unref(table);
	free(list);
	free(bits);
	return merged;
}

/* The lock is held. */
static bool
take(struct group *group, const struct pt_group_push *push)
{
	struct pitot_snapshot *next = push->snapshot;
	if (!push->replace) {
		if (next == NULL)
			return true; /* a sign of life */
		next = merge(group->snapshot, next);
		if (next == NULL)
			return false;
	} else if (next != NULL) {
		next = pt_snapshot_ref(next);
	}
	pitot_snapshot_free(group->snapshot);
	group->snapshot = next;
	return true;
}

int
pt_groups_push(struct pt_groups *groups, const struct pt_group_push *push)
{
	const struct pt_clock *clock = groups->options.outputs->clock;
	(void)pthread_mutex_lock(&groups->lock);
	struct group *group = find(groups, push->key);
	bool made = group == NULL;
	if (made)
		group = make(groups, push->key);
	bool ok = group != NULL && take(group, push);
	if (ok) {
		if (push->ttl_ms > 0 || made)
			group->ttl_ms = push->ttl_ms > 0 ? push->ttl_ms : groups->options.ttl_ms;
		group->until_ms = clock->mono_ms(clock) + group->ttl_ms;
		group->pushed_ms = clock->wall_ms(clock);
		group->changed = true;
	}
	(void)pthread_mutex_unlock(&groups->lock);
	if (!made || group == NULL)
		pt_labels_unref(push->key);
	pitot_snapshot_free(push->snapshot);
	if (ok)
		groups->options.wake(groups->options.context);
	return ok ? 0 : PITOT_NO_MEMORY;
}

void
pt_groups_refused(struct pt_groups *groups, struct pt_labels *key)
{
	const struct pt_clock *clock = groups->options.outputs->clock;
	(void)pthread_mutex_lock(&groups->lock);
	struct group *group = find(groups, key);
	if (group != NULL) {
		group->failed_ms = clock->wall_ms(clock);
		group->changed = true;
	}
	(void)pthread_mutex_unlock(&groups->lock);
	pt_labels_unref(key);
	if (group != NULL)
		groups->options.wake(groups->options.context);
}

bool
pt_groups_delete(struct pt_groups *groups, struct pt_labels *key)
{
	(void)pthread_mutex_lock(&groups->lock);
	struct group *group = find(groups, key);
	if (group != NULL)
		group->gone = true;
	(void)pthread_mutex_unlock(&groups->lock);
	pt_labels_unref(key);
	if (group != NULL)
		groups->options.wake(groups->options.context);
	return group != NULL;
}

size_t
pt_groups_count(struct pt_groups *groups)
{
	(void)pthread_mutex_lock(&groups->lock);
	size_t count = groups->count;
	(void)pthread_mutex_unlock(&groups->lock);
	return count;
}

/* ---- bringing them to the destinations ---- */

/* The grouping key, and an instance unless it names one; empty values are no labels. */
static struct pt_labels *
labels_of(const struct pt_groups *groups, const struct pt_labels *key)
{
	struct pt_label pairs[PT_LIMIT_LABELS + 1];
	size_t count = 0;
	bool named = false;
	for (uint32_t i = 0; i < pt_labels_count(key) && count < PT_LIMIT_LABELS; i++) {
		pairs[count] = pt_labels_at(key, i);
		named |= strcmp(pairs[count++].name, "instance") == 0;
	}
	if (!named)
		pairs[count++] = pt_label_of("instance", groups->instance);
	return pt_labels_new(pairs, count);
}

static bool
open_feed(struct pt_groups *groups, struct group *group)
{
	if (group->has_feed)
		return true;
	struct pt_labels *labels = labels_of(groups, group->key);
	struct pt_roster *roster = &group->feed.roster;
	if (labels == NULL)
		return false;
	group->has_feed = true;
	return pt_feed_init(&group->feed, groups->options.outputs, labels, PT_DRESS_FORCE, NULL) ==
		0 &&
		pt_roster_add(roster, "push_time_seconds",
			"When the group was last pushed, since the epoch.", NULL) == PUSHED &&
		pt_roster_add(roster, "push_failure_time_seconds",
			"When a push to the group was last refused, since the epoch.",
			NULL) == FAILED &&
		pt_roster_follow(roster, NULL) == 0;
}

/* What a group is at one moment. */
struct state {
	struct pitot_snapshot *snapshot; /* referenced, or NULL */
	double extras[EXTRAS];
	bool over, due;
};

static struct state
look(struct pt_groups *groups, struct group *group, int64_t now_ms, bool all)
{
	struct state state;
	(void)pthread_mutex_lock(&groups->lock);
	if (!group->gone && now_ms >= group->until_ms)
		group->gone = true; /* a push from now on is another group's */
	state = (struct state){
		.snapshot = group->snapshot == NULL ? NULL : pt_snapshot_ref(group->snapshot),
		.extras = {(double)group->pushed_ms / 1000, (double)group->failed_ms / 1000},
		.over = group->gone,
		.due = all || group->changed,
	};
	group->changed = false;
	(void)pthread_mutex_unlock(&groups->lock);
	return state;
}

static void
bring(struct pt_groups *groups, struct group *group, const struct state *state, int64_t now_ms)
{
	if (!open_feed(groups, group))
		pt_log_tell(groups->options.outputs->log, PITOT_LOG_ERROR,
			"Out of memory: samples are lost", NULL);
	else if (state->over)
		pt_feed_end(&group->feed, now_ms);
	else if (state->snapshot != NULL)
		pt_feed_offer_snapshot(&group->feed, state->snapshot, state->extras, now_ms);
	else
		pt_feed_offer(&group->feed, NULL, state->extras, now_ms);
}

static void
take_out(struct pt_groups *groups, struct group *group)
{
	(void)pthread_mutex_lock(&groups->lock);
	struct group **at = &groups->first;
	while (*at != group)
		at = &(*at)->next;
	*at = group->next;
	groups->count--;
	(void)pthread_mutex_unlock(&groups->lock);
	group_free(group);
}

int64_t
pt_groups_due(const struct pt_groups *groups)
{
	return groups->due_ms;
}

void
pt_groups_run(struct pt_groups *groups, int64_t now_ms)
{
	bool all = now_ms >= groups->due_ms;
	(void)pthread_mutex_lock(&groups->lock);
	struct group *group = groups->first; /* those that come before it later are not lost */
	if (group == NULL)
		groups->due_ms = INT64_MAX;
	else if (all || groups->due_ms == INT64_MAX)
		groups->due_ms = now_ms + groups->options.interval_ms;
	(void)pthread_mutex_unlock(&groups->lock);
	while (group != NULL) {
		struct group *next = group->next; /* only this thread takes groups out */
		struct state state = look(groups, group, now_ms, all);
		if (state.over || state.due)
			bring(groups, group, &state, now_ms);
		pitot_snapshot_free(state.snapshot);
		if (state.over)
			take_out(groups, group);
		group = next;
	}
}

void
pt_groups_end(struct pt_groups *groups, int64_t now_ms)
{
	(void)pthread_mutex_lock(&groups->lock);
	for (struct group *group = groups->first; group != NULL; group = group->next)
		group->gone = true;
	(void)pthread_mutex_unlock(&groups->lock);
	pt_groups_run(groups, now_ms);
}

void
pt_groups_set(struct pt_groups *groups, int64_t ttl_ms, int64_t interval_ms)
{
	(void)pthread_mutex_lock(&groups->lock);
	groups->options.ttl_ms = ttl_ms;
	groups->options.interval_ms = interval_ms;
	(void)pthread_mutex_unlock(&groups->lock);
}

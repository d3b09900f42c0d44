/* SPDX-License-Identifier: MIT */
/*
 * The queue of a lane. Making room: a cumulative value that is followed by a newer one of the same
 * series costs only resolution, so that goes first. What has no successor (the last value of a
 * series that ended, the zero before its first one, a stale marker) stays as long as there is room
 * for it at all. Fails when memory is out; then nothing is lost but what was to be added.
 */
#include "export/queue.h"

#include "base/error.h"
#include "base/number.h"
#include <stdlib.h>

struct pt_queue_node {
	struct pt_queue_node *next;
	struct pt_queued queued;
	size_t bytes, samples;
	bool is_reduced; /* what newer samples could replace is gone */
	bool is_empty;   /* and nothing is left */
};

size_t
pt_queue_samples(const struct pt_queue *queue, const struct pitot_snapshot *snapshot)
{
	size_t count = 0;
	for (size_t i = 0; i < snapshot->table->count; i++) {
		const struct pt_series *series = snapshot->table->series[i];
		bool is_native = series->role->part == PT_PART_NATIVE;
		if (snapshot->bits[i] == PT_NUMBER_ABSENT ||
			(series->role->family->is_native && is_native != queue->natives) ||
			(queue->shards > 1 &&
				pt_series_hash(series) % queue->shards != queue->shard))
			continue;
		count++;
	}
	return count;
}

int64_t
pt_queue_oldest(const struct pt_queue *queue)
{
	return queue->first == NULL ? 0 : queue->first->queued.time_ms;
}

static void
measure(const struct pt_queue *queue, struct pt_queue_node *node)
{
	const struct pitot_snapshot *snapshot = node->queued.snapshot;
	node->bytes = sizeof *node;
	node->samples = 0;
	if (snapshot == NULL)
		return;
	node->bytes += pt_snapshot_bytes(snapshot);
	/* The registry's table is shared by many; these have one of their own. */
	if (node->queued.only_ends || node->is_reduced)
		node->bytes += snapshot->table->count * sizeof snapshot->table->series[0];
	node->samples = pt_queue_samples(queue, snapshot);
}

/* Keeps one, so that adding and taking in turn allocates nothing. */
static void
put_node(struct pt_queue *queue, struct pt_queue_node *node)
{
	free(queue->spare);
	queue->spare = node;
}

static void
unlink_first(struct pt_queue *queue)
{
	struct pt_queue_node *node = queue->first;
	queue->first = node->next;
	if (queue->first == NULL)
		queue->last = NULL;
	queue->bytes -= node->bytes;
	queue->samples -= node->samples;
	put_node(queue, node);
}

static void
drop_first(struct pt_queue *queue, enum pitot_drop reason)
{
	queue->dropped[reason] += queue->first->samples;
	pitot_snapshot_free(queue->first->queued.snapshot);
	unlink_first(queue);
}

void
pt_queue_clear(struct pt_queue *queue)
{
	while (queue->first != NULL)
		drop_first(queue, PITOT_DROP_UNSENT);
	free(queue->spare);
	queue->spare = NULL;
}

bool
pt_queue_take(struct pt_queue *queue, struct pt_queued *queued)
{
	if (queue->first == NULL)
		return false;
	*queued = queue->first->queued;
	queued->samples = queue->first->samples;
	unlink_first(queue);
	return true;
}

/* ---- making room ---- */

/* A bit for each series, by id, that has a sample somewhere behind `node`. */
static unsigned char *
mark_later(const struct pt_queue_node *node, size_t *size)
{
	*size = 0;
	for (const struct pt_queue_node *n = node; n != NULL; n = n->next)
		for (size_t i = 0;
			n->queued.snapshot != NULL && i < n->queued.snapshot->table->count; i++)
			if (pt_series_id(n->queued.snapshot->table->series[i]) / 8 >= *size)
				*size = pt_series_id(n->queued.snapshot->table->series[i]) / 8 + 1;
	unsigned char *marks = calloc(*size + 1, 1);
	for (const struct pt_queue_node *n = node->next; marks != NULL && n != NULL; n = n->next) {
		const struct pitot_snapshot *later = n->queued.snapshot;
		for (size_t i = 0; later != NULL && i < later->table->count; i++) {
			uint32_t id = pt_series_id(later->table->series[i]);
			if (later->bits[i] != PT_NUMBER_ABSENT)
				marks[id / 8] |= (unsigned char)(1u << id % 8);
		}
	}
	return marks;
}

/* Copies what belongs to the series at `from` to the place at `to`. */
static bool
copy_sample(const struct pitot_snapshot *old, size_t from, struct pitot_snapshot *copy, size_t to)
{
	copy->bits[to] = old->bits[from];
	int64_t time_ms = pt_snapshot_time_of(old, from, PT_NO_TIME);
	if (time_ms != PT_NO_TIME && !pt_snapshot_set_time(copy, to, time_ms))
		return false;
	const struct pt_exemplar *exemplar = pt_snapshot_exemplar(old, from);
	if (exemplar != NULL) {
		struct pt_exemplar moved = *exemplar;
		moved.index = to;
		if (!pt_snapshot_add_exemplar(copy, &moved))
			return false;
	}
	const struct pt_native *native = pt_snapshot_native(old, from);
	if (native == NULL)
		return true;
	struct pt_native *mine = pt_native_copy(native);
	return mine != NULL && pt_snapshot_add_native(copy, to, mine);
}

/* The part of the snapshot whose series are not marked; NULL if memory is out. */
static struct pitot_snapshot *
without_marked(const struct pitot_snapshot *old, const unsigned char *marks)
{
	const struct pt_table *from = old->table;
	struct pt_series **series = malloc((from->count + 1) * sizeof *series);
	size_t *places = malloc((from->count + 1) * sizeof *places);
	struct pitot_snapshot *copy = NULL;
	struct pt_table *table = NULL;
	size_t count = 0;
	for (size_t i = 0; series != NULL && places != NULL && i < from->count; i++) {
		uint32_t id = pt_series_id(from->series[i]);
		if (old->bits[i] == PT_NUMBER_ABSENT || (marks[id / 8] >> id % 8 & 1) != 0)
			continue;
		places[count] = i;
		series[count++] = pt_series_ref(from->series[i]);
	}
	if (series != NULL && places != NULL)
		table = pt_table_new(series, count);
	if (table != NULL)
		copy = pt_snapshot_new(table, old->time_ms);
	bool ok = copy != NULL;
	for (size_t i = 0; ok && i < count; i++)
		ok = copy_sample(old, places[i], copy, i);
	for (size_t i = 0; table == NULL && i < count; i++)
		pt_series_unref(series[i]);
	pt_table_unref(table);
	free(series);
	free(places);
	if (ok)
		return copy;
	pitot_snapshot_free(copy);
	return NULL;
}

/* Whether the next ordinary snapshot has a sample wherever this one has: the usual case. */
static bool
is_covered(const struct pt_queue_node *node)
{
	const struct pt_queue_node *next = node->next;
	while (next != NULL && (next->queued.snapshot == NULL || next->queued.only_ends))
		next = next->next;
	const struct pitot_snapshot *old = node->queued.snapshot;
	if (next == NULL || next->queued.snapshot->table != old->table)
		return false;
	for (size_t i = 0; i < old->table->count; i++)
		if (old->bits[i] != PT_NUMBER_ABSENT &&
			next->queued.snapshot->bits[i] == PT_NUMBER_ABSENT)
			return false;
	return true;
}

/* Takes out of the node what newer samples stand for. */
static void
reduce(struct pt_queue *queue, struct pt_queue_node *node)
{
	size_t size = 0;
	node->is_reduced = true;
	node->is_empty = is_covered(node);
	if (node->is_empty) {
		queue->dropped[PITOT_DROP_REPLACED] += node->samples;
		queue->bytes -= node->bytes;
		queue->samples -= node->samples;
		node->bytes = node->samples = 0;
		return;
	}
	unsigned char *marks = mark_later(node, &size);
	if (marks == NULL)
		return; /* it stays as it is, and perhaps goes as a whole */
	struct pitot_snapshot *rest = without_marked(node->queued.snapshot, marks);
	free(marks);
	if (rest == NULL)
		return;
	queue->bytes -= node->bytes;
	queue->samples -= node->samples;
	size_t before = node->samples;
	pitot_snapshot_free(node->queued.snapshot);
	node->queued.snapshot = rest;
	measure(queue, node);
	queue->bytes += node->bytes;
	queue->samples += node->samples;
	queue->dropped[PITOT_DROP_REPLACED] += before - node->samples;
	node->is_empty = rest->table->count == 0;
}

/* Unlinks nodes that hold nothing any more; the last one's ticket says enough for all. */
static void
drop_empty(struct pt_queue *queue)
{
	struct pt_queue_node **at = &queue->first, *before = NULL;
	while (*at != NULL) {
		struct pt_queue_node *node = *at;
		if (!node->is_empty) {
			before = node;
			at = &node->next;
			continue;
		}
		*at = node->next;
		queue->bytes -= node->bytes;
		pitot_snapshot_free(node->queued.snapshot);
		put_node(queue, node);
	}
	queue->last = before;
}

static void
make_room(struct pt_queue *queue)
{
	for (struct pt_queue_node *node = queue->first;
		queue->bytes > queue->limit && node != NULL && node->next != NULL;
		node = node->next)
		if (!node->is_reduced && !node->queued.only_ends && node->queued.snapshot != NULL)
			reduce(queue, node);
	drop_empty(queue);
	while (queue->bytes > queue->limit && queue->first != queue->last)
		drop_first(queue, PITOT_DROP_QUEUE_FULL);
}

size_t
pt_queue_rewind(struct pt_queue *queue, int64_t time_ms)
{
	size_t samples = 0;
	for (struct pt_queue_node *node = queue->first; node != NULL; node = node->next) {
		if (node->queued.snapshot == NULL || node->queued.time_ms < time_ms)
			continue;
		samples += node->samples;
		queue->samples -= node->samples;
		node->samples = 0;
		node->is_empty = true;
	}
	drop_empty(queue);
	return samples;
}

int
pt_queue_add(struct pt_queue *queue, const struct pt_queued *queued, struct pitot_error *why)
{
	struct pt_queue_node *node = queue->spare != NULL ? queue->spare : malloc(sizeof *node);
	if (node == NULL)
		return pt_error_memory(why);
	queue->spare = NULL;
	*node = (struct pt_queue_node){.queued = *queued};
	measure(queue, node);
	while (queue->newest_only && queue->first != NULL)
		drop_first(queue, PITOT_DROP_REPLACED);
	if (queue->last == NULL)
		queue->first = node;
	else
		queue->last->next = node;
	queue->last = node;
	queue->bytes += node->bytes;
	queue->samples += node->samples;
	make_room(queue);
	return 0;
}

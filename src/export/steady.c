/* SPDX-License-Identifier: MIT */
/*
 * Which requests are filled from templates, and when templates are made.
 *
 * The happy path is: a slot's request is encoded and is the same as the time before but for
 * values; its template is made; from then on it is filled. A value that leaves its class has the
 * template made anew at once, with the more headroom the sooner that happened. Other series that
 * have values now, or a time that is none for it, put an end to it; the next one is made when the
 * request has been the same again for as long as the slot's patience, which grows with templates
 * that die young. A sample with an exemplar or a time of its own is no reason: that request is
 * encoded, for once.
 */
#include "export/steady_inside.h"

#include "base/limits.h"
#include <stdlib.h>

enum {
	young = 64,         /* uses of a template, before it is not young any more */
	most_patience = 64, /* requests */
	most_headroom = 48  /* bits: there is no class of more */
};
/* For how long what was made of a table is kept that nobody else has any more. */
#define KEEP_MS INT64_C(300000)

void
pt_steady_init(struct pt_steady *steady, size_t most_series)
{
	*steady = (struct pt_steady){.most_series = most_series};
	pt_template_maker_init(&steady->maker);
}

static void
clear_maker(struct pt_steady *steady)
{
	pt_template_maker_clear(&steady->maker);
	free(steady->marks.list);
	steady->marks = (struct pt_write_marks){.list = NULL};
}

void
pt_steady_clear(struct pt_steady *steady)
{
	for (size_t i = 0; i < steady->plan_count; i++)
		pt_steady_plan_free(steady->plans[i]);
	free(steady->plans);
	clear_maker(steady);
	pt_steady_init(steady, steady->most_series);
}

size_t
pt_steady_bytes(const struct pt_steady *steady)
{
	size_t bytes = steady->template_bytes + pt_template_maker_bytes(&steady->maker) +
		steady->marks.capacity * sizeof steady->marks.list[0];
	for (size_t i = 0; i < steady->plan_count; i++)
		bytes += sizeof *steady->plans[i] +
			steady->plans[i]->slot_capacity * sizeof steady->plans[i]->slots[0];
	return bytes;
}

/* ---- plans ---- */

static void
drop_plan(struct pt_steady *steady, size_t index)
{
	pt_steady_plan_free(steady->plans[index]);
	steady->plans[index] = steady->plans[--steady->plan_count];
}

/* A table that only this one still holds will not come again. */
static bool
is_gone(const struct pt_steady_plan *plan)
{
	/* acquire: whoever let it go has done with it. Nobody can take it up again. */
	return atomic_load_explicit(&plan->table->references, memory_order_acquire) == 1;
}

/* Out of the plan of the table that this one follows, if there is one; NULL if memory is out. */
static struct pt_steady_plan *
make_plan(struct pt_steady *steady, struct pt_table *table)
{
	for (size_t i = 0; i < steady->plan_count; i++) {
		struct pt_steady_plan *old = steady->plans[i];
		if (!is_gone(old) || !pt_steady_plan_is_kin(old, table))
			continue;
		struct pt_steady_plan *plan =
			pt_steady_plan_follow(old, table, steady->most_series);
		drop_plan(steady, i);
		return plan;
	}
	return pt_steady_plan_new(table);
}

static void
drop_gone(struct pt_steady *steady, int64_t mono_ms)
{
	for (size_t i = steady->plan_count; i-- > 0;)
		if (is_gone(steady->plans[i]) && mono_ms - steady->plans[i]->used_ms > KEEP_MS)
			drop_plan(steady, i);
	steady->template_bytes = 0;
	for (size_t i = 0; i < steady->plan_count; i++)
		steady->template_bytes += pt_steady_plan_templates(steady->plans[i]);
}

static struct pt_steady_plan *
add_plan(struct pt_steady *steady, struct pt_table *table, int64_t mono_ms)
{
	struct pt_steady_plan **grown =
		realloc(steady->plans, (steady->plan_count + 1) * sizeof steady->plans[0]);
	if (grown == NULL)
		return NULL;
	steady->plans = grown;
	struct pt_steady_plan *plan = make_plan(steady, table);
	if (plan != NULL)
		steady->plans[steady->plan_count++] = plan;
	drop_gone(steady, mono_ms);
	return plan;
}

/* Requests are other ones now: all is to be learned anew, for the same tables. */
static void
forget_templates(struct pt_steady *steady)
{
	for (size_t i = 0; i < steady->plan_count; i++) {
		struct pt_steady_plan *plan = steady->plans[i];
		for (size_t k = 0; k < plan->slot_count; k++)
			pt_template_free(plan->slots[k].template);
		plan->slot_count = 0;
		/* There is room for one, since there was one. */
		(void)pt_steady_plan_insert(plan, 0, 0, plan->table->count);
	}
	steady->template_bytes = 0;
}

bool
pt_steady_begin(struct pt_steady *steady, struct pt_table *table, unsigned version, int64_t mono_ms)
{
	if (version != steady->version)
		forget_templates(steady);
	steady->version = version;
	steady->has_made = false;
	steady->plan = NULL;
	for (size_t i = 0; steady->plan == NULL && i < steady->plan_count; i++)
		if (steady->plans[i]->table == table)
			steady->plan = steady->plans[i];
	if (steady->plan == NULL)
		steady->plan = add_plan(steady, table, mono_ms);
	if (steady->plan != NULL)
		steady->plan->used_ms = mono_ms;
	return steady->plan != NULL;
}

void
pt_steady_begin_other(struct pt_steady *steady)
{
	steady->plan = NULL;
	steady->has_made = false;
}

void
pt_steady_end(struct pt_steady *steady)
{
	/* What is needed to make templates is much; it goes when there are none to be made. */
	if (steady->plan != NULL && !steady->has_made)
		clear_maker(steady);
	steady->plan = NULL;
}

/* ---- slots ---- */

/* The slot that holds the series at `at`, or NULL. */
static struct pt_steady_slot *
slot_at(const struct pt_steady *steady, size_t at)
{
	const struct pt_steady_plan *plan = steady->plan;
	if (plan == NULL || at >= plan->table->count)
		return NULL;
	size_t low = 0, high = plan->slot_count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (plan->slots[middle].from <= at)
			low = middle;
		else
			high = middle;
	}
	return &plan->slots[low];
}

/* The slot whose request it is, if it is all of one. */
static struct pt_steady_slot *
slot_of(const struct pt_steady *steady, const struct pt_steady_request *request)
{
	struct pt_steady_slot *slot = slot_at(steady, request->from);
	return slot != NULL && slot->from == request->from && slot->to <= request->end ? slot
										       : NULL;
}

static void
drop_template(struct pt_steady *steady, struct pt_steady_slot *slot)
{
	if (slot->template == NULL)
		return;
	steady->template_bytes -= pt_template_bytes(slot->template);
	pt_template_free(slot->template);
	slot->template = NULL;
	slot->has_grown = false;
}

/* ---- filling ---- */

/* No sample from `from` to `to` has an exemplar or a time of its own. */
static bool
is_plain(const struct pitot_snapshot *view, size_t from, size_t to)
{
	size_t low = 0, high = view->exemplar_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (view->exemplars[middle].index < from)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < view->exemplar_count && view->exemplars[low].index < to)
		return false;
	for (size_t i = from; view->timestamps != NULL && i < to; i++)
		if (view->timestamps[i] != PT_NO_TIME)
			return false;
	return true;
}

/* It was of no use for long, or it was. */
static void
end_template(struct pt_steady *steady, struct pt_steady_slot *slot)
{
	drop_template(steady, slot);
	if (slot->uses >= young)
		slot->patience = 1;
	else if (slot->patience < most_patience)
		slot->patience *= 2;
	slot->calm = 0;
	slot->length = 0;
}

const struct pt_template *
pt_steady_fill(struct pt_steady *steady, const struct pt_steady_request *request, size_t *to)
{
	struct pt_steady_slot *slot = slot_of(steady, request);
	if (slot == NULL || slot->template == NULL || slot->has_grown ||
		!is_plain(request->view, slot->from, slot->to))
		return NULL;
	switch (pt_template_fill(
		slot->template, request->view->bits + slot->from, request->time_ms)) {
	case PT_TEMPLATE_FITS:
		slot->uses++;
		*to = slot->to;
		return slot->template;
	case PT_TEMPLATE_GROWN:
		slot->has_grown = true;
		if (slot->uses < young && slot->headroom < most_headroom)
			slot->headroom *= 2;
		return NULL;
	case PT_TEMPLATE_OTHER:
		break;
	}
	end_template(steady, slot);
	return NULL;
}

/* ---- making ---- */

size_t
pt_steady_border(const struct pt_steady *steady, const struct pt_steady_request *request)
{
	const struct pt_steady_slot *slot = slot_at(steady, request->from);
	return slot != NULL && slot->to < request->end ? slot->to : request->end;
}

struct pt_write_marks *
pt_steady_marks(struct pt_steady *steady, const struct pt_steady_request *request)
{
	const struct pt_steady_slot *slot = slot_of(steady, request);
	bool is_wanted = slot != NULL &&
		(slot->has_grown || (slot->template == NULL && slot->calm + 1 >= slot->patience));
	steady->is_marked = is_wanted && steady->template_bytes < PT_LIMIT_TEMPLATES;
	if (!steady->is_marked)
		return NULL;
	steady->marks.count = 0;
	steady->marks.odd = false;
	steady->marks.not_before = INT64_MIN;
	steady->marks.not_after = INT64_MAX;
	return &steady->marks;
}

static void
make_template(struct pt_steady *steady, struct pt_steady_slot *slot,
	const struct pt_steady_request *request, const struct pt_steady_made *made)
{
	struct pt_template *before = slot->template;
	slot->template = pt_template_new(&steady->maker,
		&(struct pt_template_source){
			.bytes = made->plain->bytes,
			.length = made->plain->length,
			.marks = &steady->marks,
			.bits = request->view->bits + slot->from,
			.from = slot->from,
			.to = slot->to,
			.time_ms = request->time_ms,
			.before = before,
			.headroom = slot->headroom,
		});
	if (before != NULL)
		steady->template_bytes -= pt_template_bytes(before);
	pt_template_free(before);
	if (slot->template != NULL)
		steady->template_bytes += pt_template_bytes(slot->template);
	slot->has_grown = false;
	slot->uses = 0;
	steady->has_made = true;
}

/* Whether the request is like the one before, as far as its size tells. */
static bool
is_calm(struct pt_steady_slot *slot, const struct pt_steady_made *made)
{
	bool same = slot->length == made->plain->length && slot->samples == made->count->samples;
	slot->length = made->plain->length;
	slot->samples = made->count->samples;
	if (!same)
		slot->calm = 0;
	else if (slot->calm < most_patience)
		slot->calm++;
	return slot->calm >= slot->patience;
}

/* As many as fit into a request: the others are the next one's. Returns the slot, or NULL. */
static struct pt_steady_slot *
cut(struct pt_steady *steady, struct pt_steady_slot *slot, size_t to)
{
	size_t index = (size_t)(slot - steady->plan->slots);
	if (!pt_steady_plan_insert(steady->plan, index + 1, to, slot->to))
		return NULL;
	slot = &steady->plan->slots[index];
	slot->to = to;
	drop_template(steady, slot);
	return slot;
}

const struct pt_template *
pt_steady_learn(struct pt_steady *steady, const struct pt_steady_request *request,
	const struct pt_steady_made *made)
{
	const struct pt_write_count *count = made->count;
	struct pt_steady_slot *slot = slot_of(steady, request);
	if (slot != NULL && made->to < slot->to)
		slot = cut(steady, slot, made->to);
	if (slot == NULL || (!is_calm(slot, made) && !slot->has_grown) || !steady->is_marked)
		return NULL;
	/* What is left out is to be counted each time, by the encoder. */
	if (steady->marks.odd || steady->marks.count == 0 || count->dropped > 0 ||
		count->exemplars_dropped > 0) {
		drop_template(steady, slot);
		return NULL;
	}
	make_template(steady, slot, request, made);
	return slot->template;
}

/* SPDX-License-Identifier: MIT */
/*
 * One attempt to send a lane's request, and what follows from its outcome: on to the next, another
 * attempt after a wait, the next destination, the same samples by another version, a search for the
 * bad series, or giving it up. Nothing is given up without being counted.
 *
 * A receiver that answers 500 for ever may be down, or may choke on this one request. It is asked
 * by an empty request: if it takes that, again and again, while it refuses this one, the request is
 * poison, and newer data must not wait behind it.
 */
#include "base/error.h"
#include "base/number.h"
#include "export/lane_inside.h"
#include <stdio.h>

/* Answers 500 to a request before its receiver is probed, and probes before it is poison. */
enum { sick_attempts = 5, sick_verdicts = 3 };
/* How many requests a search for bad series may cost, and how many in vain before it ends. */
enum { split_requests = 256, split_in_vain = 16 };
/* How long a spool waits when login or URL are wrong: that is not the data's fault. */
#define DENIED_MS INT64_C(300000)
/* How long another destination is used before the preferred one is tried again. */
#define PREFER_MS INT64_C(60000)

static size_t
size_of(const struct pt_write_count *count)
{
	return count->samples + count->histograms;
}

static size_t
minus(size_t all, size_t part)
{
	return all > part ? all - part : 0;
}

/* ---- done ---- */

static void
count_stored(struct pt_lane *lane, const struct pt_outcome *outcome)
{
	(void)pthread_mutex_lock(&lane->lock);
	lane->report.samples_sent += size_of(&outcome->stored);
	lane->report.exemplars_sent += outcome->stored.exemplars;
	lane->report.exemplars_dropped +=
		minus(lane->batch.count.exemplars, outcome->stored.exemplars);
	lane->news = true;
	(void)pthread_mutex_unlock(&lane->lock);
}

static void
stored(struct pt_lane *lane, const struct pt_outcome *outcome)
{
	size_t sent = size_of(&lane->batch.count), lost = size_of(&outcome->lost);
	count_stored(lane, outcome);
	lane->parts.in_vain = 0;
	pt_lane_count_drop(lane, PITOT_DROP_UNSENDABLE, lost);
	pt_lane_count_drop(lane, PITOT_DROP_REFUSED, minus(sent, lost + size_of(&outcome->stored)));
	if (outcome->error.code != 0)
		pt_lane_trouble(lane, &outcome->error);
	pt_lane_next(lane);
}

/* ---- given up ---- */

void
pt_lane_drop_rest(struct pt_lane *lane, enum pitot_drop reason)
{
	/* Made only to be counted: what is in a request depends on who is to read it. */
	struct pt_exporter *exporter = pt_lane_exporter(lane);
	struct pitot_error error;
	size_t rest = lane->has_batch ? size_of(&lane->batch.count) : 0;
	lane->parts.active = false;
	for (; lane->item.snapshot != NULL &&
		exporter->next(exporter, &lane->work, &lane->batch, &error) == 1;)
		rest += size_of(&lane->batch.count);
	pt_lane_count_drop(lane, reason, rest);
	lane->work.at = lane->work.end;
	lane->has_batch = false;
	if (lane->item.snapshot == NULL)
		pt_lane_next(lane);
	else
		pt_lane_finish(lane);
}

static void
drop_batch(struct pt_lane *lane, enum pitot_drop reason, const struct pt_outcome *outcome)
{
	pt_lane_trouble(lane, &outcome->error);
	pt_lane_count_drop(
		lane, reason, minus(size_of(&lane->batch.count), size_of(&outcome->stored)));
	pt_lane_next(lane);
}

static void
denied(struct pt_lane *lane, const struct pt_outcome *outcome)
{
	if (lane->spool == NULL) {
		pt_lane_trouble(lane, &outcome->error);
		pt_lane_drop_rest(lane, PITOT_DROP_DENIED);
		return;
	}
	lane->failure = outcome->error;
	pt_lane_tell(lane, &outcome->error);
	lane->due_ms = pt_lane_now(lane) + DENIED_MS;
}

/* ---- the bad series of a request ---- */

/* The first series in the batch, as text that fits. */
static void
name_series(const struct pt_lane *lane, char *text, size_t size)
{
	const struct pitot_snapshot *view = &lane->work.view;
	size_t at = lane->batch.from;
	while (at + 1 < lane->batch.to && view->bits[at] == PT_NUMBER_ABSENT)
		at++;
	const struct pt_series *series = view->table->series[at];
	int used = snprintf(text, size, "%s%s{", series->role->family->name,
		pt_name_suffix(series->role->part));
	size_t count = pt_series_label_count(series);
	for (size_t i = 0; i < count && used > 0 && (size_t)used < size; i++) {
		struct pt_label label = pt_series_label(series, i);
		used += snprintf(text + used, size - (size_t)used, "%s%s=\"%s\"", i == 0 ? "" : ",",
			label.name, label.value);
	}
	if (used > 0 && (size_t)used < size)
		(void)snprintf(text + used, size - (size_t)used, "}");
}

static bool
can_split(const struct pt_lane *lane)
{
	return lane->split && lane->spool == NULL && lane->batch.format == PT_FORMAT_WRITE_1 &&
		size_of(&lane->batch.count) > 1 && lane->parts.requests < split_requests &&
		lane->parts.in_vain < split_in_vain && lane->parts.count < pt_lane_ranges;
}

static void
split(struct pt_lane *lane)
{
	struct pt_lane_split *parts = &lane->parts;
	size_t from = lane->batch.from, to = lane->batch.to, middle = from + (to - from) / 2;
	if (!parts->active)
		parts->outer_end = lane->work.end;
	parts->active = true;
	parts->requests++;
	parts->in_vain++;
	parts->waiting[parts->count++] = (struct pt_lane_range){middle, to};
	lane->work.at = from;
	lane->work.end = middle;
	lane->has_batch = false;
}

static void
refused(struct pt_lane *lane, struct pt_outcome *outcome)
{
	if (lane->batch.format == PT_FORMAT_METADATA) {
		pt_lane_next(lane); /* help texts: the samples go without */
		return;
	}
	if (can_split(lane)) {
		split(lane);
		return;
	}
	if (lane->parts.active && size_of(&lane->batch.count) == 1) {
		char name[200];
		name_series(lane, name, sizeof name);
		lane->parts.found++;
		(void)pt_error_wrap(&outcome->error, "%s", name);
	}
	count_stored(lane, outcome);
	drop_batch(lane, PITOT_DROP_REFUSED, outcome);
}

/* ---- later ---- */

static bool
is_poison(struct pt_lane *lane, struct pt_deadline *deadline)
{
	struct pt_exporter *exporter = pt_lane_exporter(lane);
	if (lane->attempt.answer.status != 500 || exporter->probe == NULL) {
		lane->sick = lane->verdicts = 0;
		return false;
	}
	if (++lane->sick < sick_attempts)
		return false;
	struct pt_attempt probe = {.number = 0};
	lane->verdicts = exporter->probe(exporter, deadline, &probe) ? lane->verdicts + 1 : 0;
	return lane->verdicts >= sick_verdicts;
}

/* On to the next destination; false when all of them are down. */
static bool
fail_over(struct pt_lane *lane)
{
	if (lane->exporter_count == 1)
		return false;
	if (lane->current == 0)
		lane->prefer_ms = pt_lane_now(lane) + PREFER_MS;
	lane->current = (lane->current + 1) % lane->exporter_count;
	lane->remake = true;
	return ++lane->tried < lane->exporter_count;
}

static void
later(struct pt_lane *lane, struct pt_outcome *outcome, struct pt_deadline *deadline)
{
	/* An attempt that the deadline cut short tells less than the one before it. */
	if (lane->failure.code == 0 || pt_deadline_left(deadline) > 0)
		lane->failure = outcome->error;
	pt_lane_tell(lane, &outcome->error);
	if (is_poison(lane, deadline)) {
		(void)pt_error_wrap(&outcome->error,
			"given up, since the receiver lives but takes everything except this "
			"request");
		struct pt_exporter *exporter = pt_lane_exporter(lane);
		if (exporter->poisoned != NULL)
			exporter->poisoned(exporter, &lane->batch);
		drop_batch(lane, PITOT_DROP_POISON, outcome);
		return;
	}
	if (fail_over(lane)) {
		lane->due_ms = pt_lane_now(lane);
		return;
	}
	lane->tried = 0;
	lane->due_ms = pt_lane_now(lane) +
		pt_retry_wait(&lane->retry, lane->waited + lane->attempt.number,
			lane->attempt.answer.retry_after_ms);
}

/* ---- the attempt ---- */

static bool
is_too_old(const struct pt_lane *lane)
{
	int64_t oldest_ms = lane->batch.count.oldest_ms;
	return lane->max_age_ms > 0 && size_of(&lane->batch.count) > 0 && oldest_ms != INT64_MAX &&
		!pt_lane_is_gateway(lane) &&
		oldest_ms < pt_lane_sample_now(lane) - lane->max_age_ms;
}

static void
count_attempt(struct pt_lane *lane, const struct pt_outcome *outcome)
{
	int status = lane->attempt.answer.status;
	(void)pthread_mutex_lock(&lane->lock);
	struct pitot_report *report = &lane->report;
	report->attempts++;
	report->requests += status >= 200 && status < 300;
	report->bytes_sent += outcome->bytes;
	report->maybe_stored |= lane->attempt.maybe_stored;
	if (lane->attempt.number > 1)
		report->samples_retried += size_of(&lane->batch.count);
	lane->news = true;
	(void)pthread_mutex_unlock(&lane->lock);
}

void
pt_lane_attempt(struct pt_lane *lane, struct pt_deadline *deadline)
{
	struct pt_exporter *exporter = pt_lane_exporter(lane);
	struct pt_outcome outcome = {.fate = PT_FATE_REFUSED};
	if (is_too_old(lane)) {
		(void)pt_error_set(&outcome.error, PITOT_UNAVAILABLE,
			"%zu samples became older than max_age_ms before they could be sent",
			size_of(&lane->batch.count));
		drop_batch(lane, PITOT_DROP_TOO_OLD, &outcome);
		return;
	}
	int64_t sent_ms = pt_lane_now(lane);
	/* What waited behind a reported request: its own time begins here at the latest. */
	(void)pthread_mutex_lock(&lane->lock);
	pt_lane_begin_report(lane);
	(void)pthread_mutex_unlock(&lane->lock);
	exporter->attempt(exporter, &lane->batch, deadline, &lane->attempt, &outcome);
	pt_lane_note_answer(lane, &outcome, sent_ms);
	count_attempt(lane, &outcome);
	pt_lane_recovered(lane);
	switch (outcome.fate) {
	case PT_FATE_STORED:
		stored(lane, &outcome);
		return;
	case PT_FATE_AGAIN:
		pt_lane_again(lane);
		lane->due_ms = pt_lane_now(lane);
		return;
	case PT_FATE_LATER:
		later(lane, &outcome, deadline);
		return;
	case PT_FATE_REFUSED:
		refused(lane, &outcome);
		return;
	case PT_FATE_DENIED:
		denied(lane, &outcome);
		return;
	}
}

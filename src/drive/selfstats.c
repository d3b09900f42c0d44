/* SPDX-License-Identifier: MIT */
/*
 * Self-telemetry. Declaring fails only as mistakes of the registry; counting never fails. The
 * series exist from the start, so that the first failure is seen as a rise and not as a birth.
 */
#include "drive/selfstats.h"

static const char help_pushes[] = "Pushes, by result.";
static const char help_dropped[] = "Samples that could not be sent to the destination at all.";

static struct pt_child *
single(struct pitot_registry *registry, const char *name, const char *help,
	const struct pt_kind *kind, struct pt_child *otherwise)
{
	return pt_declare_single(registry,
		&(struct pt_declaration){
			.name = name, .help = help, .kind = kind, .without_prefix = true},
		otherwise);
}

static struct pitot_counter *
counter(struct pitot_registry *registry, const char *name, const char *help)
{
	return (struct pitot_counter *)single(
		registry, name, help, &pt_kind_counter, pt_ignoring_counter);
}

static struct pt_set *
counters(struct pitot_registry *registry, const char *name, const char *help, const char *label)
{
	return pt_declare(registry,
		&(struct pt_declaration){
			.name = name,
			.help = help,
			.kind = &pt_kind_counter,
			.label_names = &label,
			.label_count = 1,
			.without_prefix = true,
		});
}

static struct pitot_counter *
of(struct pt_set *set, const char *value)
{
	struct pt_child *child = set == NULL ? NULL : pt_family_get(set, &value, 1);
	return (struct pitot_counter *)(child == NULL ? pt_ignoring_counter : child);
}

void
pt_selfstats_init(struct pt_selfstats *stats, struct pitot_registry *registry)
{
	*stats = (struct pt_selfstats){
		.pushes = counters(registry, "pitot_pushes", help_pushes, "result"),
		.dropped = counters(registry, "pitot_samples_dropped", help_dropped, "reason"),
		.attempts = counter(registry, "pitot_push_attempts",
			"HTTP requests of pushes, retries included."),
		.sent = counter(
			registry, "pitot_samples_sent", "Samples that the receiver acknowledged."),
		.failed = counter(registry, "pitot_samples_failed",
			"Samples that the receiver refused or did not acknowledge in time."),
		.exemplars = counter(registry, "pitot_exemplars_dropped",
			"Exemplars that the destination cannot carry."),
		.bytes = counter(registry, "pitot_sent_bytes", "Bytes of request bodies sent."),
		.duration = (struct pitot_summary *)single(registry, "pitot_push_duration_seconds",
			"Time that pushes took, retries included.", &pt_kind_summary,
			pt_ignoring_summary),
		.success = (struct pitot_gauge *)single(registry,
			"pitot_last_success_timestamp_seconds",
			"When the last push that delivered everything began, since the epoch.",
			&pt_kind_gauge, pt_ignoring_gauge),
	};
	(void)of(stats->pushes, "success");
	(void)of(stats->pushes, "failure");
	pt_gauge_absent(stats->success);
}

void
pt_selfstats_count(struct pt_selfstats *stats, const struct pitot_report *report)
{
	bool ok = report->error.code == PITOT_OK;
	pitot_counter_inc(of(stats->pushes, ok ? "success" : "failure"));
	pitot_counter_add(stats->attempts, (double)report->attempts);
	pitot_counter_add(stats->sent, (double)report->samples_sent);
	pitot_counter_add(stats->failed, (double)report->samples_failed);
	pitot_counter_add(stats->exemplars, (double)report->exemplars_dropped);
	pitot_counter_add(stats->bytes, (double)report->bytes_sent);
	pitot_summary_observe(stats->duration, (double)report->duration_ms / 1000);
	if (report->samples_dropped > 0)
		pitot_counter_add(of(stats->dropped, report->dropped_reason),
			(double)report->samples_dropped);
	if (ok)
		pitot_gauge_set(stats->success, (double)report->time_ms / 1000);
}

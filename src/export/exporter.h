/* SPDX-License-Identifier: MIT */
/*
 * An exporter brings snapshots to one destination. It never touches a registry: it returns a
 * report. An exporter belongs to one thread at a time.
 */
#ifndef PT_EXPORT_EXPORTER_H
#define PT_EXPORT_EXPORTER_H

#include "model/snapshot.h"
#include "net/transport.h"
#include <pitot/push.h>

struct pt_exporter {
	/*
	 * Sends the snapshot with retries until `deadline`. `time_ms` is the time of samples that
	 * have none of their own. Fills the numbers of `report` (which starts zeroed); its url,
	 * time and duration are the caller's.
	 */
	int (*push)(struct pt_exporter *exporter, const struct pitot_snapshot *snapshot,
		int64_t time_ms, struct pt_deadline *deadline, struct pitot_report *report,
		struct pitot_error *why);
	/* Deletes what the destination holds for us; NULL where there is no such thing. */
	int (*remove)(struct pt_exporter *exporter, struct pt_deadline *deadline,
		struct pitot_report *report, struct pitot_error *why);
	void (*free)(struct pt_exporter *exporter);
	enum pitot_protocol protocol;
	const char *url; /* redacted, for reports */
};

/*
 * Checks the options and makes the exporter that their protocol asks for. Takes over `transport`,
 * also on failure. Job and instance get their defaults here.
 */
struct pt_exporter *pt_exporter_new(const struct pitot_push_options *options,
	struct pt_transport *transport, struct pitot_error *why);

#endif

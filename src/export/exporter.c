/* SPDX-License-Identifier: MIT */
/* Making the exporter that the options ask for. Fails on a wrong option or when memory is out. */
#include "export/exporter.h"

#include "export/sender.h"

struct pt_exporter *
pt_exporter_new(const struct pitot_push_options *options, struct pt_transport *transport,
	const struct pt_clock *clock, struct pitot_error *why)
{
	struct pt_exporter *exporter = NULL;
	struct pt_target target;
	if (pt_target_init(&target, options, why) == 0)
		exporter = target.protocol == PITOT_PROTOCOL_PUSHGATEWAY
			? pt_pushgateway_new(&target, transport, clock, why)
			: pt_remote_write_new(&target, transport, clock, why);
	if (exporter == NULL)
		transport->free(transport);
	pt_target_clear(&target);
	return exporter;
}

const char *
pitot_drop_text(enum pitot_drop reason)
{
	static const char *const texts[] = {
		[PITOT_DROP_REFUSED] = "refused",
		[PITOT_DROP_DENIED] = "denied",
		[PITOT_DROP_POISON] = "poison",
		[PITOT_DROP_UNSENT] = "unsent",
		[PITOT_DROP_REPLACED] = "replaced",
		[PITOT_DROP_QUEUE_FULL] = "queue_full",
		[PITOT_DROP_TOO_OLD] = "too_old",
		[PITOT_DROP_TOO_LARGE] = "too_large",
		[PITOT_DROP_UNSENDABLE] = "unsendable",
		[PITOT_DROP_INVALID] = "invalid",
		[PITOT_DROP_SPOOL_FULL] = "spool_full",
		[PITOT_DROP_DAMAGED] = "damaged",
		[PITOT_DROP_CLOCK] = "clock",
	};
	return (unsigned)reason < PITOT_DROP_REASONS ? texts[reason] : NULL;
}

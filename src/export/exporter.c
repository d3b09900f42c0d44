/* SPDX-License-Identifier: MIT */
/* Making the exporter that the options ask for. Fails on a wrong option or when memory is out. */
#include "export/exporter.h"

#include "export/sender.h"

struct pt_exporter *
pt_exporter_new(const struct pitot_push_options *options, struct pt_transport *transport,
	struct pitot_error *why)
{
	struct pt_exporter *exporter = NULL;
	struct pt_target target;
	if (pt_target_init(&target, options, why) == 0)
		exporter = target.protocol == PITOT_PROTOCOL_PUSHGATEWAY
			? pt_pushgateway_new(&target, transport, why)
			: pt_remote_write_new(&target, transport, why);
	if (exporter == NULL)
		transport->free(transport);
	pt_target_clear(&target);
	return exporter;
}

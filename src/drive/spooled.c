/* SPDX-License-Identifier: MIT */
/* The public face of the spool, over the layers below. Fails as they do. */
#include "base/error.h"
#include "drive/push.h"
#include <pitot/spool.h>

struct shown {
	void (*queue)(void *context, const struct pitot_spool_queue *queue);
	void (*request)(void *context, const struct pitot_spool_request *request);
	void *context;
};

static void
show_queue(void *context, const struct pt_spool_entry *entry)
{
	const struct shown *shown = context;
	shown->queue(shown->context,
		&(struct pitot_spool_queue){
			.name = entry->queue,
			.destination = entry->destination,
			.busy = entry->busy,
			.requests = entry->state.records,
			.samples = entry->state.samples,
			.bytes = entry->state.bytes,
			.oldest_ms = entry->state.records > 0 ? entry->state.oldest_ms : 0,
		});
}

int
pitot_spool_list(const char *directory,
	void (*show)(void *context, const struct pitot_spool_queue *queue), void *context,
	struct pitot_error *why)
{
	struct shown shown = {.queue = show, .context = context};
	return pt_spool_list(directory, pt_files_real(), show_queue, &shown, why);
}

static const char *
kind_of(uint32_t format)
{
	static const char *const kinds[] = {
		[PT_FORMAT_WRITE_1] = "remote write 1.0",
		[PT_FORMAT_WRITE_2] = "remote write 2.0",
		[PT_FORMAT_METADATA] = "remote write 1.0 metadata",
		[PT_FORMAT_TEXT] = "Pushgateway text",
		[PT_FORMAT_PROTOBUF] = "Pushgateway protobuf",
		[PT_FORMAT_EMPTY] = "Pushgateway empty",
		[PT_FORMAT_DELETE] = "Pushgateway delete",
	};
	bool known = format < sizeof kinds / sizeof kinds[0] && kinds[format] != NULL;
	return known ? kinds[format] : "unknown";
}

static void
show_request(void *context, const struct pt_spool_record *record)
{
	const struct shown *shown = context;
	shown->request(shown->context,
		&(struct pitot_spool_request){
			.kind = kind_of(record->format),
			.samples = record->samples,
			.exemplars = record->exemplars,
			.oldest_ms = record->oldest_ms,
			.body = record->body,
			.length = record->length,
		});
}

int
pitot_spool_show(const char *directory, const char *queue,
	void (*show)(void *context, const struct pitot_spool_request *request), void *context,
	struct pitot_error *why)
{
	struct shown shown = {.request = show, .context = context};
	return pt_spool_show(directory, queue, pt_files_real(), show_request, &shown, why);
}

int
pitot_spool_drop(const char *directory, const char *queue, struct pitot_error *why)
{
	return pt_spool_drop(directory, queue, pt_files_real(), why);
}

int
pitot_spool_send(const struct pitot_push_options *options,
	void (*progress)(void *context, uint64_t samples, uint64_t bytes), void *context,
	struct pitot_report *report, struct pitot_error *why)
{
	const struct pt_world world = pt_world_real();
	const struct pt_push_task task = {
		.spool_only = true,
		.options = options,
		.progress = progress,
		.context = context,
	};
	if (options->spool_dir == NULL)
		return pt_error_set(why, PITOT_USAGE, "spool_dir: is missing: the spool to send");
	return pt_push_with(&task, &world, report, why);
}

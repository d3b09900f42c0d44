/* SPDX-License-Identifier: MIT */
/*
 * From options to lanes. Fails on a wrong option of any destination, on a spool that cannot be
 * opened, and when memory is out.
 */
#include "export/lanes.h"

#include "base/error.h"
#include "export/options.h"

static struct pt_transport *
connect_real(void *context, const struct pitot_http_options *options, struct pitot_error *why)
{
	(void)context;
	return pt_curl_new(options, why);
}

struct pt_world
pt_world_real(void)
{
	return (struct pt_world){
		.clock = pt_clock_real(), .files = pt_files_real(), .connect = connect_real};
}

/* What is being made, and by what. */
struct making {
	struct pt_lanes *lanes;
	const struct pt_world *world;
	const struct pitot_push_options *options; /* of the first destination, complete */
	bool one_shot;
};

/* The options of destination number `index`: its own where they are about it, or the first's. */
static struct pitot_push_options
options_of(const struct pitot_push_options *first, size_t index)
{
	if (index == 0)
		return *first;
	const struct pitot_push_options *other = &first->others[index - 1];
	struct pitot_push_options result = *first;
	result.url = other->url;
	result.protocol = other->protocol;
	result.mode = other->mode;
	result.http = other->http;
	result.utf8_names = other->utf8_names;
	result.native_histograms = other->native_histograms;
	result.old_start_time = other->old_start_time;
	if (other->job != NULL)
		result.job = other->job;
	if (other->instance != NULL)
		result.instance = other->instance;
	if (other->label_count > 0) {
		result.labels = other->labels;
		result.label_count = other->label_count;
	}
	if (other->max_request_bytes != 0)
		result.max_request_bytes = other->max_request_bytes;
	if (other->queue_bytes != 0)
		result.queue_bytes = other->queue_bytes;
	if (other->timeout_ms != 0)
		result.timeout_ms = other->timeout_ms;
	return result;
}

static struct pt_exporter *
make_exporter(const struct making *making, size_t index, struct pitot_error *why)
{
	struct pitot_push_options options = options_of(making->options, index);
	const struct pt_world *world = making->world;
	struct pt_transport *transport = world->connect(world->context, &options.http, why);
	if (transport == NULL)
		return NULL;
	struct pt_exporter *exporter = pt_exporter_new(&options, transport, world->clock, why);
	if (exporter == NULL && index > 0)
		(void)pt_error_wrap(why, "destination %zu", index + 1);
	return exporter;
}

static int
check_families(struct pt_exporter *const *exporters, size_t count, struct pitot_error *why)
{
	bool gateway = exporters[0]->protocol == PITOT_PROTOCOL_PUSHGATEWAY;
	for (size_t i = 1; i < count; i++)
		if ((exporters[i]->protocol == PITOT_PROTOCOL_PUSHGATEWAY) != gateway)
			return pt_error_set(why, PITOT_USAGE,
				"fanout: the first that is up can only be chosen among receivers "
				"of one protocol, and %s speaks another than %s",
				exporters[i]->url, exporters[0]->url);
	return 0;
}

static struct pt_spool *
open_spool(const struct making *making, const struct pt_exporter *exporter, struct pitot_error *why)
{
	const struct pitot_push_options *options = making->options;
	return pt_spool_open(
		&(struct pt_spool_options){
			.directory = options->spool_dir,
			.destination = exporter->url,
			.key = exporter->key,
			.max_bytes = options->spool_bytes,
			.max_age_ms = options->max_age_ms,
			.files = making->world->files,
			.clock = making->world->clock,
		},
		why);
}

/* One lane to the destinations from `first` on, `count` of them. */
static int
make_lane(const struct making *making, size_t first, size_t count, unsigned shard,
	struct pitot_error *why)
{
	const struct pitot_push_options own = options_of(making->options, first);
	const struct pitot_push_options *options = &own;
	struct pt_exporter *exporters[PT_LANE_EXPORTERS];
	size_t made = 0;
	struct pt_lane_options lane = {
		.exporters = exporters,
		.exporter_count = count,
		.queue_bytes = options->queue_bytes,
		.spool_bytes = options->spool_bytes,
		.max_age_ms = options->max_age_ms,
		.split = options->on_refused == PITOT_REFUSED_SPLIT ||
			(options->on_refused == PITOT_REFUSED_DEFAULT && making->one_shot),
		.shard = shard,
		.clock = making->world->clock,
		.seed = making->world->seed,
	};
	while (made < count) {
		exporters[made] = make_exporter(making, first + made, why);
		if (exporters[made] == NULL)
			goto fail;
		made++;
	}
	if (check_families(exporters, count, why) != 0)
		goto fail;
	bool gateway = exporters[0]->protocol == PITOT_PROTOCOL_PUSHGATEWAY;
	lane.shards = gateway ? 1 : options->shards;
	lane.natives = !gateway && options->native_histograms;
	if (shard >= lane.shards)
		goto fail; /* a Pushgateway has only the first; nothing is wrong */
	if (options->spool_dir != NULL) {
		lane.spool = open_spool(making, exporters[0], why);
		if (lane.spool == NULL)
			goto fail;
	}
	struct pt_lane *result = pt_lane_new(&lane, why);
	if (result == NULL)
		return PITOT_NO_MEMORY;
	making->lanes->list[making->lanes->count++] = result;
	return 0;
fail:
	for (size_t i = 0; i < made; i++)
		exporters[i]->free(exporters[i]);
	return PITOT_FAILED;
}

static int
check_others(const struct pitot_push_options *options, struct pitot_error *why)
{
	if (options->other_count >= PT_LANE_EXPORTERS)
		return pt_error_set(why, PITOT_USAGE, "other_count: %zu is not allowed: at most %d",
			options->other_count, PT_LANE_EXPORTERS - 1);
	if (options->other_count > 0 && options->others == NULL)
		return pt_error_set(why, PITOT_USAGE, "others: other_count is %zu without others",
			options->other_count);
	for (size_t i = 0; i < options->other_count; i++)
		if (options->others[i].other_count > 0)
			return pt_error_set(why, PITOT_USAGE,
				"others: destination %zu has others of its own: list all of them "
				"with the first",
				i + 2);
	return 0;
}

int
pt_lanes_init(struct pt_lanes *lanes, const struct pitot_push_options *options,
	const struct pt_world *world, bool one_shot, struct pitot_error *why)
{
	struct pitot_push_options complete;
	struct pitot_error error = {.code = 0};
	lanes->count = 0;
	int code = pt_options_complete(&complete, options, &error);
	if (code == 0)
		code = check_others(&complete, &error);
	struct making making = {lanes, world, &complete, one_shot};
	bool first_only = complete.fanout == PITOT_FANOUT_FIRST;
	size_t destinations = code == 0 ? complete.other_count + 1 : 0;
	size_t step = first_only ? destinations : 1;
	for (size_t at = 0; code == 0 && at < destinations; at += step)
		for (unsigned shard = 0; code == 0 && shard < complete.shards; shard++)
			if (make_lane(&making, at, step, shard, &error) != 0)
				code = error.code;
	if (code != 0 && why != NULL)
		*why = error;
	return code;
}

void
pt_lanes_clear(struct pt_lanes *lanes)
{
	for (size_t i = 0; i < lanes->count; i++)
		pt_lane_free(lanes->list[i]);
	lanes->count = 0;
}

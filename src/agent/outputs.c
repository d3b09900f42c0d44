/* SPDX-License-Identifier: MIT */
/*
 * Destinations from the configuration, over time.
 *
 * The happy path is: each has a lane with a courier, which go on when the configuration is read
 * again and says the same of it. Possible failures are: a destination cannot be opened (a wrong
 * option, the spool), then the old ones go on; a destination that is gone cannot deliver the rest
 * before it is closed, which is told, and with a spool kept.
 */
#include "agent/outputs.h"

#include "base/error.h"
#include "base/hash.h"
#include "export/options.h"
#include <stdlib.h>
#include <string.h>

/* ---- what couriers call ---- */

static void
report(void *context, const struct pitot_report *text)
{
	struct pt_outputs *outputs = context;
	pt_selfstats_count(&outputs->stats, text);
	if (text->attempts == 0 && text->samples_dropped == 0 && text->error.code == 0)
		return;
	pt_log_trouble(outputs->log, "Samples cannot be delivered", "url", text->url,
		text->error.code != 0 ? text->error.text : "");
}

static void
done(void *context)
{
	struct pt_outputs *outputs = context;
	outputs->heard(outputs->context);
}

static struct pt_courier_options
courier_options(struct pt_outputs *outputs)
{
	return (struct pt_courier_options){
		.clock = outputs->clock, .report = report, .done = done, .context = outputs};
}

/* ---- destinations of remote write ---- */

static uint64_t
key_of(const struct pt_agent_config *config, const struct pt_agent_destination *destination)
{
	const uint64_t keys[] = {destination->key, config->global_key, config->spool_key};
	return pt_hash(keys, sizeof keys, 0);
}

/* External labels, as an option where no rule looks at them, so that they cost nothing. */
static int
external_labels(const struct pt_agent_config *config, struct pt_output *output,
	struct pitot_push_options *push, struct pitot_error *why)
{
	const struct pt_yaml_labels *external = &config->global.external_labels;
	if (pt_relabel_is_empty(output->rules)) {
		push->labels = external->list;
		push->label_count = external->count;
		return 0;
	}
	struct pt_label *pairs = calloc(external->count + 1, sizeof *pairs);
	for (size_t i = 0; pairs != NULL && i < external->count; i++)
		pairs[i] = pt_label_of(external->list[i].name, external->list[i].value);
	output->labels = pairs == NULL ? NULL : pt_labels_new(pairs, external->count);
	free(pairs);
	return output->labels == NULL ? pt_error_memory(why) : 0;
}

static int
open_lane(const struct pt_agent_config *config, const struct pt_agent_destination *destination,
	struct pt_output *output, struct pt_lane **lane, struct pitot_error *why)
{
	const struct pt_world world = pt_world_real();
	struct pitot_push_options push = destination->push;
	struct pt_lanes lanes;
	*output = (struct pt_output){
		.key = key_of(config, destination), .rules = destination->rules.relabel};
	if (external_labels(config, output, &push, why) != 0)
		return PITOT_NO_MEMORY;
	if (pt_lanes_init(&lanes, &push, &world, false, why) == 0) {
		*lane = lanes.list[0];
		return 0;
	}
	pt_lanes_clear(&lanes);
	pt_labels_unref(output->labels);
	return pt_error_wrap(why, "remote_write in line %u", destination->line);
}

static int
check_count(const struct pt_agent_config *config, struct pitot_error *why)
{
	if (config->remote_count > pt_outputs_most || config->gateway_count > pt_outputs_most)
		return pt_error_set(why, PITOT_BAD_CONFIG, "there are more than %d destinations",
			pt_outputs_most);
	return 0;
}

/* What the next configuration has, as far as it is made. */
struct next {
	struct pt_output list[pt_outputs_most];
	struct pt_lane *lanes[pt_outputs_most];
	struct pt_courier *couriers[pt_outputs_most]; /* NULL: to be started */
	size_t count;
	bool taken[pt_outputs_most]; /* of the old ones */
};

/* An old one with the same key is taken over. */
static bool
take_old(const struct pt_outputs *outputs, struct next *next, uint64_t key)
{
	for (size_t i = 0; i < outputs->lanes.count; i++) {
		if (next->taken[i] || outputs->list[i].key != key)
			continue;
		next->taken[i] = true;
		next->list[next->count] = outputs->list[i];
		next->lanes[next->count] = outputs->lanes.list[i];
		next->couriers[next->count++] = outputs->crew.couriers[i];
		return true;
	}
	return false;
}

static void
undo(struct next *next)
{
	for (size_t i = 0; i < next->count; i++)
		if (next->couriers[i] == NULL) {
			pt_lane_free(next->lanes[i]);
			pt_labels_unref(next->list[i].labels);
		}
}

static int
make_next(struct pt_outputs *outputs, const struct pt_agent_config *config, struct next *next,
	struct pitot_error *why)
{
	int code = check_count(config, why);
	for (size_t i = 0; code == 0 && i < config->remote_count; i++) {
		const struct pt_agent_destination *destination = &config->remotes[i];
		if (take_old(outputs, next, key_of(config, destination))) {
			/* The old configuration, with its rules, will be freed. */
			next->list[next->count - 1].rules = destination->rules.relabel;
			continue;
		}
		code = open_lane(config, destination, &next->list[next->count],
			&next->lanes[next->count], why);
		next->count += code == 0;
	}
	if (code != 0)
		undo(next);
	return code;
}

static void
close_old(struct pt_outputs *outputs, const struct next *next, int64_t mono_ms)
{
	for (size_t i = 0; i < outputs->lanes.count; i++)
		if (!next->taken[i])
			pt_courier_finish(outputs->crew.couriers[i], mono_ms);
	for (size_t i = 0; i < outputs->lanes.count; i++) {
		if (next->taken[i])
			continue;
		pt_courier_join(outputs->crew.couriers[i]);
		pt_lane_free(outputs->lanes.list[i]);
		pt_labels_unref(outputs->list[i].labels);
	}
}

/* The new lanes stand; only threads and memory can be out now, and the lane is silent then. */
static int
start_new(struct pt_outputs *outputs, struct next *next, struct pitot_error *why)
{
	struct pt_courier_options options = courier_options(outputs);
	for (size_t i = 0; i < next->count; i++) {
		if (next->couriers[i] != NULL)
			continue;
		options.lane = next->lanes[i];
		next->couriers[i] = pt_courier_start(&options, why);
		if (next->couriers[i] == NULL)
			return PITOT_FAILED;
	}
	return 0;
}

int
pt_outputs_follow(struct pt_outputs *outputs, const struct pt_agent_config *config,
	int64_t deadline_ms, struct pitot_error *why)
{
	struct next next = {.count = 0};
	struct pt_courier **couriers = calloc(config->remote_count + 1, sizeof *couriers);
	int code = couriers == NULL ? pt_error_memory(why) : make_next(outputs, config, &next, why);
	if (code == 0)
		code = start_new(outputs, &next, why);
	if (code != 0) {
		free(couriers);
		return code;
	}
	close_old(outputs, &next, outputs->clock->mono_ms(outputs->clock) + deadline_ms);
	free(outputs->crew.couriers);
	outputs->crew = (struct pt_crew){couriers, next.count};
	outputs->lanes.count = next.count;
	for (size_t i = 0; i < next.count; i++) {
		outputs->list[i] = next.list[i];
		outputs->lanes.list[i] = next.lanes[i];
		couriers[i] = next.couriers[i];
	}
	outputs->config = config;
	outputs->generation++;
	pt_selfstats_destinations(&outputs->stats, &outputs->lanes);
	return 0;
}

int
pt_outputs_open(struct pt_outputs *outputs, struct pitot_registry *registry,
	const struct pt_agent_config *config, struct pitot_error *why)
{
	struct pitot_push_options complete;
	static const struct pitot_push_options none;
	int code = pt_options_complete(&complete, &none, why);
	if (code != 0)
		return code;
	pt_selfstats_init_destinations(&outputs->stats, registry);
	pt_gatherer_init(&outputs->gatherer, NULL, &outputs->lanes, outputs->clock, &complete);
	return pt_outputs_follow(outputs, config, 0, why);
}

void
pt_outputs_wake(struct pt_outputs *outputs)
{
	pt_crew_wake(&outputs->crew);
}

void
pt_outputs_look_around(struct pt_outputs *outputs)
{
	for (size_t i = 0; i < outputs->lanes.count; i++)
		pt_lane_look_around(outputs->lanes.list[i]);
	pt_crew_wake(&outputs->crew);
}

void
pt_outputs_finish(struct pt_outputs *outputs, int64_t mono_ms)
{
	outputs->finish_ms = mono_ms;
	pt_crew_finish(&outputs->crew, mono_ms);
}

void
pt_outputs_close(struct pt_outputs *outputs, struct pitot_error *error)
{
	pt_crew_join(&outputs->crew);
	for (size_t i = 0; i < outputs->lanes.count; i++) {
		struct pitot_error last;
		(void)pt_lane_resolved(outputs->lanes.list[i], &last);
		if (error->code == 0)
			*error = last;
		pt_labels_unref(outputs->list[i].labels);
	}
	pt_lanes_clear(&outputs->lanes);
	pt_gatherer_clear(&outputs->gatherer);
}

/* ---- Pushgateways ---- */

static void
choose_group(
	struct pitot_push_options *push, const struct pt_labels *labels, struct pitot_label *others)
{
	push->job = "pitot_agent";
	push->instance = "";
	push->labels = others;
	for (uint32_t i = 0; i < pt_labels_count(labels); i++) {
		const struct pt_label pair = pt_labels_at(labels, i);
		if (strcmp(pair.name, "job") == 0)
			push->job = pair.value;
		else if (strcmp(pair.name, "instance") == 0)
			push->instance = pair.value;
		else
			others[push->label_count++] = (struct pitot_label){pair.name, pair.value};
	}
}

int
pt_outlet_open(struct pt_outlet *outlet, struct pt_outputs *outputs, size_t index,
	const struct pt_labels *labels, struct pitot_error *why)
{
	const struct pt_world world = pt_world_real();
	const struct pt_agent_destination *gateway = &outputs->config->gateways[index];
	struct pitot_push_options push = gateway->push;
	struct pitot_label *others = calloc(pt_labels_count(labels) + 1, sizeof *others);
	struct pt_courier_options options = courier_options(outputs);
	struct pt_lanes lanes = {.count = 0};
	if (others == NULL)
		return pt_error_memory(why);
	push.mode = PITOT_REPLACE;
	choose_group(&push, labels, others);
	int code = pt_lanes_init(&lanes, &push, &world, false, why);
	free(others);
	if (code == 0) {
		options.lane = lanes.list[0];
		outlet->courier = pt_courier_start(&options, why);
		code = outlet->courier == NULL ? PITOT_FAILED : 0;
	}
	if (code != 0)
		pt_lanes_clear(&lanes);
	else
		outlet->lane = lanes.list[0];
	return code == 0 ? 0 : pt_error_wrap(why, "pushgateway in line %u", gateway->line);
}

void
pt_outlet_close(struct pt_outlet *outlet, int64_t mono_ms)
{
	if (outlet->courier != NULL) {
		pt_courier_finish(outlet->courier, mono_ms);
		pt_courier_join(outlet->courier);
	}
	pt_lane_free(outlet->lane);
	*outlet = (struct pt_outlet){.lane = NULL};
}

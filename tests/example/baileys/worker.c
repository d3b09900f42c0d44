/* SPDX-License-Identifier: MIT */
#include "worker.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const double step = 0.1, pi = 3.141592653589793;

enum state { DISCONNECTED, CONNECTING, CONNECTED }; /* as baileys_connection_state has them */

struct connection {
	char id[16], jid[48];
	enum state state;
	double until; /* when it will leave that state */
	unsigned attempts;
	double listeners;
};

/* Entries are not kept: how full it is says how likely a lookup finds something. */
struct cache {
	const char *name;
	double capacity, keys; /* keys: how many different ones are looked up */
	double size, hit_rate;
};

enum { SIGNAL_STORE, MSG_RETRY, USER_DEVICES, CACHES };

struct worker {
	struct worker_options options;
	const struct pitot_baileys *metrics;
	struct dice dice;
	struct buffer buffer;
	struct cache caches[CACHES];
	double steps; /* since the start */
	double live_bytes, garbage_bytes, leaked_bytes;
	struct connection connections[];
};

static double
now(const struct worker *worker)
{
	return worker->steps * step;
}

/* ---- caches ---- */

static void
look_up(struct worker *worker, struct cache *cache)
{
	bool cold = worker->options.faults[FAULT_COLD_CACHE];
	bool found = !cold && dice_chance(&worker->dice, cache->size / cache->keys);
	cache->hit_rate += 0.01 * (found - cache->hit_rate);
	if (found)
		return;
	if (cache->size < cache->capacity)
		cache->size++;
	else
		pitot_counter_inc(
			pitot_counters_get(worker->metrics->cache_evictions_total, cache->name));
}

/* ---- messages ---- */

static const double type_weights[PITOT_BAILEYS_MESSAGE_TYPES] = {
	[PITOT_BAILEYS_MESSAGE_TYPE_TEXT] = 55,
	[PITOT_BAILEYS_MESSAGE_TYPE_IMAGE] = 12,
	[PITOT_BAILEYS_MESSAGE_TYPE_AUDIO] = 9,
	[PITOT_BAILEYS_MESSAGE_TYPE_VIDEO] = 4,
	[PITOT_BAILEYS_MESSAGE_TYPE_DOCUMENT] = 4,
	[PITOT_BAILEYS_MESSAGE_TYPE_STICKER] = 4,
	[PITOT_BAILEYS_MESSAGE_TYPE_CONTACT] = 2,
	[PITOT_BAILEYS_MESSAGE_TYPE_LOCATION] = 2,
	[PITOT_BAILEYS_MESSAGE_TYPE_REACTION] = 4,
	[PITOT_BAILEYS_MESSAGE_TYPE_POLL] = 2,
	[PITOT_BAILEYS_MESSAGE_TYPE_OTHER] = 2,
};

static void
try_again(struct worker *worker, enum pitot_baileys_retry_reason reason)
{
	look_up(worker, &worker->caches[MSG_RETRY]);
	pitot_counter_inc(worker->metrics->messages_retry_total[reason]);
}

static void
receive(struct worker *worker, enum pitot_baileys_message_type type)
{
	const struct pitot_baileys *m = worker->metrics;
	bool media = type >= PITOT_BAILEYS_MESSAGE_TYPE_IMAGE &&
		type <= PITOT_BAILEYS_MESSAGE_TYPE_STICKER;
	double usual = media ? 0.05 : 0.004;
	pitot_counter_inc(m->messages_received_total[type]);
	pitot_histogram_observe(m->messages_processing_duration_seconds[type],
		usual * exp(dice_between(&worker->dice, -2, 2.5)));
	if (dice_chance(&worker->dice, 0.01))
		try_again(worker, PITOT_BAILEYS_RETRY_REASON_DECRYPT_FAILURE);
	if (dice_chance(&worker->dice, 0.5))
		buffer_remember(&worker->buffer, 1);
}

static void
send(struct worker *worker, enum pitot_baileys_message_type type)
{
	bool success = dice_chance(&worker->dice, 0.97);
	look_up(worker, &worker->caches[USER_DEVICES]);
	pitot_counter_inc(worker->metrics->messages_sent_total[type][success]);
	if (!success)
		try_again(worker,
			dice_chance(&worker->dice, 0.6) ? PITOT_BAILEYS_RETRY_REASON_TIMEOUT
							: PITOT_BAILEYS_RETRY_REASON_NETWORK_ERROR);
}

static void
message(struct worker *worker)
{
	enum pitot_baileys_message_type type = (enum pitot_baileys_message_type)dice_pick(
		&worker->dice, type_weights, PITOT_BAILEYS_MESSAGE_TYPES);
	look_up(worker, &worker->caches[SIGNAL_STORE]);
	worker->garbage_bytes += 20000;
	if (dice_chance(&worker->dice, 0.65))
		receive(worker, type);
	else
		send(worker, type);
	buffer_add(&worker->buffer);
}

/* ---- connections ---- */

static const double error_weights[PITOT_BAILEYS_ERROR_TYPES] = {
	[PITOT_BAILEYS_ERROR_TYPE_TIMEOUT] = 30,
	[PITOT_BAILEYS_ERROR_TYPE_AUTH_FAILURE] = 10,
	[PITOT_BAILEYS_ERROR_TYPE_RATE_LIMIT] = 15,
	[PITOT_BAILEYS_ERROR_TYPE_NETWORK_ERROR] = 30,
	[PITOT_BAILEYS_ERROR_TYPE_PROTOCOL_ERROR] = 10,
	[PITOT_BAILEYS_ERROR_TYPE_OTHER] = 10,
};

/* A storm is the first connection's: its network is down, and it does not wait as it should. */
static bool
storms(const struct worker *worker, const struct connection *connection)
{
	return worker->options.faults[FAULT_RECONNECT_STORM] &&
		connection == &worker->connections[0];
}

static void
lose(struct worker *worker, struct connection *connection)
{
	size_t why = dice_pick(&worker->dice, error_weights, PITOT_BAILEYS_ERROR_TYPES);
	pitot_counter_inc(worker->metrics->connection_errors_total[why]);
	if (connection->state == CONNECTED)
		buffer_force(&worker->buffer, now(worker)); /* what came over it is handed on */
	double wait = storms(worker, connection) ? 2 : fmin(exp2(connection->attempts), 60);
	connection->state = DISCONNECTED;
	connection->until = now(worker) + wait * dice_between(&worker->dice, 0.8, 1.2);
}

static void
begin_connecting(struct worker *worker, struct connection *connection)
{
	connection->attempts++;
	connection->state = CONNECTING;
	connection->until = now(worker) + dice_between(&worker->dice, 0.5, 3);
	pitot_counter_inc(
		pitot_counters_get(worker->metrics->reconnection_attempts_total, connection->id));
}

static void
end_connecting(struct worker *worker, struct connection *connection)
{
	if (storms(worker, connection) || dice_chance(&worker->dice, 0.2)) {
		lose(worker, connection);
		return;
	}
	connection->attempts = 0;
	connection->state = CONNECTED;
	connection->until = now(worker) + dice_between(&worker->dice, 60, 540);
	if (!worker->options.faults[FAULT_LISTENER_LEAK])
		connection->listeners = 8 + floor(dice_between(&worker->dice, 0, 6));
}

static void
run_connection(struct worker *worker, struct connection *connection)
{
	const struct pitot_baileys *m = worker->metrics;
	if (now(worker) >= connection->until) {
		if (connection->state == CONNECTED)
			lose(worker, connection);
		else if (connection->state == DISCONNECTED)
			begin_connecting(worker, connection);
		else
			end_connecting(worker, connection);
	}
	if (worker->options.faults[FAULT_LISTENER_LEAK])
		connection->listeners += 0.1; /* one in ten seconds is never taken off again */
	/* Said even when it is as before: these series end when they are not used for a day. */
	pitot_gauge_set(pitot_gauges_get(m->connection_state, connection->id, connection->jid),
		connection->state);
	pitot_gauge_set(pitot_gauges_get(m->websocket_listeners_total, connection->id),
		floor(connection->listeners));
}

static unsigned
count_connected(const struct worker *worker)
{
	unsigned connected = 0;
	for (unsigned i = 0; i < worker->options.connections; i++)
		connected += worker->connections[i].state == CONNECTED;
	return connected;
}

/* ---- memory ---- */

static void
run_heap(struct worker *worker)
{
	const struct pitot_baileys *m = worker->metrics;
	const double nursery = 40e6;
	if (worker->options.faults[FAULT_MEMORY_GROWTH])
		worker->leaked_bytes += 1.5 * 1048576;
	if (worker->garbage_bytes > nursery)
		worker->garbage_bytes = 0; /* collected */
	double kept = worker->live_bytes + worker->leaked_bytes;
	double external = 8e6 + 2000 * (double)worker->buffer.items;
	pitot_gauge_set(
		m->memory_usage_bytes[PITOT_BAILEYS_TYPE_HEAP_USED], kept + worker->garbage_bytes);
	pitot_gauge_set(m->memory_usage_bytes[PITOT_BAILEYS_TYPE_HEAP_TOTAL], kept + nursery * 1.2);
	pitot_gauge_set(m->memory_usage_bytes[PITOT_BAILEYS_TYPE_EXTERNAL], external);
	pitot_gauge_set(m->memory_usage_bytes[PITOT_BAILEYS_TYPE_RSS],
		kept + nursery * 1.2 + external + 45e6);
}

/* ---- the whole ---- */

/* Low and high tide in five minutes; with the fault, a flood in each minute. */
static double
rate_now(const struct worker *worker)
{
	double tide = 1 + 0.9 * sin(2 * pi * now(worker) / 300);
	bool flood = worker->options.faults[FAULT_OVERFLOW] && fmod(now(worker), 60) > 50;
	double share = (double)count_connected(worker) / worker->options.connections;
	return worker->options.rate * tide * share * (flood ? 40 : 1);
}

static void
run_second(struct worker *worker)
{
	const struct pitot_baileys *m = worker->metrics;
	for (unsigned i = 0; i < worker->options.connections; i++)
		run_connection(worker, &worker->connections[i]);
	for (struct cache *cache = worker->caches; cache < worker->caches + CACHES; cache++) {
		pitot_gauge_set(pitot_gauges_get(m->cache_size, cache->name), cache->size);
		pitot_gauge_set(pitot_gauges_get(m->cache_hit_rate, cache->name), cache->hit_rate);
	}
	run_heap(worker);
	pitot_gauge_set(m->active_connections, count_connected(worker));
	pitot_gauge_set(m->uptime_seconds, now(worker));
}

void
worker_run(struct worker *worker, double until)
{
	while (now(worker) < until) {
		if (fmod(worker->steps, 10) == 0)
			run_second(worker);
		worker->steps++;
		unsigned messages = dice_arrivals(&worker->dice, rate_now(worker) * step);
		for (unsigned i = 0; i < messages; i++)
			message(worker);
		buffer_run(&worker->buffer, now(worker));
	}
}

struct worker *
worker_new(const struct worker_options *options, const struct pitot_baileys *metrics)
{
	struct worker *worker =
		calloc(1, sizeof *worker + options->connections * sizeof *worker->connections);
	if (worker == NULL)
		return NULL;
	worker->options = *options;
	worker->metrics = metrics;
	worker->dice.state = options->seed;
	worker->live_bytes = 60e6;
	worker->buffer = (struct buffer){
		.metrics = metrics,
		.dice = &worker->dice,
		.every_fourth_slow = options->faults[FAULT_SLOW_FLUSH],
		.slow_for_a_while = options->faults[FAULT_BREAKER],
		.max_items = options->max_items,
		.max_cache = options->max_cache,
	};
	buffer_init(&worker->buffer);
	worker->caches[SIGNAL_STORE] = (struct cache){"signal_store", 2000, 2200, 1900, 0.9};
	worker->caches[MSG_RETRY] = (struct cache){"msg_retry", 200, 250, 190, 0.8};
	worker->caches[USER_DEVICES] = (struct cache){"user_devices", 1000, 1050, 900, 0.9};
	for (unsigned i = 0; i < options->connections; i++) {
		struct connection *connection = &worker->connections[i];
		(void)snprintf(connection->id, sizeof connection->id, "%u", i + 1);
		(void)snprintf(
			connection->jid, sizeof connection->jid, "55119%08u@s.whatsapp.net", i + 1);
		connection->listeners = 8;
		buffer_remember(&worker->buffer, 1000); /* the history that it brings along */
	}
	worker_run(worker, step); /* so that there is something to tell from the first push on */
	return worker;
}

void
worker_free(struct worker *worker)
{
	free(worker);
}

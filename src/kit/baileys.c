/* SPDX-License-Identifier: MIT */
/* Generated from alerting/catalog/baileys.toml by scripts/catalog; do not edit. */
/* clang-format off */
#include <pitot/baileys.h>

static const char *const value_mode[] = {"aggressive", "balanced", "conservative", "disabled"};
static const char *const value_forced[] = {"false", "true"};
static const char *const value_error_type[] = {"timeout", "auth_failure", "rate_limit",
	"network_error", "protocol_error", "other"};
static const char *const value_message_type[] = {"text", "image", "audio", "video", "document",
	"sticker", "contact", "location", "reaction", "poll", "other"};
static const char *const value_success[] = {"false", "true"};
static const char *const value_retry_reason[] = {"decrypt_failure", "timeout", "network_error"};
static const char *const value_type[] = {"heapUsed", "heapTotal", "external", "rss"};
static const double bounds_buffer_flush_duration_seconds[] = {0.001, 0.005, 0.01, 0.05, 0.1, 0.5,
	1, 2, 5};
static const struct pitot_buckets buckets_buffer_flush_duration_seconds = {
	bounds_buffer_flush_duration_seconds, 9};
static const double bounds_messages_processing_duration_seconds[] = {0.001, 0.005, 0.01, 0.05, 0.1,
	0.5, 1};
static const struct pitot_buckets buckets_messages_processing_duration_seconds = {
	bounds_messages_processing_duration_seconds, 7};
static const char *const label_names[] = {"mode", "forced", "error_type", "message_type",
	"success", "retry_reason", "type", "connection_id", "jid", "cache_name"};

int
pitot_baileys_config_from_env(struct pitot_config *config, struct pitot_error *why)
{
	int code = pitot_config_from_env(config, "BAILEYS_PROMETHEUS", why);
	if (code != 0)
		return code;
	code = pitot_config_own_labels(config, label_names, 10, why);
	if (code != 0)
		pitot_config_clear(config);
	else if (config->registry.prefix == NULL)
		config->registry.prefix = "baileys_";
	return code;
}

void
pitot_baileys_declare(struct pitot_baileys *kit, struct pitot_registry *registry)
{
	{
		struct pitot_counters *family = pitot_counters(registry, "buffer_flush_total",
			"Flushes of the event buffer.", "mode", "forced");
		for (size_t i = 0; i < PITOT_BAILEYS_MODES; i++)
			for (size_t j = 0; j < 2; j++)
				kit->buffer_flush_total[i][j] = pitot_counters_get(family,
					value_mode[i], value_forced[j]);
	}
	{
		struct pitot_histograms *family = pitot_histograms(registry,
			"buffer_flush_duration_seconds",
			"Time that a flush of the event buffer took.",
			&buckets_buffer_flush_duration_seconds, "mode");
		for (size_t i = 0; i < PITOT_BAILEYS_MODES; i++)
			kit->buffer_flush_duration_seconds[i] = pitot_histograms_get(family,
				value_mode[i]);
	}
	{
		struct pitot_counters *family = pitot_counters(registry,
			"buffer_items_flushed_total",
			"Items handed on by flushes of the event buffer.", "mode");
		for (size_t i = 0; i < PITOT_BAILEYS_MODES; i++)
			kit->buffer_items_flushed_total[i] = pitot_counters_get(family,
				value_mode[i]);
	}
	kit->buffer_overflow_total = pitot_counter(registry, "buffer_overflow_total",
		"Times that the event buffer was full: raise BAILEYS_BUFFER_MAX_ITEMS.");
	kit->buffer_cache_size = pitot_gauge(registry, "buffer_cache_size",
		"Entries in the history cache.");
	kit->buffer_cache_cleanup_total = pitot_counter(registry, "buffer_cache_cleanup_total",
		"Times that the history cache gave up its least recently used entries.");
	{
		struct pitot_gauges *family = pitot_gauges(registry, "adaptive_timeout_seconds",
			"Time to the next flush as it is reckoned now.", "mode");
		for (size_t i = 0; i < PITOT_BAILEYS_MODES; i++)
			kit->adaptive_timeout_seconds[i] = pitot_gauges_get(family, value_mode[i]);
	}
	kit->adaptive_event_rate = pitot_gauge(registry, "adaptive_event_rate",
		"Events per second, as a moving average.");
	kit->adaptive_buffer_size_avg = pitot_gauge(registry, "adaptive_buffer_size_avg",
		"Items in the event buffer at a flush, as a moving average.");
	kit->adaptive_circuit_breaker_trips_total = pitot_counter(registry,
		"adaptive_circuit_breaker_trips_total",
		"Times that the circuit breaker of the adaptive flush opened.");
	kit->adaptive_health_status = pitot_gauge(registry, "adaptive_health_status",
		"Health of the adaptive flush: 1 healthy, 0 not.");
	pitot_gauge_set(kit->adaptive_health_status, 1);
	kit->connection_state = pitot_gauges(registry, "connection_state",
		"State of a connection: 0 disconnected, 1 connecting, 2 connected.",
		"connection_id", "jid");
	pitot_registry_expire(registry, "connection_state", 86400);
	pitot_registry_limit(registry, "connection_state", 10000);
	{
		struct pitot_counters *family = pitot_counters(registry, "connection_errors_total",
			"Errors of connections.", "error_type");
		for (size_t i = 0; i < PITOT_BAILEYS_ERROR_TYPES; i++)
			kit->connection_errors_total[i] = pitot_counters_get(family,
				value_error_type[i]);
	}
	kit->reconnection_attempts_total = pitot_counters(registry, "reconnection_attempts_total",
		"Attempts to connect again.", "connection_id");
	pitot_registry_expire(registry, "reconnection_attempts_total", 86400);
	pitot_registry_limit(registry, "reconnection_attempts_total", 10000);
	kit->websocket_listeners_total = pitot_gauges(registry, "websocket_listeners_total",
		"Listeners on the WebSocket of a connection now: more than 30 is a leak.",
		"connection_id");
	pitot_registry_expire(registry, "websocket_listeners_total", 86400);
	pitot_registry_limit(registry, "websocket_listeners_total", 10000);
	{
		struct pitot_counters *family = pitot_counters(registry, "messages_received_total",
			"Messages received.", "message_type");
		for (size_t i = 0; i < PITOT_BAILEYS_MESSAGE_TYPES; i++)
			kit->messages_received_total[i] = pitot_counters_get(family,
				value_message_type[i]);
	}
	{
		struct pitot_counters *family = pitot_counters(registry, "messages_sent_total",
			"Messages sent, with and without success.", "message_type", "success");
		for (size_t i = 0; i < PITOT_BAILEYS_MESSAGE_TYPES; i++)
			for (size_t j = 0; j < 2; j++)
				kit->messages_sent_total[i][j] = pitot_counters_get(family,
					value_message_type[i], value_success[j]);
	}
	{
		struct pitot_counters *family = pitot_counters(registry, "messages_retry_total",
			"Messages tried again.", "retry_reason");
		for (size_t i = 0; i < PITOT_BAILEYS_RETRY_REASONS; i++)
			kit->messages_retry_total[i] = pitot_counters_get(family,
				value_retry_reason[i]);
	}
	{
		struct pitot_histograms *family = pitot_histograms(registry,
			"messages_processing_duration_seconds",
			"Time that the work on a message took.",
			&buckets_messages_processing_duration_seconds, "message_type");
		for (size_t i = 0; i < PITOT_BAILEYS_MESSAGE_TYPES; i++)
			kit->messages_processing_duration_seconds[i] = pitot_histograms_get(family,
				value_message_type[i]);
	}
	kit->cache_size = pitot_gauges(registry, "cache_size", "Entries of a cache.",
		"cache_name");
	pitot_registry_expire(registry, "cache_size", 86400);
	pitot_registry_limit(registry, "cache_size", 1000);
	kit->cache_evictions_total = pitot_counters(registry, "cache_evictions_total",
		"Entries that a cache gave up for newer ones.", "cache_name");
	pitot_registry_expire(registry, "cache_evictions_total", 86400);
	pitot_registry_limit(registry, "cache_evictions_total", 1000);
	kit->cache_hit_rate = pitot_gauges(registry, "cache_hit_rate",
		"Part of a cache's lookups that found something, 0 to 1.", "cache_name");
	pitot_registry_expire(registry, "cache_hit_rate", 86400);
	pitot_registry_limit(registry, "cache_hit_rate", 1000);
	kit->active_connections = pitot_gauge(registry, "active_connections",
		"Connections that are active now.");
	{
		struct pitot_gauges *family = pitot_gauges(registry, "memory_usage_bytes",
			"Memory of the process.", "type");
		for (size_t i = 0; i < PITOT_BAILEYS_TYPES; i++)
			kit->memory_usage_bytes[i] = pitot_gauges_get(family, value_type[i]);
	}
	kit->uptime_seconds = pitot_gauge(registry, "uptime_seconds",
		"Time since the worker started.");
}

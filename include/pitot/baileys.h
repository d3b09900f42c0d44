/* SPDX-License-Identifier: MIT */
/*
 * The instruments of a WhatsApp worker, all declared by one call.
 *
 * Generated from alerting/catalog/baileys.toml by scripts/catalog; do not edit.
 */
/* clang-format off */
#ifndef PITOT_BAILEYS_H
#define PITOT_BAILEYS_H

#include <pitot/config.h>
#include <pitot/metrics.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How eagerly the event buffer is flushed. Label mode. */
enum pitot_baileys_mode {
	PITOT_BAILEYS_MODE_AGGRESSIVE, /* aggressive */
	PITOT_BAILEYS_MODE_BALANCED, /* balanced */
	PITOT_BAILEYS_MODE_CONSERVATIVE, /* conservative */
	PITOT_BAILEYS_MODE_DISABLED, /* disabled */
	PITOT_BAILEYS_MODES /* how many there are */
};

/* Why a connection failed. Label error_type. */
enum pitot_baileys_error_type {
	PITOT_BAILEYS_ERROR_TYPE_TIMEOUT, /* timeout */
	PITOT_BAILEYS_ERROR_TYPE_AUTH_FAILURE, /* auth_failure */
	PITOT_BAILEYS_ERROR_TYPE_RATE_LIMIT, /* rate_limit */
	PITOT_BAILEYS_ERROR_TYPE_NETWORK_ERROR, /* network_error */
	PITOT_BAILEYS_ERROR_TYPE_PROTOCOL_ERROR, /* protocol_error */
	PITOT_BAILEYS_ERROR_TYPE_OTHER, /* other */
	PITOT_BAILEYS_ERROR_TYPES /* how many there are */
};

/* What a message carries. Label message_type. */
enum pitot_baileys_message_type {
	PITOT_BAILEYS_MESSAGE_TYPE_TEXT, /* text */
	PITOT_BAILEYS_MESSAGE_TYPE_IMAGE, /* image */
	PITOT_BAILEYS_MESSAGE_TYPE_AUDIO, /* audio */
	PITOT_BAILEYS_MESSAGE_TYPE_VIDEO, /* video */
	PITOT_BAILEYS_MESSAGE_TYPE_DOCUMENT, /* document */
	PITOT_BAILEYS_MESSAGE_TYPE_STICKER, /* sticker */
	PITOT_BAILEYS_MESSAGE_TYPE_CONTACT, /* contact */
	PITOT_BAILEYS_MESSAGE_TYPE_LOCATION, /* location */
	PITOT_BAILEYS_MESSAGE_TYPE_REACTION, /* reaction */
	PITOT_BAILEYS_MESSAGE_TYPE_POLL, /* poll */
	PITOT_BAILEYS_MESSAGE_TYPE_OTHER, /* other */
	PITOT_BAILEYS_MESSAGE_TYPES /* how many there are */
};

/* Why a message was tried again. Label retry_reason. */
enum pitot_baileys_retry_reason {
	PITOT_BAILEYS_RETRY_REASON_DECRYPT_FAILURE, /* decrypt_failure */
	PITOT_BAILEYS_RETRY_REASON_TIMEOUT, /* timeout */
	PITOT_BAILEYS_RETRY_REASON_NETWORK_ERROR, /* network_error */
	PITOT_BAILEYS_RETRY_REASONS /* how many there are */
};

/* Which memory. Label type. */
enum pitot_baileys_type {
	PITOT_BAILEYS_TYPE_HEAP_USED, /* heapUsed */
	PITOT_BAILEYS_TYPE_HEAP_TOTAL, /* heapTotal */
	PITOT_BAILEYS_TYPE_EXTERNAL, /* external */
	PITOT_BAILEYS_TYPE_RSS, /* rss */
	PITOT_BAILEYS_TYPES /* how many there are */
};

/*
 * Every instrument, by its metric's name without the prefix. Labels of a closed
 * set are indices: the enum, or false and true. What has other labels is a
 * family, as pitot_counters_get() and its like take it.
 */
struct pitot_baileys {
	/* Flushes of the event buffer. */
	struct pitot_counter *buffer_flush_total[PITOT_BAILEYS_MODES][2];
	/* Time that a flush of the event buffer took. */
	struct pitot_histogram *buffer_flush_duration_seconds[PITOT_BAILEYS_MODES];
	/* Items handed on by flushes of the event buffer. */
	struct pitot_counter *buffer_items_flushed_total[PITOT_BAILEYS_MODES];
	/* Times that the event buffer was full: raise BAILEYS_BUFFER_MAX_ITEMS. */
	struct pitot_counter *buffer_overflow_total;
	/* Entries in the history cache. */
	struct pitot_gauge *buffer_cache_size;
	/* Times that the history cache gave up its least recently used entries. */
	struct pitot_counter *buffer_cache_cleanup_total;
	/* Time to the next flush as it is reckoned now. */
	struct pitot_gauge *adaptive_timeout_seconds[PITOT_BAILEYS_MODES];
	/* Events per second, as a moving average. */
	struct pitot_gauge *adaptive_event_rate;
	/* Items in the event buffer at a flush, as a moving average. */
	struct pitot_gauge *adaptive_buffer_size_avg;
	/* Times that the circuit breaker of the adaptive flush opened. */
	struct pitot_counter *adaptive_circuit_breaker_trips_total;
	/* Health of the adaptive flush: 1 healthy, 0 not. Begins at 1. */
	struct pitot_gauge *adaptive_health_status;
	/*
	 * State of a connection: 0 disconnected, 1 connecting, 2 connected.
	 * By connection_id and jid: at most 10000, and each ends after 86400 s without use.
	 */
	struct pitot_gauges *connection_state;
	/* Errors of connections. */
	struct pitot_counter *connection_errors_total[PITOT_BAILEYS_ERROR_TYPES];
	/*
	 * Attempts to connect again.
	 * By connection_id: at most 10000, and each ends after 86400 s without use.
	 */
	struct pitot_counters *reconnection_attempts_total;
	/*
	 * Listeners on the WebSocket of a connection now: more than 30 is a leak.
	 * By connection_id: at most 10000, and each ends after 86400 s without use.
	 */
	struct pitot_gauges *websocket_listeners_total;
	/* Messages received. */
	struct pitot_counter *messages_received_total[PITOT_BAILEYS_MESSAGE_TYPES];
	/* Messages sent, with and without success. */
	struct pitot_counter *messages_sent_total[PITOT_BAILEYS_MESSAGE_TYPES][2];
	/* Messages tried again. */
	struct pitot_counter *messages_retry_total[PITOT_BAILEYS_RETRY_REASONS];
	/* Time that the work on a message took. */
	struct pitot_histogram *messages_processing_duration_seconds[PITOT_BAILEYS_MESSAGE_TYPES];
	/*
	 * Entries of a cache.
	 * By cache_name: at most 1000, and each ends after 86400 s without use.
	 */
	struct pitot_gauges *cache_size;
	/*
	 * Entries that a cache gave up for newer ones.
	 * By cache_name: at most 1000, and each ends after 86400 s without use.
	 */
	struct pitot_counters *cache_evictions_total;
	/*
	 * Part of a cache's lookups that found something, 0 to 1.
	 * By cache_name: at most 1000, and each ends after 86400 s without use.
	 */
	struct pitot_gauges *cache_hit_rate;
	/* Connections that are active now. */
	struct pitot_gauge *active_connections;
	/* Memory of the process. */
	struct pitot_gauge *memory_usage_bytes[PITOT_BAILEYS_TYPES];
	/* Time since the worker started. */
	struct pitot_gauge *uptime_seconds;
};

/*
 * pitot_config_from_env() with "BAILEYS_PROMETHEUS", and with the prefix
 * "baileys_" if the environment names no other. A constant label that metrics
 * have themselves is PITOT_BAD_CONFIG.
 */
int pitot_baileys_config_from_env(struct pitot_config *config,
	struct pitot_error *why) PITOT_MUST_USE;
/*
 * Declares every instrument in the registry, whose prefix should be
 * "baileys_". Series of closed labels begin at 0 at once. Mistakes are
 * told by pitot_registry_error(). The pointers live as long as the registry.
 * Thread-safe.
 */
void pitot_baileys_declare(struct pitot_baileys *kit,
	struct pitot_registry *registry);

#ifdef __cplusplus
}
#endif
#endif

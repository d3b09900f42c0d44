/* SPDX-License-Identifier: MIT */
/* The worker's instruments as its document lists them: names, types, labels, buckets. */
#include <pitot/baileys.h>
#include <pitot/exposition.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "support/check.h"

/* Everything that was declared and touched, as text 0.0.4. */
static char *
text_of(struct pitot_registry *m)
{
	char *bytes = NULL;
	size_t length = 0;
	struct pitot_snapshot *snapshot = pitot_snapshot_take(m, NULL);
	check_int(pitot_encode(snapshot, PITOT_TEXT_0_0_4, NULL, &bytes, &length, NULL), 0);
	char *text = bytes == NULL ? NULL : strndup(bytes, length);
	free(bytes);
	pitot_snapshot_free(snapshot);
	check_true(text != NULL);
	return text;
}

static struct pitot_registry *
declared(struct pitot_baileys *kit)
{
	struct pitot_registry *m =
		pitot_registry_new(&(struct pitot_registry_options){.prefix = "baileys_"});
	pitot_baileys_declare(kit, m);
	check_int(pitot_registry_error(m, NULL), 0);
	return m;
}

static void
touch_the_open_ones(const struct pitot_baileys *kit)
{
	pitot_gauge_set(pitot_gauges_get(kit->connection_state, "7", "5511@s"), 2);
	pitot_counter_inc(pitot_counters_get(kit->reconnection_attempts_total, "7"));
	pitot_gauge_set(pitot_gauges_get(kit->websocket_listeners_total, "7"), 31);
	pitot_gauge_set(pitot_gauges_get(kit->cache_size, "signal_store"), 10);
	pitot_counter_inc(pitot_counters_get(kit->cache_evictions_total, "signal_store"));
	pitot_gauge_set(pitot_gauges_get(kit->cache_hit_rate, "signal_store"), 0.5);
}

static void
each_metric_of_the_document_is_there(void)
{
	static const struct {
		const char *name, *type, *series; /* one series of it, in full */
	} expected[] = {
		{"buffer_flush_total", "counter", "{forced=\"true\",mode=\"aggressive\"} 0"},
		{"buffer_flush_duration_seconds", "histogram", "_count{mode=\"balanced\"} 0"},
		{"buffer_items_flushed_total", "counter", "{mode=\"conservative\"} 0"},
		{"buffer_overflow_total", "counter", " 0"},
		{"buffer_cache_size", "gauge", " 0"},
		{"buffer_cache_cleanup_total", "counter", " 0"},
		{"adaptive_timeout_seconds", "gauge", "{mode=\"disabled\"} 0"},
		{"adaptive_event_rate", "gauge", " 0"},
		{"adaptive_buffer_size_avg", "gauge", " 0"},
		{"adaptive_circuit_breaker_trips_total", "counter", " 0"},
		{"adaptive_health_status", "gauge", " 1"},
		{"connection_state", "gauge", "{connection_id=\"7\",jid=\"5511@s\"} 2"},
		{"connection_errors_total", "counter", "{error_type=\"auth_failure\"} 0"},
		{"reconnection_attempts_total", "counter", "{connection_id=\"7\"} 1"},
		{"websocket_listeners_total", "gauge", "{connection_id=\"7\"} 31"},
		{"messages_received_total", "counter", "{message_type=\"document\"} 0"},
		{"messages_sent_total", "counter", "{message_type=\"text\",success=\"false\"} 0"},
		{"messages_retry_total", "counter", "{retry_reason=\"decrypt_failure\"} 0"},
		{"messages_processing_duration_seconds", "histogram",
			"_bucket{le=\"0.005\",message_type=\"audio\"} 0"},
		{"cache_size", "gauge", "{cache_name=\"signal_store\"} 10"},
		{"cache_evictions_total", "counter", "{cache_name=\"signal_store\"} 1"},
		{"cache_hit_rate", "gauge", "{cache_name=\"signal_store\"} 0.5"},
		{"active_connections", "gauge", " 0"},
		{"memory_usage_bytes", "gauge", "{type=\"heapUsed\"} 0"},
		{"uptime_seconds", "gauge", " 0"},
	};
	struct pitot_baileys kit;
	struct pitot_registry *m = declared(&kit);
	touch_the_open_ones(&kit);
	char *text = text_of(m), line[160];
	for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
		(void)snprintf(line, sizeof line, "# TYPE baileys_%s %s\n", expected[i].name,
			expected[i].type);
		check_contains(text, line);
		(void)snprintf(line, sizeof line, "\nbaileys_%s%s\n", expected[i].name,
			expected[i].series);
		check_contains(text, line);
	}
	size_t families = 0;
	for (const char *at = text; (at = strstr(at, "# TYPE baileys_")) != NULL; at++)
		families++;
	check_size(families, sizeof expected / sizeof expected[0]);
	free(text);
	pitot_registry_free(m);
}

/* Each bucket is there; its bound stands between `before` and `after`. */
static void
check_bounds(const char *text, const char *before, const char *const *bounds, size_t count,
	const char *after)
{
	char bucket[160];
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(bucket, sizeof bucket, "%s%s%s", before, bounds[i], after);
		check_contains(text, bucket);
	}
}

static void
buckets_are_those_of_the_document(void)
{
	static const char *const flush[] = {
		"0.001", "0.005", "0.01", "0.05", "0.1", "0.5", "1.0", "2.0", "5.0", "+Inf"};
	static const char *const message[] = {
		"0.001", "0.005", "0.01", "0.05", "0.1", "0.5", "1.0", "+Inf"};
	struct pitot_baileys kit;
	struct pitot_registry *m = declared(&kit);
	char *text = text_of(m);
	check_bounds(text, "baileys_buffer_flush_duration_seconds_bucket{le=\"", flush,
		sizeof flush / sizeof flush[0], "\",mode=\"balanced\"} 0\n");
	check_bounds(text, "baileys_messages_processing_duration_seconds_bucket{le=\"", message,
		sizeof message / sizeof message[0], "\",message_type=\"text\"} 0\n");
	size_t bounds = 0;
	for (const char *at = text; (at = strstr(at, "_flush_duration_seconds_bucket{")) != NULL;
		at++)
		bounds++;
	check_size(bounds, PITOT_BAILEYS_MODES * (sizeof flush / sizeof flush[0]));
	free(text);
	pitot_registry_free(m);
}

static void
an_update_by_index_moves_the_series_of_that_value(void)
{
	struct pitot_baileys kit;
	struct pitot_registry *m = declared(&kit);
	pitot_counter_inc(kit.buffer_flush_total[PITOT_BAILEYS_MODE_BALANCED][true]);
	pitot_counter_add(kit.messages_sent_total[PITOT_BAILEYS_MESSAGE_TYPE_OTHER][false], 3);
	pitot_gauge_set(kit.memory_usage_bytes[PITOT_BAILEYS_TYPE_HEAP_USED], 4096);
	pitot_histogram_observe(kit.buffer_flush_duration_seconds[PITOT_BAILEYS_MODE_DISABLED], 3);
	char *text = text_of(m);
	check_contains(text, "baileys_buffer_flush_total{forced=\"true\",mode=\"balanced\"} 1\n");
	check_contains(text, "baileys_buffer_flush_total{forced=\"false\",mode=\"balanced\"} 0\n");
	check_contains(
		text, "baileys_messages_sent_total{message_type=\"other\",success=\"false\"} 3\n");
	check_contains(text, "baileys_memory_usage_bytes{type=\"heapUsed\"} 4096\n");
	check_contains(text,
		"baileys_buffer_flush_duration_seconds_bucket{le=\"2.0\",mode=\"disabled\"} 0\n");
	check_contains(text,
		"baileys_buffer_flush_duration_seconds_bucket{le=\"5.0\",mode=\"disabled\"} 1\n");
	free(text);
	pitot_registry_free(m);
}

static void
open_labels_are_limited(void)
{
	struct pitot_baileys kit;
	struct pitot_registry *m = declared(&kit);
	char id[16];
	for (int i = 0; i < 1001; i++) {
		(void)snprintf(id, sizeof id, "%d", i);
		pitot_gauge_set(pitot_gauges_get(kit.cache_size, id), 1);
	}
	char *text = text_of(m);
	check_contains(text, "baileys_cache_size{pitot_overflow=\"true\"} 1\n");
	free(text);
	pitot_registry_free(m);
}

static void
a_disabled_registry_ignores_every_update(void)
{
	struct pitot_baileys kit;
	struct pitot_registry *m =
		pitot_registry_new(&(struct pitot_registry_options){.disabled = true});
	pitot_baileys_declare(&kit, m);
	touch_the_open_ones(&kit);
	pitot_counter_inc(kit.buffer_flush_total[PITOT_BAILEYS_MODE_BALANCED][true]);
	pitot_histogram_observe(kit.buffer_flush_duration_seconds[PITOT_BAILEYS_MODE_BALANCED], 1);
	char *text = text_of(m);
	check_true(strstr(text, " 1\n") == NULL);
	free(text);
	pitot_registry_free(m);
}

static void
the_prefix_is_the_document_s_unless_another_is_set(void)
{
	static const char *const rows[][2] = {{"", "baileys_"}, {"zpro_baileys_", "zpro_baileys_"}};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct pitot_config config;
		check_int(setenv("BAILEYS_PROMETHEUS_PREFIX", rows[i][0], 1), 0);
		check_int(pitot_baileys_config_from_env(&config, NULL), 0);
		check_text(config.registry.prefix, rows[i][1]);
		pitot_config_clear(&config);
	}
	struct pitot_error why;
	struct pitot_config config = {.enabled = true};
	check_int(setenv("BAILEYS_PROMETHEUS_PREFIX", "9", 1), 0);
	check_int(pitot_baileys_config_from_env(&config, &why), PITOT_BAD_CONFIG);
	check_contains(why.text, "BAILEYS_PROMETHEUS_PREFIX");
	check_true(config.registry.prefix == NULL);
	check_int(unsetenv("BAILEYS_PROMETHEUS_PREFIX"), 0);
}

static void
a_constant_label_of_its_metrics_is_told_with_the_variable(void)
{
	static const char *const names[] = {"mode", "cache_name", "destination", "type"};
	struct pitot_config config;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct pitot_error why;
		char labels[64], expected[128];
		(void)snprintf(labels, sizeof labels, "{\"zone\":\"a\",\"%s\":\"x\"}", names[i]);
		(void)snprintf(expected, sizeof expected,
			"BAILEYS_PROMETHEUS_LABELS: \"%s\" is a label that metrics have "
			"themselves: ",
			names[i]);
		check_int(setenv("BAILEYS_PROMETHEUS_LABELS", labels, 1), 0);
		check_int(pitot_baileys_config_from_env(&config, &why), PITOT_BAD_CONFIG);
		check_contains(why.text, expected);
	}
	check_int(setenv("BAILEYS_PROMETHEUS_LABELS", "{\"zone\":\"a\"}", 1), 0);
	check_int(pitot_baileys_config_from_env(&config, NULL), 0);
	check_text(config.labels_variable, "BAILEYS_PROMETHEUS_LABELS");
	pitot_config_clear(&config);
	check_int(unsetenv("BAILEYS_PROMETHEUS_LABELS"), 0);
}

CHECK_MAIN("kit/baileys", TEST(each_metric_of_the_document_is_there),
	TEST(buckets_are_those_of_the_document),
	TEST(an_update_by_index_moves_the_series_of_that_value), TEST(open_labels_are_limited),
	TEST(a_disabled_registry_ignores_every_update),
	TEST(the_prefix_is_the_document_s_unless_another_is_set),
	TEST(a_constant_label_of_its_metrics_is_told_with_the_variable))

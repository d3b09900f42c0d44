/* SPDX-License-Identifier: MIT */
/* Generated from alerting/catalog/mini.toml by scripts/catalog; do not edit. */
/* clang-format off */
#include <pitot/mini.h>

static const char *const value_mode[] = {"fast", "slowAndSure"};
static const char *const value_forced[] = {"false", "true"};
static const double bounds_run_seconds[] = {0.1, 1};
static const struct pitot_buckets buckets_run_seconds = {bounds_run_seconds, 2};
static const char *const label_names[] = {"mode", "forced", "id"};

int
pitot_mini_config_from_env(struct pitot_config *config, struct pitot_error *why)
{
	int code = pitot_config_from_env(config, "MINI_PROMETHEUS", why);
	if (code != 0)
		return code;
	code = pitot_config_own_labels(config, label_names, 3, why);
	if (code != 0)
		pitot_config_clear(config);
	else if (config->registry.prefix == NULL)
		config->registry.prefix = "mini_";
	return code;
}

void
pitot_mini_declare(struct pitot_mini *kit, struct pitot_registry *registry)
{
	{
		struct pitot_counters *family = pitot_counters(registry, "runs_total",
			"Runs \"as told\".", "mode", "forced");
		for (size_t i = 0; i < PITOT_MINI_MODES; i++)
			for (size_t j = 0; j < 2; j++)
				kit->runs_total[i][j] = pitot_counters_get(family, value_mode[i],
					value_forced[j]);
	}
	{
		struct pitot_histograms *family = pitot_histograms(registry, "run_seconds",
			"Time of a run.", &buckets_run_seconds, "mode");
		for (size_t i = 0; i < PITOT_MINI_MODES; i++)
			kit->run_seconds[i] = pitot_histograms_get(family, value_mode[i]);
	}
	kit->state = pitot_gauges(registry, "state", "State of each.", "id");
	pitot_registry_expire(registry, "state", 60);
	pitot_registry_limit(registry, "state", 10);
	kit->height = pitot_gauge(registry, "height", "Height.");
	kit->well = pitot_gauge(registry, "well", "Whether it is.");
	pitot_gauge_set(kit->well, 1.5);
}

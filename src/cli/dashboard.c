/* SPDX-License-Identifier: MIT */
/*
 * `pitot dashboard [FILE]`: a Grafana dashboard, as JSON, with a panel for each metric of a file;
 * without a file the one for batch jobs, which is made of alerting/catalog. What a panel shows
 * follows from the metric's type and unit.
 */
#include "cli/cli.h"
#include "cli/dashboard_batch_jobs.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { columns = 24, panel_width = 8, panel_height = 8 };

static bool
ends_in(const char *name, const char *suffix)
{
	size_t length = strlen(name), size = strlen(suffix);
	return length > size && strcmp(name + length - size, suffix) == 0;
}

static const char *
unit_of(const char *name, bool rate)
{
	if (ends_in(name, "_timestamp_seconds"))
		return "dateTimeAsIso";
	if (ends_in(name, "_seconds"))
		return "s";
	if (ends_in(name, "_bytes"))
		return rate ? "Bps" : "bytes";
	if (ends_in(name, "_ratio"))
		return "percentunit";
	return rate ? "cps" : "short";
}

/* A summary without quantiles has no series of its plain name. */
static bool
is_mean(const struct pitot_sample *sample)
{
	return sample->type == PITOT_SUMMARY && sample->suffix[0] != '\0';
}

/* What a panel shows of the metric, where that is not plain. */
static const char *
title_end(const struct pitot_sample *sample)
{
	if (sample->type == PITOT_COUNTER)
		return ", per second";
	if (sample->type == PITOT_HISTOGRAM || sample->type == PITOT_GAUGE_HISTOGRAM)
		return ", 95 %";
	return is_mean(sample) ? ", mean" : "";
}

/* The query of a panel, by the type. */
static void
put_query(char *out, size_t size, const struct pitot_sample *sample)
{
	const char *name = sample->family;
	static const char selector[] = "{job=~\"$job\",instance=~\"$instance\"}";
	switch (sample->type) {
	case PITOT_COUNTER:
		(void)snprintf(out, size, "sum by (job) (rate(%s%s%s[$__rate_interval]))", name,
			sample->suffix, selector);
		return;
	case PITOT_HISTOGRAM:
		(void)snprintf(out, size,
			"histogram_quantile(0.95, sum by (le, job) (rate(%s_bucket%s"
			"[$__rate_interval])))",
			name, selector);
		return;
	case PITOT_GAUGE_HISTOGRAM:
		(void)snprintf(out, size,
			"histogram_quantile(0.95, sum by (le, job) (%s_bucket%s))", name, selector);
		return;
	case PITOT_INFO:
		(void)snprintf(out, size, "%s_info%s", name, selector);
		return;
	default:
		if (is_mean(sample)) {
			(void)snprintf(out, size,
				"sum by (job) (rate(%s_sum%s[$__rate_interval]))"
				" / sum by (job) (rate(%s_count%s[$__rate_interval]))",
				name, selector, name, selector);
			return;
		}
		(void)snprintf(out, size, "%s%s", name, selector);
	}
}

static json_t *
datasource(void)
{
	return json_pack("{s:s, s:s}", "type", "prometheus", "uid", "${datasource}");
}

static json_t *
panel_of(const struct pitot_sample *sample, int number)
{
	char query[2048], title[512];
	bool rate = sample->type == PITOT_COUNTER;
	/* Times since the epoch, in milliseconds there. */
	bool moment = ends_in(sample->family, "_timestamp_seconds");
	put_query(query, sizeof query, sample);
	if (moment) {
		char plain[2048];
		(void)snprintf(plain, sizeof plain, "%s", query);
		(void)snprintf(query, sizeof query, "%.2000s * 1000", plain);
	}
	(void)snprintf(title, sizeof title, "%s%s%s", sample->family, rate ? sample->suffix : "",
		title_end(sample));
	return json_pack("{s:i, s:s, s:s, s:s, s:o, s:{s:i, s:i, s:i, s:i},"
			 " s:{s:{s:s}, s:[]}, s:[{s:s, s:s, s:s, s:o}]}",
		"id", number + 1, "type", moment ? "stat" : "timeseries", "title", title,
		"description", sample->help, "datasource", datasource(), "gridPos", "x",
		number * panel_width % columns, "y", number * panel_width / columns * panel_height,
		"w", panel_width, "h", panel_height, "fieldConfig", "defaults", "unit",
		unit_of(sample->family, rate), "overrides", "targets", "refId", "A", "expr", query,
		"legendFormat", sample->type == PITOT_INFO ? "__auto" : "{{job}} {{instance}}",
		"datasource", datasource());
}

static json_t *
variable(const char *name, const char *query)
{
	return json_pack("{s:s, s:s, s:o, s:s, s:b, s:s, s:b, s:i, s:i, s:{s:[s], s:[s]}}", "name",
		name, "type", "query", "datasource", datasource(), "query", query, "includeAll", 1,
		"allValue", ".*", "multi", 1, "refresh", 2, "sort", 1, "current", "text", "All",
		"value", "$__all");
}

static json_t *
variables(const char *metric)
{
	char jobs[1200], instances[1200];
	(void)snprintf(jobs, sizeof jobs, "label_values(%s, job)", metric);
	(void)snprintf(
		instances, sizeof instances, "label_values(%s{job=~\"$job\"}, instance)", metric);
	return json_pack("[{s:s, s:s, s:s}, o, o]", "name", "datasource", "type", "datasource",
		"query", "prometheus", variable("job", jobs), variable("instance", instances));
}

static json_t *
panels(const struct pitot_snapshot *snapshot)
{
	json_t *list = json_array();
	const char *last = NULL;
	for (size_t i = 0; i < pitot_snapshot_size(snapshot); i++) {
		struct pitot_sample sample = pitot_snapshot_sample(snapshot, i);
		if (sample.family == last)
			continue;
		last = sample.family;
		(void)json_array_append_new(list, panel_of(&sample, (int)json_array_size(list)));
	}
	return list;
}

static json_t *
of_snapshot(const struct pitot_snapshot *snapshot, const char *title)
{
	struct pitot_sample first = pitot_snapshot_sample(snapshot, 0);
	char metric[1100];
	(void)snprintf(metric, sizeof metric, "%s%s", first.family, first.suffix);
	return json_pack("{s:s, s:[s], s:i, s:s, s:{s:s, s:s}, s:{s:o}, s:o}", "title", title,
		"tags", "pitot", "schemaVersion", 39, "refresh", "30s", "time", "from", "now-6h",
		"to", "now", "templating", "list", variables(metric), "panels", panels(snapshot));
}

/* The dashboard of the metrics in the input; NULL with *status set if there is none. */
static json_t *
of_input(const struct cli_options *options, int *status)
{
	struct pitot_error why;
	size_t length;
	const char *name = cli_input_name(options->input);
	char *text = cli_input_read("dashboard", options->input, &length, status);
	if (text == NULL)
		return NULL;
	const struct pitot_parse_options parse = {.source = name};
	struct pitot_snapshot *snapshot = pitot_parse(text, length, &parse, &why);
	json_t *dashboard = NULL;
	free(text);
	if (snapshot == NULL)
		*status = cli_fail("dashboard", &why);
	else if (pitot_snapshot_size(snapshot) == 0)
		*status = cli_usage("dashboard", "there is no metric in the input");
	else
		dashboard = of_snapshot(snapshot, name);
	pitot_snapshot_free(snapshot);
	return dashboard;
}

static json_t *
of_batch_jobs(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < sizeof batch_jobs_dashboard / sizeof *batch_jobs_dashboard; i++)
		(void)fputs(batch_jobs_dashboard[i], out);
	bool ok = fclose(out) == 0;
	json_t *dashboard = ok ? json_loads(text, 0, NULL) : NULL;
	free(text);
	return dashboard;
}

/* Numbers with 15 digits, so that 0.1 stays 0.1. */
static int
print_dashboard(const struct cli_options *options)
{
	int status = 0;
	json_t *dashboard = options->has_input ? of_input(options, &status) : of_batch_jobs();
	if (status != 0)
		return status;
	if (options->title != NULL)
		(void)json_object_set_new(dashboard, "title", json_string(options->title));
	char *text = json_dumps(dashboard, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
	json_decref(dashboard);
	if (text == NULL)
		return cli_usage("dashboard", "out of memory");
	puts(text);
	free(text);
	return 0;
}

int
cli_dashboard(int argc, char **argv)
{
	struct cli_options options;
	int status = cli_options_read(&options, CLI_DASHBOARD, argc, argv);
	if (status == 0 && options.help) {
		puts("Usage: pitot dashboard [--title TEXT] [FILE]\n"
		     "Print a Grafana dashboard with a panel for each metric in FILE (- is "
		     "standard\n"
		     "input), or without FILE one for batch jobs (pitot run).\n");
		cli_options_help(CLI_DASHBOARD);
	} else if (status == 0) {
		status = print_dashboard(&options);
	}
	cli_options_clear(&options);
	return status;
}

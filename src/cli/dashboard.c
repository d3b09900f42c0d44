/* SPDX-License-Identifier: MIT */
/*
 * `pitot dashboard [FILE]`: a Grafana dashboard, as JSON, with a panel for each metric of a file;
 * without a file for batch jobs. What a panel shows follows from the metric's type and unit.
 */
#include "cli/cli.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { columns = 24, panel_width = 8, panel_height = 8 };

/* What `pitot run` pushes. */
static const char batch_jobs[] =
	"# HELP batch_job_next_due_timestamp_seconds When the next success is due.\n"
	"# TYPE batch_job_next_due_timestamp_seconds gauge\n"
	"batch_job_next_due_timestamp_seconds 0\n"
	"# HELP batch_job_last_success_timestamp_seconds When the last success was.\n"
	"# TYPE batch_job_last_success_timestamp_seconds gauge\n"
	"batch_job_last_success_timestamp_seconds 0\n"
	"# HELP batch_job_running Whether it runs now.\n# TYPE batch_job_running gauge\n"
	"batch_job_running 0\n"
	"# HELP batch_job_duration_seconds How long the last run took.\n"
	"# TYPE batch_job_duration_seconds gauge\nbatch_job_duration_seconds 0\n"
	"# HELP batch_job_exit_code The exit status of the last run.\n"
	"# TYPE batch_job_exit_code gauge\nbatch_job_exit_code 0\n"
	"# HELP batch_job_max_rss_bytes The most memory of the last run.\n"
	"# TYPE batch_job_max_rss_bytes gauge\nbatch_job_max_rss_bytes 0\n"
	"# HELP batch_job_cpu_seconds CPU time of the last run.\n"
	"# TYPE batch_job_cpu_seconds gauge\nbatch_job_cpu_seconds 0\n";

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

/* The query of a panel, by the type; `long_ago`: it may have been pushed days ago. */
static void
put_query(char *out, size_t size, const struct pitot_sample *sample, bool long_ago)
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
	case PITOT_INFO:
		(void)snprintf(out, size, "%s_info%s", name, selector);
		return;
	default:
		if (long_ago)
			(void)snprintf(out, size, "last_over_time(%s%s[32d])", name, selector);
		else
			(void)snprintf(out, size, "%s%s", name, selector);
	}
}

static json_t *
datasource(void)
{
	return json_pack("{s:s, s:s}", "type", "prometheus", "uid", "${datasource}");
}

static json_t *
panel_of(const struct pitot_sample *sample, int number, bool long_ago)
{
	char query[2048], title[512];
	bool rate = sample->type == PITOT_COUNTER;
	/* Times since the epoch, in milliseconds there. */
	bool moment = ends_in(sample->family, "_timestamp_seconds");
	put_query(query, sizeof query, sample, long_ago);
	if (moment) {
		char plain[2048];
		(void)snprintf(plain, sizeof plain, "%s", query);
		(void)snprintf(query, sizeof query, "%.2000s * 1000", plain);
	}
	(void)snprintf(title, sizeof title, "%s%s%s", sample->family, rate ? sample->suffix : "",
		rate                                      ? ", per second"
			: sample->type == PITOT_HISTOGRAM ? ", 95 %"
							  : "");
	return json_pack("{s:i, s:s, s:s, s:s, s:o, s:{s:i, s:i, s:i, s:i},"
			 " s:{s:{s:s}, s:[]}, s:[{s:s, s:s, s:s, s:o}]}",
		"id", number + 1, "type", moment || long_ago ? "stat" : "timeseries", "title",
		title, "description", sample->help, "datasource", datasource(), "gridPos", "x",
		number * panel_width % columns, "y", number * panel_width / columns * panel_height,
		"w", panel_width, "h", panel_height, "fieldConfig", "defaults", "unit",
		unit_of(sample->family, rate), "overrides", "targets", "refId", "A", "expr", query,
		"legendFormat", sample->type == PITOT_INFO ? "__auto" : "{{job}} {{instance}}",
		"datasource", datasource());
}

static json_t *
variable(const char *name, const char *query)
{
	return json_pack("{s:s, s:s, s:o, s:s, s:b, s:b, s:i, s:{s:s, s:s}}", "name", name, "type",
		"query", "datasource", datasource(), "query", query, "includeAll", 1, "multi", 1,
		"refresh", 2, "current", "text", "All", "value", "$__all");
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
panels(const struct pitot_snapshot *snapshot, bool long_ago)
{
	json_t *list = json_array();
	const char *last = NULL;
	for (size_t i = 0; i < pitot_snapshot_size(snapshot); i++) {
		struct pitot_sample sample = pitot_snapshot_sample(snapshot, i);
		if (sample.family == last)
			continue;
		last = sample.family;
		(void)json_array_append_new(
			list, panel_of(&sample, (int)json_array_size(list), long_ago));
	}
	return list;
}

static int
print_dashboard(const struct pitot_snapshot *snapshot, const char *title, bool long_ago)
{
	struct pitot_error why = {.code = PITOT_NO_MEMORY, .text = "out of memory"};
	if (pitot_snapshot_size(snapshot) == 0)
		return cli_usage("dashboard", "there is no metric in the input");
	struct pitot_sample first = pitot_snapshot_sample(snapshot, 0);
	char metric[1100];
	(void)snprintf(metric, sizeof metric, "%s%s", first.family, first.suffix);
	json_t *dashboard = json_pack("{s:s, s:[s], s:i, s:s, s:{s:s, s:s}, s:{s:o}, s:o}", "title",
		title, "tags", "pitot", "schemaVersion", 39, "refresh", "1m", "time", "from",
		long_ago ? "now-7d" : "now-6h", "to", "now", "templating", "list",
		variables(metric), "panels", panels(snapshot, long_ago));
	char *text = dashboard == NULL ? NULL : json_dumps(dashboard, JSON_INDENT(2));
	if (text != NULL)
		puts(text);
	json_decref(dashboard);
	bool ok = text != NULL;
	free(text);
	return ok ? 0 : cli_fail("dashboard", &why);
}

static int
dashboard_of(const struct cli_options *options, bool given)
{
	struct pitot_error why;
	size_t length = sizeof batch_jobs - 1;
	int status = 0;
	char *text = given ? cli_input_read("dashboard", options->input, &length, &status)
			   : strdup(batch_jobs);
	if (text == NULL)
		return status != 0 ? status : cli_usage("dashboard", "out of memory");
	const struct pitot_parse_options parse = {.source = cli_input_name(options->input)};
	struct pitot_snapshot *snapshot = pitot_parse(text, length, &parse, &why);
	free(text);
	if (snapshot == NULL)
		return cli_fail("dashboard", &why);
	status = print_dashboard(snapshot,
		options->title != NULL ? options->title
			: given        ? cli_input_name(options->input)
				       : "Batch jobs",
		!given);
	pitot_snapshot_free(snapshot);
	return status;
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
		status = dashboard_of(&options, options.has_input);
	}
	cli_options_clear(&options);
	return status;
}

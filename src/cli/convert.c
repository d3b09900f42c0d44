/* SPDX-License-Identifier: MIT */
/*
 * `pitot convert`: metrics from any form into any other: text 0.0.4, OpenMetrics, remote write 1.0
 * and 2.0 (the body as it is sent). Requests become text and are read as that. What a form cannot
 * hold is left out, and told: native histograms and stale markers in text, exemplars in 0.0.4.
 */
#include "cli/cli.h"

#include <snappy-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "cli/sink_message.h"

static const char *const forms[] = {"text", "openmetrics", "remote-write-1", "remote-write-2"};
enum { TEXT, OPEN, WRITE_1, WRITE_2, FORMS };
enum { exemplar_most = 128 }; /* code points of its labels, as OpenMetrics has it */

const char *
cli_convert_form(size_t index)
{
	return index < FORMS ? forms[index] : NULL;
}

static int
form_of(const char *name)
{
	int i = 0;
	while (i < FORMS && strcmp(forms[i], name) != 0)
		i++;
	return i;
}

/* ---- requests as text ---- */

/* A name as text has it: in quotes where it must be. */
static void
put_name(struct sink_text *line, const char *name, bool label)
{
	bool plain = label ? sink_is_label_name(SPAN(name)) : sink_is_metric_name(SPAN(name));
	sink_text_str(line, plain ? "" : "\"");
	sink_text_escaped(line, SPAN(name));
	sink_text_str(line, plain ? "" : "\"");
}

/* {a="b",…}, all but the name. */
static void
put_labels(struct sink_text *line, const struct sink_pairs *labels)
{
	const char *comma = "{";
	for (size_t i = 0; i < labels->count; i++) {
		if (strcmp(labels->list[i].name, "__name__") == 0)
			continue;
		sink_text_str(line, comma);
		put_name(line, labels->list[i].name, true);
		sink_text_str(line, "=\"");
		sink_text_escaped(line, SPAN(labels->list[i].value));
		sink_text_str(line, "\"");
		comma = ",";
	}
	sink_text_str(line, *comma == '{' ? "{}" : "}");
}

/* The name and the labels; a name in quotes stands in the braces. */
static void
put_series(struct sink_text *line, const struct sink_timeseries *series)
{
	struct sink_text name = {0}, labels = {0};
	put_name(&name, sink_timeseries_name(series), false);
	put_labels(&labels, &series->labels);
	const char *braces = sink_text_chars(&labels);
	bool quoted = sink_text_chars(&name)[0] == '"';
	sink_text_str(line, quoted ? "{" : "");
	sink_text_add(line, (struct sink_span){name.bytes, name.length});
	sink_text_str(line, quoted && braces[1] != '}' ? "," : "");
	sink_text_str(line, braces + quoted);
	sink_text_clear(&name);
	sink_text_clear(&labels);
}

static void
put_time(struct sink_text *line, int64_t ms)
{
	uint64_t size = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;
	sink_text_format(line, " %s%llu.%03u", ms < 0 ? "-" : "", (unsigned long long)size / 1000,
		(unsigned)(size % 1000));
}

/* What a request says in the parser's words; families are those of 1.0 or of each series. */
static void
put_family(FILE *out, const char *name, int type, const char *help, const char *unit)
{
	const char *text = sink_type_text(type);
	struct sink_text quoted = {0};
	put_name(&quoted, name, false);
	const char *shown = sink_text_chars(&quoted);
	if (help != NULL && help[0] != '\0') {
		(void)fprintf(out, "# HELP %s ", shown);
		for (; *help != '\0'; help++)
			(void)fputs(*help == '\n'       ? "\\n"
					: *help == '\\' ? "\\\\"
							: (char[]){*help, '\0'},
				out);
		(void)fputc('\n', out);
	}
	if (type != SINK_TYPE_UNKNOWN && text != NULL)
		(void)fprintf(out, "# TYPE %s %s\n", shown, text);
	if (unit != NULL && unit[0] != '\0')
		(void)fprintf(out, "# UNIT %s %s\n", shown, unit);
	sink_text_clear(&quoted);
}

/* The family's name of a sample's, by its type. */
static size_t
family_length(const char *name, int type)
{
	static const char *const suffixes[SINK_TYPES][5] = {
		[SINK_TYPE_COUNTER] = {"_total"},
		[SINK_TYPE_HISTOGRAM] = {"_bucket", "_count", "_sum"},
		[SINK_TYPE_GAUGE_HISTOGRAM] = {"_bucket", "_gcount", "_gsum"},
		[SINK_TYPE_SUMMARY] = {"_count", "_sum"},
		[SINK_TYPE_INFO] = {"_info"},
	};
	size_t length = strlen(name);
	for (size_t i = 0; type > 0 && type < SINK_TYPES && suffixes[type][i] != NULL; i++) {
		size_t size = strlen(suffixes[type][i]);
		if (length > size && strcmp(name + length - size, suffixes[type][i]) == 0)
			return length - size;
	}
	return length;
}

/* False if it is longer than any may be. */
static bool
put_exemplar(struct sink_text *line, const struct sink_exemplar *exemplar)
{
	size_t points = 0;
	for (size_t i = 0; i < exemplar->labels.count; i++) {
		const struct sink_pair *pair = &exemplar->labels.list[i];
		for (const char *at = pair->name; *at != '\0'; at++)
			points += (*at & 0xc0) != 0x80;
		for (const char *at = pair->value; *at != '\0'; at++)
			points += (*at & 0xc0) != 0x80;
	}
	if (points > exemplar_most)
		return false;
	sink_text_str(line, " # ");
	put_labels(line, &exemplar->labels);
	sink_text_str(line, " ");
	sink_text_number(line, exemplar->value, true);
	if (exemplar->time_ms != 0)
		put_time(line, exemplar->time_ms);
	return true;
}

/* `exemplar` may be NULL; false if it could not be written. */
static bool
put_sample(FILE *out, const struct sink_timeseries *series, const struct sink_sample *sample,
	const struct sink_exemplar *exemplar)
{
	struct sink_text line = {0};
	put_series(&line, series);
	sink_text_str(&line, " ");
	sink_text_number(&line, sample->value, true);
	put_time(&line, sample->time_ms);
	bool put = exemplar == NULL || put_exemplar(&line, exemplar);
	(void)fwrite(line.bytes, 1, line.length, out);
	(void)fputc('\n', out);
	sink_text_clear(&line);
	return put;
}

static bool
is_stale(const struct sink_sample *sample)
{
	uint64_t bits;
	memcpy(&bits, &sample->value, sizeof bits);
	return bits == SINK_STALE_NAN;
}

/* A line holds one exemplar: the last ones stand with the last samples. What is left out. */
static size_t
put_samples(FILE *out, const struct sink_timeseries *series)
{
	size_t left_out = series->native_count + series->exemplar_count;
	for (size_t i = 0; i < series->sample_count; i++) {
		const struct sink_exemplar *exemplar = NULL;
		size_t behind = series->sample_count - i; /* samples from this one on */
		if (is_stale(&series->samples[i])) {
			left_out++;
			continue;
		}
		if (behind <= series->exemplar_count)
			exemplar = &series->exemplars[series->exemplar_count - behind];
		if (put_sample(out, series, &series->samples[i], exemplar) && exemplar != NULL)
			left_out--;
	}
	return left_out;
}

static void
put_write(FILE *out, const struct sink_write *write, size_t *left_out)
{
	char last[1024] = "";
	for (size_t i = 0; i < write->described_count; i++)
		put_family(out, write->described[i].name, write->described[i].type,
			write->described[i].help, write->described[i].unit);
	for (size_t i = 0; i < write->series_count; i++) {
		const struct sink_timeseries *series = &write->series[i];
		const char *name = sink_timeseries_name(series);
		char family[1024];
		(void)snprintf(family, sizeof family, "%.*s",
			(int)family_length(name, series->type), name);
		if (series->is_described && strcmp(family, last) != 0)
			put_family(out, family, series->type, series->help, series->unit);
		(void)strcpy(last, family);
		*left_out += put_samples(out, series);
	}
	(void)fputs("# EOF\n", out);
}

/* The body, decompressed if it is a snappy block; NULL if it is no request of that version. */
static struct sink_write *
decode(unsigned version, const char *body, size_t length)
{
	size_t size = 0;
	struct sink_write *write = NULL;
	if (snappy_validate_compressed_buffer(body, length) == SNAPPY_OK &&
		snappy_uncompressed_length(body, length, &size) == SNAPPY_OK &&
		size <= SINK_LIMIT_BODY) {
		char *plain = malloc(size + 1);
		if (plain != NULL && snappy_uncompress(body, length, plain, &size) == SNAPPY_OK)
			write = sink_write_decode(version, plain, size);
		free(plain);
	}
	return write != NULL ? write : sink_write_decode(version, body, length);
}

static char *
text_of_request(int form, const char *body, size_t *length)
{
	char *text = NULL;
	size_t size = 0, left_out = 0;
	struct sink_write *write = decode(form == WRITE_1 ? 1 : 2, body, *length);
	FILE *out = write == NULL ? NULL : open_memstream(&text, &size);
	if (write == NULL)
		fprintf(stderr, "pitot: convert: the input is no request of remote write %s\n",
			form == WRITE_1 ? "1.0" : "2.0");
	if (out != NULL) {
		put_write(out, write, &left_out);
		if (fclose(out) != 0)
			text = NULL;
		*length = size;
	}
	if (left_out > 0)
		cli_warn("convert",
			"%zu native histograms, stale markers or further exemplars are left out",
			left_out);
	if (write != NULL)
		sink_write_free(write);
	return text;
}

/* ---- writing ---- */

static void
write_body(void *context, const struct pitot_request *request)
{
	bool *one = context;
	if (*one)
		(void)fwrite(request->body, 1, request->body_length, stdout);
	*one = false;
}

static int
put_request(const struct cli_options *options, const struct pitot_snapshot *snapshot, int form)
{
	struct pitot_error why;
	struct pitot_push_options push = options->config.push;
	bool one = true;
	push.url = "http://localhost/api/v1/write";
	push.protocol =
		form == WRITE_1 ? PITOT_PROTOCOL_REMOTE_WRITE_1 : PITOT_PROTOCOL_REMOTE_WRITE_2;
	push.job = push.job != NULL ? push.job : "";
	push.instance = push.instance != NULL ? push.instance : "";
	push.max_request_bytes = (size_t)32 << 20;
	push.other_count = 0;
	int code = pitot_push_preview(
		snapshot, options->has_time ? options->time_ms : 0, &push, write_body, &one, &why);
	return code == 0 ? 0 : cli_fail("convert", &why);
}

/* Only counters and histograms have exemplars in text, and only in OpenMetrics. */
static void
tell_exemplars(const struct pitot_snapshot *snapshot, int form)
{
	size_t left_out = 0;
	for (size_t i = 0; i < pitot_snapshot_size(snapshot); i++) {
		const struct pitot_sample sample = pitot_snapshot_sample(snapshot, i);
		bool fits = form == OPEN &&
			(sample.type == PITOT_COUNTER || sample.type == PITOT_HISTOGRAM ||
				sample.type == PITOT_GAUGE_HISTOGRAM);
		left_out += sample.has_exemplar && !fits;
	}
	if (left_out > 0)
		cli_warn("convert", "%zu exemplars have no place in %s%s", left_out, forms[form],
			form == OPEN ? " without the type of their metric" : "");
}

static int
put_text(const struct cli_options *options, const struct pitot_snapshot *snapshot, int form)
{
	struct pitot_error why;
	char *bytes = NULL;
	size_t length = 0;
	const struct pitot_encode_options encode = {
		.timestamps = true,
		.escaping = options->config.push.utf8_names ? PITOT_ESCAPE_NONE
							    : PITOT_ESCAPE_UNDERSCORES,
		.labels = options->config.push.labels,
		.label_count = options->config.push.label_count,
	};
	enum pitot_format format = form == TEXT ? PITOT_TEXT_0_0_4 : PITOT_OPENMETRICS_1_0;
	tell_exemplars(snapshot, form);
	if (pitot_encode(snapshot, format, &encode, &bytes, &length, &why) != 0)
		return cli_fail("convert", &why);
	(void)fwrite(bytes, 1, length, stdout); /* main() tells what cannot be written */
	free(bytes);
	return 0;
}

static int
convert(const struct cli_options *options)
{
	struct pitot_error why;
	size_t length = 0;
	int status = 0;
	int from = options->from == NULL ? OPEN : form_of(options->from);
	int to = options->to == NULL ? FORMS : form_of(options->to);
	if (from == FORMS || to == FORMS)
		return cli_usage("convert",
			"--%s: text, openmetrics, remote-write-1 or "
			"remote-write-2",
			from == FORMS ? "from" : "to");
	char *text = cli_input_read("convert", options->input, &length, &status);
	if (text != NULL && from >= WRITE_1) {
		char *body = text;
		text = text_of_request(from, body, &length);
		free(body);
		status = EX_DATAERR;
	}
	if (text == NULL)
		return status;
	const struct pitot_parse_options parse = {.source = cli_input_name(options->input),
		.strict = options->strict,
		.format = from >= WRITE_1 ? PITOT_OPENMETRICS_1_0 : PITOT_FORMAT_AUTO,
		.history = true};
	struct pitot_snapshot *snapshot = pitot_parse(text, length, &parse, &why);
	free(text);
	if (snapshot == NULL)
		return cli_fail("convert", &why);
	status = to >= WRITE_1 ? put_request(options, snapshot, to)
			       : put_text(options, snapshot, to);
	pitot_snapshot_free(snapshot);
	return status;
}

int
cli_convert(int argc, char **argv)
{
	struct cli_options options;
	int status = cli_options_read(&options, CLI_CONVERT, argc, argv);
	if (status == 0 && options.help) {
		puts("Usage: pitot convert --to FORM [--from FORM] [OPTION]... [FILE]\n"
		     "Turn metrics from one form into another, on standard output. FORM is text,\n"
		     "openmetrics, remote-write-1 or remote-write-2.\n");
		cli_options_help(CLI_CONVERT);
	} else if (status == 0) {
		status = convert(&options);
	}
	cli_options_clear(&options);
	return status;
}

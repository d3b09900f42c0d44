/* SPDX-License-Identifier: MIT */
/*
 * `pitot backfill FILE`: samples with timestamps, as OpenMetrics or 0.0.4 text, sent by remote
 * write part by part, in the order of the file. How far it came is kept in a file beside it, so
 * that the next run goes on there. A part that is refused is counted and left behind; a receiver
 * that is down ends the run, to be continued.
 */
#include "cli/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

/* Lines sent at a time: a few requests. */
enum { part_lines = 20000 };

struct backfill {
	const struct cli_options *options;
	FILE *file;
	char *mark_path; /* where the position is kept */
	struct stat seen;
	off_t position, size;
	unsigned line; /* of the file, at the position */
	/* What TYPE, HELP and UNIT lines said so far, since they stand before their samples. */
	char *meta;
	size_t meta_length;
	FILE *meta_out;
	unsigned meta_lines; /* before the part's own */
	uint64_t sent, refused;
	bool open; /* it is OpenMetrics, whose timestamps are seconds */
	bool terminal;
	time_t begun;
	off_t begun_at;
	struct pitot_error first; /* refusal */
};

/* ---- the position ---- */

/* "POSITION LINE SIZE MTIME": of another file, or one that was changed, it is worth nothing. */
static void
read_mark(struct backfill *backfill)
{
	long long position = 0, size = 0, changed = 0;
	unsigned line = 0;
	FILE *mark = fopen(backfill->mark_path, "re");
	if (mark == NULL)
		return;
	if (fscanf(mark, "%lld %u %lld %lld", &position, &line, &size, &changed) == 4 &&
		size == (long long)backfill->size &&
		changed == (long long)backfill->seen.st_mtim.tv_sec && position <= size) {
		backfill->position = (off_t)position;
		backfill->line = line;
	}
	(void)fclose(mark); /* only read */
}

static bool
write_mark(const struct backfill *backfill)
{
	char text[128];
	int length = snprintf(text, sizeof text, "%lld %u %lld %lld\n",
		(long long)backfill->position, backfill->line, (long long)backfill->size,
		(long long)backfill->seen.st_mtim.tv_sec);
	int failure = cli_output_write(backfill->mark_path, text, (size_t)length);
	if (failure != 0)
		fprintf(stderr, "pitot: backfill: %s: %s\n", backfill->mark_path,
			strerror(failure));
	return failure == 0;
}

/* ---- the bar ---- */

static void
show_progress(const struct backfill *backfill)
{
	enum { width = 30 };
	if (!backfill->terminal)
		return;
	time_t seconds = time(NULL) - backfill->begun;
	int64_t done = backfill->position - backfill->begun_at;
	int64_t left = backfill->size - backfill->position;
	int64_t rate = done / (seconds > 0 ? seconds : 1);
	int full = backfill->size == 0 ? width : (int)(backfill->position * width / backfill->size);
	fprintf(stderr,
		"\r[%.*s%*s] %3d %%, %" PRIu64 " samples, %" PRIu64 "/s, %" PRId64 " s left ", full,
		"##############################", width - full, "",
		backfill->size == 0 ? 100 : (int)(backfill->position * 100 / backfill->size),
		backfill->sent, backfill->sent / (uint64_t)(seconds > 0 ? seconds : 1),
		rate > 0 ? left / rate : 0);
}

/* ---- parts ---- */

/* A part's text: what is known of families, its lines, the end. NULL if there are no more. */
static char *
read_part(struct backfill *backfill, size_t *length, unsigned *lines, size_t *samples)
{
	char *text = NULL, *line = NULL;
	size_t size = 0, room = 0;
	ssize_t got = 0;
	*lines = 0;
	*samples = 0;
	FILE *out = open_memstream(&text, length);
	if (out == NULL)
		return NULL;
	(void)fflush(backfill->meta_out); /* to memory */
	(void)fwrite(backfill->meta, 1, backfill->meta_length, out);
	backfill->meta_lines = 0;
	for (size_t i = 0; i < backfill->meta_length; i++)
		backfill->meta_lines += backfill->meta[i] == '\n';
	while (*samples < part_lines && (got = getline(&line, &room, backfill->file)) > 0) {
		++*lines;
		size += (size_t)got;
		bool eof = strncmp(line, "# EOF", 5) == 0;
		bool sample = line[0] != '#' && line[strspn(line, " \t\r\n")] != '\0';
		*samples += sample;
		if (eof)
			continue;
		if (strncmp(line, "# TYPE ", 7) == 0 || strncmp(line, "# HELP ", 7) == 0 ||
			strncmp(line, "# UNIT ", 7) == 0)
			(void)fwrite(line, 1, (size_t)got, backfill->meta_out);
		(void)fwrite(line, 1, (size_t)got, out);
		if (line[got - 1] != '\n')
			(void)fputc('\n', out);
	}
	(void)fputs(backfill->open ? "# EOF\n" : "", out);
	free(line);
	if (fclose(out) != 0 || size == 0) {
		free(text);
		return NULL;
	}
	backfill->position += (off_t)size;
	return text;
}

/* The line is that of the file: before the part's lines stand those of families. */
static int
tell_parse(const struct backfill *backfill, const struct pitot_error *why)
{
	char place[PITOT_ERROR_TEXT];
	const char *name = cli_input_name(backfill->options->input);
	int length = snprintf(place, sizeof place, "%s:%u:%u: ", name, why->line, why->column);
	bool placed = length > 0 && strncmp(why->text, place, (size_t)length) == 0 &&
		why->line > backfill->meta_lines;
	if (!placed)
		return cli_fail("backfill", why);
	fprintf(stderr, "pitot: backfill: %s:%u:%u: %s\n", name,
		backfill->line + why->line - backfill->meta_lines, why->column, why->text + length);
	return cli_exit_code(why->code);
}

static bool
all_timed(const struct pitot_snapshot *snapshot)
{
	size_t i = 0;
	while (i < pitot_snapshot_size(snapshot) &&
		pitot_snapshot_sample(snapshot, i).has_timestamp)
		i++;
	return i == pitot_snapshot_size(snapshot);
}

/* 0, or the exit status that ends the run. */
static int
send_part(struct backfill *backfill, const char *text, size_t length)
{
	struct pitot_error why;
	struct pitot_report report = {.attempts = 0};
	const struct pitot_parse_options parse = {
		.source = cli_input_name(backfill->options->input),
		.format = backfill->open ? PITOT_OPENMETRICS_1_0 : PITOT_TEXT_0_0_4,
		.history = true,
	};
	struct pitot_snapshot *snapshot = pitot_parse(text, length, &parse, &why);
	if (snapshot == NULL)
		return tell_parse(backfill, &why);
	if (!all_timed(snapshot)) {
		pitot_snapshot_free(snapshot);
		fprintf(stderr,
			"pitot: backfill: %s: a sample behind line %u has no timestamp: for the "
			"values of now there is pitot push\n",
			cli_input_name(backfill->options->input), backfill->line);
		return EX_DATAERR;
	}
	int code = pitot_push_snapshot(snapshot, 0, &backfill->options->config.push, &report, &why);
	pitot_snapshot_free(snapshot);
	backfill->sent += report.samples_sent;
	backfill->refused += report.samples_failed + report.samples_dropped;
	if (code == 0)
		return 0;
	if (code != PITOT_REFUSED && code != PITOT_BAD_INPUT)
		return cli_fail("backfill", &why);
	if (backfill->first.code == 0)
		backfill->first = why;
	return 0;
}

static int
send_all(struct backfill *backfill)
{
	for (;;) {
		size_t length = 0, samples = 0;
		unsigned lines = 0;
		off_t before = backfill->position;
		char *text = read_part(backfill, &length, &lines, &samples);
		if (text == NULL)
			return 0;
		int status = samples > 0 ? send_part(backfill, text, length) : 0;
		free(text);
		if (status != 0) {
			backfill->position = before;
			return status;
		}
		backfill->line += lines;
		if (!write_mark(backfill))
			return EX_CANTCREAT;
		show_progress(backfill);
	}
}

/* ---- the face ---- */

/* Families of the part that was sent before stand before the position. */
static bool
skip_to_mark(struct backfill *backfill)
{
	char *line = NULL;
	size_t room = 0;
	off_t at = 0;
	ssize_t got;
	while (at < backfill->position && (got = getline(&line, &room, backfill->file)) > 0) {
		at += got;
		if (strncmp(line, "# TYPE ", 7) == 0 || strncmp(line, "# HELP ", 7) == 0 ||
			strncmp(line, "# UNIT ", 7) == 0)
			(void)fwrite(line, 1, (size_t)got, backfill->meta_out);
	}
	free(line);
	return at == backfill->position;
}

/* Whether the file ends as OpenMetrics does, which tells what its timestamps are in. */
static bool
ends_open(FILE *file)
{
	char tail[16];
	size_t length = 0;
	if (fseeko(file, -(off_t)(sizeof tail - 1), SEEK_END) == 0)
		length = fread(tail, 1, sizeof tail - 1, file);
	rewind(file);
	tail[length] = '\0';
	return strstr(tail, "# EOF") != NULL;
}

static int
open_all(struct backfill *backfill)
{
	const char *input = backfill->options->input;
	if (strcmp(input, "-") == 0)
		return cli_usage("backfill",
			"which file? It is read from a file only, so that it "
			"can be continued");
	backfill->file = fopen(input, "re");
	if (backfill->file == NULL || fstat(fileno(backfill->file), &backfill->seen) != 0) {
		fprintf(stderr, "pitot: backfill: %s: %s\n", input, strerror(errno));
		return EX_NOINPUT;
	}
	backfill->size = backfill->seen.st_size;
	backfill->meta_out = open_memstream(&backfill->meta, &backfill->meta_length);
	bool named = backfill->options->state != NULL
		? (backfill->mark_path = strdup(backfill->options->state)) != NULL
		: asprintf(&backfill->mark_path, "%s.position", input) >= 0;
	if (backfill->meta_out == NULL || !named)
		return cli_usage("backfill", "out of memory");
	backfill->open = ends_open(backfill->file);
	read_mark(backfill);
	return skip_to_mark(backfill) ? 0 : EX_IOERR;
}

static int
tell_end(struct backfill *backfill, int status)
{
	if (backfill->terminal)
		fputc('\n', stderr);
	if (status != 0)
		fprintf(stderr,
			"pitot: backfill: stopped in line %u of %s; the same command goes on "
			"there\n",
			backfill->line + 1, backfill->options->input);
	if (backfill->options->verbose)
		fprintf(stderr, "pitot: backfill: %" PRIu64 " samples sent, %" PRIu64 " refused\n",
			backfill->sent, backfill->refused);
	if (status != 0)
		return status;
	(void)unlink(backfill->mark_path); /* all is done: at worst it is seen to be of no use */
	if (backfill->first.code == 0)
		return 0;
	fprintf(stderr, "pitot: backfill: %" PRIu64 " samples were refused; the first:\n",
		backfill->refused);
	return cli_fail("backfill", &backfill->first);
}

static int
backfill_file(const struct cli_options *options)
{
	struct backfill backfill = {
		.options = options, .terminal = isatty(STDERR_FILENO) == 1, .begun = time(NULL)};
	enum pitot_protocol protocol;
	struct pitot_error why;
	int status = 0;
	if (options->config.push.url == NULL)
		return cli_usage("backfill", "no destination: give --url or set PITOT_URL");
	if (pitot_push_protocol(&options->config.push, &protocol, &why) != 0)
		return cli_fail("backfill", &why);
	if (protocol == PITOT_PROTOCOL_PUSHGATEWAY)
		return cli_usage("backfill",
			"a Pushgateway takes no timestamps: use a receiver of "
			"remote write");
	status = open_all(&backfill);
	backfill.begun_at = backfill.position;
	if (status == 0)
		status = tell_end(&backfill, send_all(&backfill));
	if (backfill.file != NULL)
		(void)fclose(backfill.file); /* only read */
	if (backfill.meta_out != NULL)
		(void)fclose(backfill.meta_out); /* to memory */
	free(backfill.meta);
	free(backfill.mark_path);
	return status;
}

int
cli_backfill(int argc, char **argv)
{
	struct cli_options options;
	int status = cli_options_read(&options, CLI_BACKFILL, argc, argv);
	struct pitot_push_options *push = &options.config.push;
	if (status == 0 && options.help) {
		puts("Usage: pitot backfill --url URL [OPTION]... FILE\n"
		     "Send samples with timestamps, in the order of the file; the next run goes "
		     "on\n"
		     "where one ended. Receivers need a window for old samples.\n");
		cli_options_help(CLI_BACKFILL);
	} else if (status == 0) {
		/* The file has the labels, unless they are given. */
		push->job = push->job != NULL ? push->job : "";
		push->instance = push->instance != NULL ? push->instance : "";
		status = backfill_file(&options);
	}
	cli_options_clear(&options);
	return status;
}

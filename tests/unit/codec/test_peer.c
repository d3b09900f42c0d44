/* SPDX-License-Identifier: MIT */
/*
 * Both texts as an independent reader sees them: the parsers of the Python client, in peer.py.
 * Without python3-prometheus-client the whole program is skipped, and says so.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/limits.h"
#include "base/number.h"
#include "unit/codec/text_case.h"

/* The interpreter that has the package: another one may stand before the system's in PATH. */
static const char *python;

static int
compare(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

static int
compare_labels(const void *left, const void *right)
{
	return strcmp(((const struct pitot_label *)left)->name,
		((const struct pitot_label *)right)->name);
}

/* One sample as peer.py prints it; to be freed. */
static char *
line_of(const struct pitot_sample *sample)
{
	struct pitot_label labels[PT_LIMIT_LABELS];
	struct pt_buf line;
	size_t length;
	pt_buf_init(&line, PT_LIMIT_TEXT);
	pt_buf_str(&line, sample->family);
	pt_buf_str(&line, sample->suffix);
	for (size_t i = 0; i < sample->label_count; i++)
		labels[i] = pitot_sample_label(sample, i);
	qsort(labels, sample->label_count, sizeof labels[0], compare_labels);
	for (size_t i = 0; i < sample->label_count; i++) {
		pt_buf_printf(&line, " %s=", labels[i].name);
		for (const char *at = labels[i].value; *at != '\0'; at++)
			pt_buf_printf(&line, "%02x", (unsigned)(unsigned char)*at);
	}
	if (isnan(sample->value))
		pt_buf_str(&line, " NaN");
	else
		pt_buf_printf(&line, " %016" PRIx64, pt_number_bits(sample->value));
	return pt_buf_take(&line, &length);
}

/* All samples, sorted, one in a line. */
static void
expect(struct pt_buf *out, const struct pitot_snapshot *snapshot)
{
	size_t size = pitot_snapshot_size(snapshot), count = 0;
	char **lines = calloc(size + 1, sizeof lines[0]);
	for (size_t i = 0; i < size; i++) {
		struct pitot_sample sample = pitot_snapshot_sample(snapshot, i);
		lines[count++] = line_of(&sample);
	}
	qsort(lines, count, sizeof lines[0], compare);
	for (size_t i = 0; i < count; i++) {
		pt_buf_str(out, lines[i]);
		pt_buf_char(out, '\n');
		free(lines[i]);
	}
	free(lines);
}

/* What peer.py prints about the text. */
static void
ask(struct pt_buf *out, const char *format, const char *text, size_t length)
{
	char path[] = "/tmp/pitot-peer-XXXXXX", part[4096];
	const char *source = getenv("srcdir");
	struct pt_buf command;
	int file = mkstemp(path);
	check_fatal(file >= 0);
	check_true(write(file, text, length) == (ssize_t)length);
	(void)close(file);
	pt_buf_init(&command, PT_LIMIT_URL);
	pt_buf_printf(&command, "%s '%s/tests/unit/codec/peer.py' %s %s", python,
		source != NULL ? source : ".", format, path);
	FILE *answer = popen(pt_buf_text(&command), "r");
	for (size_t got; answer != NULL && (got = fread(part, 1, sizeof part, answer)) > 0;)
		pt_buf_put(out, part, got);
	check_true(answer != NULL && pclose(answer) == 0);
	(void)unlink(path);
	pt_buf_clear(&command);
}

/* Frees the snapshot. */
static void
check_peer(struct pitot_snapshot *snapshot, enum pitot_format format, const char *name)
{
	const struct pitot_encode_options options = {.timestamps = true};
	struct pt_buf expected, found;
	char *text = NULL;
	size_t length = 0;
	pt_buf_init(&expected, PT_LIMIT_TEXT);
	pt_buf_init(&found, PT_LIMIT_TEXT);
	check_int(pitot_encode(snapshot, format, &options, &text, &length, NULL), 0);
	expect(&expected, snapshot);
	ask(&found, name, text, length);
	check_text(pt_buf_text(&found), pt_buf_text(&expected));
	free(text);
	pt_buf_clear(&expected);
	pt_buf_clear(&found);
	pitot_snapshot_free(snapshot);
}

static const char *const values[] = {"a", "a\"b", "\\", "\\n", "\\\\n", "a\nb", "\n", "\"",
	"\xc3\xa4\xe2\x82\xac\xf0\x9f\x8d\x95", "\t x", "a,b={}", "#", "}", "/\\\"/"};
static const double numbers[] = {0.0, -0.0, 1, -1, 0.1, 1e6, 999999, 1e-5, 5e-324, -5e-324,
	1.7976931348623157e308, 9007199254740993.0, 1700000000.123, INFINITY, -INFINITY, NAN};

enum {
	value_count = sizeof values / sizeof values[0],
	number_count = sizeof numbers / sizeof numbers[0]
};

static struct pitot_snapshot *
awkward(void)
{
	static struct build_row rows[value_count * 2 + number_count];
	static char names[number_count][8];
	struct build_row *row = rows;
	for (size_t i = 0; i < value_count * 2; i++, row++) {
		*row = (struct build_row){.part = i < value_count ? PT_PART_VALUE : PT_PART_TOTAL,
			.labels = {{"l", values[i % value_count]}, {"le_", "x"}},
			.value = (double)i};
		row->family = i == 0 ? "texts" : i == value_count ? "counts" : NULL;
		row->type = i < value_count ? PITOT_GAUGE : PITOT_COUNTER;
		row->help = "a\\b \"c\"\nd";
	}
	for (size_t i = 0; i < number_count; i++, row++) {
		(void)snprintf(names[i], sizeof names[i], "%zu", i);
		*row = (struct build_row){.family = i == 0 ? "numbers" : NULL,
			.type = PITOT_GAUGE,
			.labels = {{"n", names[i]}},
			.value = numbers[i],
			.time_ms = 1700000000000 + (int64_t)i};
	}
	return build_snapshot(rows, sizeof rows / sizeof rows[0], 0);
}

/* text-formats 5 */
/* text-formats 6 */
static void
the_peer_reads_our_text(void)
{
	check_peer(build_every_type(), PITOT_TEXT_0_0_4, "text");
	check_peer(awkward(), PITOT_TEXT_0_0_4, "text");
}

/* text-formats 30 */
static void
the_peer_reads_our_openmetrics(void)
{
	check_peer(build_every_type(), PITOT_OPENMETRICS_1_0, "openmetrics");
	check_peer(awkward(), PITOT_OPENMETRICS_1_0, "openmetrics");
}

static const char *
find_python(void)
{
	static const char *const candidates[] = {"python3", "/usr/bin/python3"};
	for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++) {
		char command[100];
		(void)snprintf(command, sizeof command,
			"%s -c 'import prometheus_client' 2>/dev/null", candidates[i]);
		if (system(command) == 0)
			return candidates[i];
	}
	return NULL;
}

int
main(void)
{
	static const struct check_test tests[] = {
		TEST(the_peer_reads_our_text), TEST(the_peer_reads_our_openmetrics)};
	python = find_python();
	/* 77 is automake's word for skipped. */
	if (python == NULL) {
		printf("codec/peer: skipped: install python3-prometheus-client\n");
		return 77;
	}
	return check_main("codec/peer", tests, sizeof tests / sizeof tests[0]);
}

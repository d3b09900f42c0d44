/* SPDX-License-Identifier: MIT */
#include "base/number.h"
#include "codec/block.h"
#include "proto/remote_write_v1.pb-c.h"
#include "support/check.h"
#include "support/literal.h"
#include "support/trial.h"

#define URL "http://localhost:9090/api/v1/write?tenant=a"
#define TO_1 .protocol = PITOT_PROTOCOL_REMOTE_WRITE_1, .on_refused = PITOT_REFUSED_DROP

/* ---- what was sent, as protobuf-c reads it ---- */

static Prometheus__WriteRequest *
unpack(const struct script_request *request)
{
	struct pt_buf plain;
	pt_buf_init(&plain, PT_LIMIT_REQUEST);
	/* remote-write 2 */
	check_true(pt_block_expand(&plain, request->body, request->length));
	Prometheus__WriteRequest *message =
		prometheus__write_request__unpack(NULL, plain.length, (uint8_t *)plain.bytes);
	check_true(message != NULL);
	pt_buf_clear(&plain);
	return message;
}

/* "name{label="value"} value @time\n" for each sample. */
static void
write_message(struct pt_buf *out, const Prometheus__WriteRequest *message)
{
	for (size_t i = 0; i < message->n_timeseries; i++) {
		const Prometheus__TimeSeries *series = message->timeseries[i];
		/* remote-write 13 */
		for (size_t k = 0; k < series->n_labels; k++) {
			pt_buf_printf(out, "%s%s=%s", k == 0 ? "" : ",", series->labels[k]->name,
				series->labels[k]->value);
			check_true(k == 0 ||
				strcmp(series->labels[k - 1]->name, series->labels[k]->name) < 0);
			check_true(series->labels[k]->value[0] != '\0');
		}
		check_size(series->n_samples, 1);
		check_size(series->n_histograms, 0);
		char text[PT_NUMBER_TEXT];
		size_t length = pt_number_format(text, series->samples[0]->value, PT_NUMBER_PLAIN);
		pt_buf_printf(out, " %.*s @%lld\n", (int)length, text,
			(long long)series->samples[0]->timestamp);
	}
}

static void
check_sent(const struct script_request *request, const char *expected)
{
	struct pt_buf text;
	pt_buf_init(&text, PT_LIMIT_TEXT);
	Prometheus__WriteRequest *message = unpack(request);
	if (message != NULL) {
		/* remote-write 9 */
		check_size(message->n_metadata, 0);
		check_size(message->base.n_unknown_fields, 0);
		write_message(&text, message);
		prometheus__write_request__free_unpacked(message, NULL);
	}
	check_text(pt_buf_text(&text), expected);
	pt_buf_clear(&text);
}

static size_t
count_sent(const struct script_request *request)
{
	Prometheus__WriteRequest *message = unpack(request);
	size_t count = message == NULL ? 0 : message->n_timeseries;
	if (message != NULL)
		prometheus__write_request__free_unpacked(message, NULL);
	return count;
}

/* ---- snapshots ---- */

#define MANY 5000
static struct literal many[MANY];

static struct pitot_snapshot *
many_series(size_t count)
{
	static char labels[MANY][24];
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(labels[i], sizeof labels[i], "x=%zu", i);
		many[i] = (struct literal)GAUGE("a", labels[i], (double)i);
	}
	return literal_snapshot(many, count, 1);
}

static const struct literal one[] = {GAUGE("a", NULL, 1)};

/* ---- tests ---- */

static void
a_request_is_what_the_protocol_says(void)
{
	struct pitot_push_options options = {.url = URL, TO_1, .job = "j", .instance = "i"};
	struct trial trial;
	check_fatal(trial_open(&trial, &options, NULL, 0));
	check_int(trial_push(&trial, LITERAL(one)), 0);
	const struct script_request *request = &trial.script.requests[0];
	/* remote-write 1 */
	check_text(request->method, "POST");
	check_text(request->url, URL);
	/* remote-write 3 */
	/* remote-write 4 */
	check_text(request->headers,
		"Content-Type: application/x-protobuf\nContent-Encoding: snappy\n"
		"X-Prometheus-Remote-Write-Version: 0.1.0\n");
	/* remote-write 15 */
	check_sent(request, "__name__=a,instance=i,job=j 1 @1700000000000\n");
	check_text(trial.report.url, "http://localhost:9090/api/v1/write");
	check_size(trial.report.requests, 2); /* the other tells the family */
	check_size(trial.report.attempts, 2);
	check_size(trial.report.series, 1);
	check_size(trial.report.samples_sent, 1);
	check_size(trial.report.samples_failed, 0);
	check_size(trial.report.bytes_sent, request->length + trial.script.requests[1].length);
	trial_close(&trial);
}

static void
labels_are_added_and_a_series_own_label_wins(void)
{
	static const struct literal rows[] = {
		GAUGE("a", "job=own,zz=1", 1),
		{.family = "h",
			.type = PITOT_HISTOGRAM,
			.part = PT_PART_BUCKET,
			.value = 2,
			.bound = 0.5},
		{.family = "h",
			.type = PITOT_HISTOGRAM,
			.part = PT_PART_COUNT,
			.labels = "zone=z",
			.value = 3,
			.time_ms = 1600000000000},
	};
	/* remote-write 14 */
	static const struct pitot_label labels[] = {{"zone", "eu"}, {"empty", ""}, {"Upper", "u"}};
	struct pitot_push_options options = {
		.url = URL, TO_1, .job = "j", .instance = "", .labels = labels, .label_count = 3};
	struct trial trial;
	check_fatal(trial_open(&trial, &options, NULL, 0));
	check_int(trial_push(&trial, LITERAL(rows)), 0);
	check_sent(&trial.script.requests[0],
		"Upper=u,__name__=a,job=own,zone=eu,zz=1 1 @1700000000000\n"
		"Upper=u,__name__=h_bucket,job=j,le=0.5,zone=eu 2 @1700000000000\n"
		"Upper=u,__name__=h_count,job=j,zone=z 3 @1600000000000\n");
	trial_close(&trial);
}

static void
an_empty_job_adds_no_label(void)
{
	struct pitot_push_options options = {.url = URL, TO_1, .job = "", .instance = ""};
	struct trial trial;
	check_fatal(trial_open(&trial, &options, NULL, 0));
	check_int(trial_push(&trial, LITERAL(one)), 0);
	check_sent(&trial.script.requests[0], "__name__=a 1 @1700000000000\n");
	trial_close(&trial);
}

static void
a_large_snapshot_is_split_by_series(void)
{
	static const size_t counts[] = {1, 1999, 2000, 2001, 4000, 4001, 5000};
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		struct pitot_push_options options = {.url = URL, TO_1};
		struct trial trial;
		check_fatal(trial_open(&trial, &options, NULL, 0));
		check_int(trial_push(&trial, many_series(counts[i])), 0);
		check_size(trial.report.samples_sent, counts[i]);
		size_t requests = (counts[i] + 1999) / 2000, sum = 0;
		check_size(script_count(&trial.script), requests + 1);
		check_size(trial.report.requests, requests + 1);
		for (size_t k = 0; k < requests; k++)
			sum += count_sent(&trial.script.requests[k]);
		check_size(sum, counts[i]);
		trial_close(&trial);
	}
}

static void
no_request_is_larger_than_the_limit(void)
{
	/* remote-write 26 */
	for (size_t limit = 120; limit < 700; limit += 37) {
		struct pitot_push_options options = {
			.url = URL, TO_1, .job = "j", .instance = "i", .max_request_bytes = limit};
		struct trial trial;
		size_t sum = 0;
		check_fatal(trial_open(&trial, &options, NULL, 0));
		check_int(trial_push(&trial, many_series(40)), 0);
		for (size_t i = 0; i < script_count(&trial.script); i++) {
			struct pt_buf plain;
			pt_buf_init(&plain, limit);
			check_true(pt_block_expand(&plain, trial.script.requests[i].body,
				trial.script.requests[i].length));
			sum += count_sent(&trial.script.requests[i]);
			pt_buf_clear(&plain);
		}
		check_size(sum, 40);
		trial_close(&trial);
	}
}

static void
a_series_too_large_for_any_request_is_left_out_and_told(void)
{
	/* remote-write 26 */
	static char labels[600] = "x=";
	memset(labels + 2, 'y', sizeof labels - 3);
	const struct literal rows[] = {
		GAUGE("a", NULL, 1), GAUGE("b", labels, 2), GAUGE("c", NULL, 3)};
	struct pitot_push_options options = {
		.url = URL, TO_1, .job = "j", .instance = "", .max_request_bytes = 300};
	struct trial trial;
	check_fatal(trial_open(&trial, &options, NULL, 0));
	check_int(trial_push(&trial, LITERAL(rows)), PITOT_BAD_INPUT);
	check_contains(trial.why.text, "1 samples are too large for a request");
	check_size(trial.report.samples_sent, 2);
	check_size(trial.report.samples_dropped, 1);
	check_size(trial.report.samples_failed, 0);
	check_text(trial.report.dropped_reason, "too_large");
	trial_close(&trial);
}

static void
refused_data_costs_its_own_request_only(void)
{
	/* remote-write 28 */
	/* remote-write 27 */
	static const struct script_step steps[] = {
		{.status = 400, .body = "out of order"}, {.status = 204}, {.status = 413}};
	struct pitot_push_options options = {.url = URL, TO_1};
	struct trial trial;
	check_fatal(trial_open(&trial, &options, steps, 3));
	check_int(trial_push(&trial, many_series(5000)), PITOT_REFUSED);
	check_contains(trial.why.text, "out of order");
	check_int(trial.why.http_status, 400);
	check_size(script_count(&trial.script), 4);
	check_size(trial.report.requests, 2);
	check_size(trial.report.samples_sent, 2000);
	check_size(trial.report.samples_failed, 3000);
	trial_close(&trial);
}

static void
a_receiver_that_denies_or_is_wrong_ends_the_push(void)
{
	/* remote-write 28 */
	static const struct {
		int status, code;
	} cases[] = {{401, PITOT_DENIED}, {403, PITOT_DENIED}, {404, PITOT_FAILED},
		{405, PITOT_FAILED}, {301, PITOT_FAILED}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct script_step steps[] = {{.status = 200}, {.status = cases[i].status}};
		struct pitot_push_options options = {.url = URL, TO_1};
		struct trial trial;
		check_fatal(trial_open(&trial, &options, steps, 2));
		check_int(trial_push(&trial, many_series(5000)), cases[i].code);
		check_size(script_count(&trial.script), 2);
		check_size(trial.report.samples_sent, 2000);
		check_size(trial.report.samples_failed, 3000);
		trial_close(&trial);
	}
}

static void
a_receiver_that_stays_down_does_not_hold_newer_data_for_ever(void)
{
	/* remote-write 38 */
	static const struct script_step steps[] = {{.status = 500}};
	struct pitot_push_options options = {.url = URL, TO_1};
	struct trial trial;
	check_fatal(trial_open(&trial, &options, steps, 1));
	script_repeat(&trial.script, true);
	pt_deadline_set(trial.deadline, pt_clock_real()->mono_ms(pt_clock_real()) + 200);
	check_int(trial_push(&trial, many_series(5000)), PITOT_UNAVAILABLE);
	check_true(trial.report.attempts >= 1);
	check_size(trial.report.requests, 0);
	check_size(trial.report.samples_sent, 0);
	check_size(trial.report.samples_failed, 5000);
	/* Later, and up again. */
	script_repeat(&trial.script, false);
	pt_deadline_set(trial.deadline, pt_clock_real()->mono_ms(pt_clock_real()) + 60000);
	size_t before = script_count(&trial.script);
	check_int(trial_push(&trial, LITERAL(one)), 0);
	check_size(script_count(&trial.script), before + 2);
	trial_close(&trial);
}

static void
a_retry_resends_the_same_bytes(void)
{
	/* remote-write 29 */
	static const struct script_step steps[] = {
		{.kind = SCRIPT_RESET}, {.status = 503}, {.status = 200}};
	struct pitot_push_options options = {.url = URL, TO_1};
	struct trial trial;
	check_fatal(trial_open(&trial, &options, steps, 3));
	check_int(trial_push(&trial, LITERAL(one)), 0);
	for (size_t i = 1; i < 3; i++)
		check_bytes(trial.script.requests[i].body, trial.script.requests[i].length,
			trial.script.requests[0].body, trial.script.requests[0].length);
	check_size(trial.report.attempts, 4); /* the last tells the family */
	check_true(trial.report.maybe_stored);
	trial_close(&trial);
}

static void
the_future_is_refused_here(void)
{
	/* remote-write 16 */
	int64_t now_ms = pt_clock_real()->wall_ms(pt_clock_real());
	const struct {
		int64_t ahead_ms;
		bool fits;
	} cases[] = {{-1000000, true}, {0, true}, {300000, true}, {900000, false}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct literal rows[] = {GAUGE("a", NULL, 1),
			{.family = "b",
				.type = PITOT_GAUGE,
				.labels = NULL,
				.value = 1,
				.time_ms = now_ms + cases[i].ahead_ms}};
		struct pitot_push_options options = {.url = URL, TO_1};
		struct trial trial;
		check_fatal(trial_open(&trial, &options, NULL, 0));
		check_int(trial_push(&trial, LITERAL(rows)), cases[i].fits ? 0 : PITOT_BAD_INPUT);
		check_contains(trial.why.text, cases[i].fits ? "" : "metric b: its time 1");
		check_size(script_count(&trial.script), cases[i].fits ? 2 : 0);
		check_size(trial.report.dropped[PITOT_DROP_INVALID], cases[i].fits ? 0 : 2);
		trial_close(&trial);
	}
}

static void
names_are_escaped_unless_the_receiver_reads_utf8(void)
{
	static const struct literal rows[] = {GAUGE("dns.lookups", "net.peer=a", 1)};
	static const struct literal clash[] = {
		GAUGE("dns.lookups", NULL, 1), GAUGE("dns_lookups", NULL, 1)};
	for (int utf8 = 0; utf8 <= 1; utf8++) {
		struct pitot_push_options options = {
			.url = URL, TO_1, .job = "", .instance = "", .utf8_names = utf8 != 0};
		struct trial trial;
		check_fatal(trial_open(&trial, &options, NULL, 0));
		check_int(trial_push(&trial, LITERAL(rows)), 0);
		check_sent(&trial.script.requests[0],
			utf8 ? "__name__=dns.lookups,net.peer=a 1 @1700000000000\n"
			     : "__name__=dns_lookups,net_peer=a 1 @1700000000000\n");
		check_int(trial_push(&trial, LITERAL(clash)), utf8 ? 0 : PITOT_BAD_INPUT);
		trial_close(&trial);
	}
}

static void
nothing_is_sent_for_nothing(void)
{
	struct literal rows[] = {GAUGE("a", NULL, pt_number_from_bits(PT_NUMBER_ABSENT))};
	struct pitot_push_options options = {.url = URL, TO_1};
	struct trial trial;
	check_fatal(trial_open(&trial, &options, NULL, 0));
	check_int(trial_push(&trial, literal_snapshot(NULL, 0, 1)), 0);
	check_int(trial_push(&trial, LITERAL(rows)), 0);
	check_size(script_count(&trial.script), 0);
	check_size(trial.report.samples_sent + trial.report.samples_failed, 0);
	trial_close(&trial);
}

CHECK_MAIN("export/remote_write", TEST(a_request_is_what_the_protocol_says),
	TEST(labels_are_added_and_a_series_own_label_wins), TEST(an_empty_job_adds_no_label),
	TEST(a_large_snapshot_is_split_by_series), TEST(no_request_is_larger_than_the_limit),
	TEST(a_series_too_large_for_any_request_is_left_out_and_told),
	TEST(refused_data_costs_its_own_request_only),
	TEST(a_receiver_that_denies_or_is_wrong_ends_the_push),
	TEST(a_receiver_that_stays_down_does_not_hold_newer_data_for_ever),
	TEST(a_retry_resends_the_same_bytes), TEST(the_future_is_refused_here),
	TEST(names_are_escaped_unless_the_receiver_reads_utf8), TEST(nothing_is_sent_for_nothing))

/* SPDX-License-Identifier: MIT */
/*
 * Random programs push again and again, and every request that an exporter makes of them, expanded
 * by libsnappy, is byte for byte what the encoder makes of the same series: whether it was filled
 * from a template, or encoded. PITOT_STEADY_RUNS says how many programs, if not the default.
 */
#include "codec/block.h"
#include "export/options.h"
#include "export/sender.h"
#include <inttypes.h>
#include <stdlib.h>
#include "support/build.h"
#include "support/check.h"
#include "support/herd.h"
#include "support/script.h"
#include "support/tick.h"

#define START_MS INT64_C(1700000000000)

struct program {
	struct script script;
	struct tick tick;
	struct pitot_push_options options;
	struct pt_exporter *exporter;
	struct herd herd;
	unsigned shards;
	struct pt_buf expanded, plain, packed;
	size_t ready, encoded; /* requests by templates, and not */
};

static bool failed;

static void
require(bool condition, const char *what)
{
	if (condition || failed)
		return;
	failed = true;
	check_true_at(__FILE__, __LINE__, what, 0);
}

static bool
open_program(struct program *program, uint64_t *seed)
{
	static const struct pitot_label labels[] = {{"rack", "added"}, {"zone", "eu"}};
	const struct pitot_push_options options = {
		.url = "http://localhost:9090/api/v1/write",
		.protocol = build_random(seed, 2) == 0 ? PITOT_PROTOCOL_REMOTE_WRITE_1
						       : PITOT_PROTOCOL_REMOTE_WRITE_2,
		.job = "j",
		.labels = labels,
		.label_count = build_random(seed, 3),
		.native_histograms = build_random(seed, 3) == 0,
		.old_start_time = build_random(seed, 3) == 0,
		/* So that there are many requests of few series. */
		.max_request_bytes =
			build_random(seed, 8) == 0 ? 0 : 500 + build_random(seed, 9000),
	};
	struct pitot_error why = {.text = ""};
	*program = (struct program){.shards = build_random(seed, 5) == 0 ? 3 : 1};
	script_init(&program->script, NULL, 0);
	tick_init(&program->tick);
	pt_buf_init(&program->expanded, PT_LIMIT_REQUEST);
	pt_buf_init(&program->plain, PT_LIMIT_REQUEST);
	pt_buf_init(&program->packed, PT_LIMIT_REQUEST);
	herd_init(&program->herd, seed, build_random(seed, 300));
	if (pt_options_complete(&program->options, &options, &why) == 0)
		program->exporter = pt_exporter_new(
			&program->options, &program->script.transport, &program->tick.clock, &why);
	check_text(why.text, "");
	return program->exporter != NULL;
}

static void
close_program(struct program *program)
{
	if (program->exporter != NULL)
		program->exporter->free(program->exporter);
	herd_clear(&program->herd);
	pt_buf_clear(&program->expanded);
	pt_buf_clear(&program->plain);
	pt_buf_clear(&program->packed);
	script_clear(&program->script);
}

static size_t
encode(struct program *program, const struct pt_work *work, const struct pt_batch *batch,
	struct pt_write_count *count)
{
	const struct pt_sender *sender = (const struct pt_sender *)program->exporter;
	const struct pt_write_options options = {
		.labels = sender->fit.added,
		.time_ms = work->time_ms,
		.max_bytes = program->options.max_request_bytes,
		.max_series = 2000,
		.end = batch->to,
		.part = work->part,
		.natives = work->natives,
		.old_start = program->options.old_start_time,
		.shard = work->shard,
		.shards = work->shards,
	};
	pt_buf_reset(&program->plain);
	if (batch->format == PT_FORMAT_METADATA)
		return pt_remote_write_v1_metadata(
			&program->plain, work->view.table, batch->from, &options);
	return (batch->format == PT_FORMAT_WRITE_1 ? pt_remote_write_v1_encode
						   : pt_remote_write_v2_encode)(
		&program->plain, &work->view, batch->from, &options, count);
}

static bool
is_same(const struct pt_buf *a, const struct pt_buf *b)
{
	return a->length == b->length &&
		(a->length == 0 || memcmp(a->bytes, b->bytes, a->length) == 0);
}

static void
check_batch(struct program *program, const struct pt_work *work, const struct pt_batch *batch)
{
	struct pt_write_count count = {.oldest_ms = INT64_MAX};
	size_t to = encode(program, work, batch, &count);
	pt_buf_reset(&program->expanded);
	require(pt_block_expand(&program->expanded, batch->body, batch->length), "is a block");
	require(to == batch->to, "ends where an encoder would");
	require(is_same(&program->expanded, &program->plain), "is what an encoder makes");
	require(memcmp(&count, &batch->count, sizeof count) == 0, "counts what an encoder counts");
	pt_buf_reset(&program->packed);
	pt_block_compress(&program->packed, program->plain.bytes, program->plain.length);
	bool packed = program->packed.length == batch->length &&
		memcmp(program->packed.bytes, batch->body, batch->length) == 0;
	*(packed ? &program->encoded : &program->ready) += 1;
}

/* How many samples all requests together must hold. */
static size_t
count_all(struct program *program, const struct pt_work *work)
{
	struct pt_batch all = {.format = PT_FORMAT_WRITE_1, .to = work->view.table->count};
	struct pt_work floats = *work;
	struct pt_write_count count = {.samples = 0};
	floats.part = PT_WRITE_FLOATS;
	size_t limit = program->options.max_request_bytes;
	program->options.max_request_bytes = PT_LIMIT_REQUEST;
	while (all.from < all.to)
		all.from = encode(program, &floats, &all, &count);
	program->options.max_request_bytes = limit;
	return count.samples;
}

static void
push_shard(struct program *program, struct pitot_snapshot *snapshot, unsigned shard)
{
	struct pt_work work = {
		.snapshot = snapshot,
		.time_ms = snapshot->time_ms,
		.now_ms = INT64_C(1) << 45,
		.shard = shard,
		.shards = program->shards,
	};
	struct pitot_error why;
	struct pt_batch batch;
	size_t samples = 0;
	if (program->exporter->begin(program->exporter, &work, &why) != 0) {
		require(false, why.text);
		return;
	}
	while (!failed && program->exporter->next(program->exporter, &work, &batch, &why) == 1) {
		check_batch(program, &work, &batch);
		samples += batch.count.samples;
	}
	require(samples + work.skipped[PITOT_DROP_TOO_LARGE] >= count_all(program, &work),
		"all are sent");
}

static int64_t
next_time(struct program *program, uint64_t *seed, int push)
{
	tick_pass(&program->tick, 15000);
	/* Where varints become longer, before all started, and any. */
	const int64_t odd[] = {((int64_t)1 << 35) - 1, (int64_t)1 << 35, ((int64_t)1 << 42) - 1,
		(int64_t)1 << 42, START_MS - 1, (int64_t)build_random(seed, UINT64_C(1) << 44), 0};
	if (build_random(seed, 30) == 0)
		return odd[build_random(seed, sizeof odd / sizeof odd[0])];
	/* Near the starts of series at first. */
	return START_MS + push * (push < 5 ? 700 : 15001);
}

/* Returns how many requests were filled. */
static size_t
run_program(uint64_t *seed, size_t *encoded)
{
	struct program program;
	if (open_program(&program, seed)) {
		unsigned shard = (unsigned)build_random(seed, program.shards);
		int pushes = 3 + (int)build_random(seed, 25);
		program.herd.calm = 40 + (unsigned)build_random(seed, 61);
		for (int i = 0; i < pushes && !failed; i++) {
			int64_t time_ms = next_time(&program, seed, i);
			struct pitot_snapshot *snapshot = herd_snapshot(&program.herd, time_ms);
			push_shard(&program, snapshot, shard);
			pitot_snapshot_free(snapshot);
		}
	}
	close_program(&program);
	*encoded += program.encoded;
	return program.ready;
}

static void
every_request_is_what_an_encoder_makes(void)
{
	const char *given = getenv("PITOT_STEADY_RUNS");
	unsigned long runs = given != NULL ? strtoul(given, NULL, 10) : 400;
	uint64_t seed = build_seed();
	size_t ready = 0, encoded = 0;
	for (unsigned long i = 0; i < runs && !failed; i++) {
		uint64_t own = seed + i;
		ready += run_program(&own, &encoded);
		if (failed)
			printf("PITOT_TEST_SEED=%" PRIu64 " PITOT_STEADY_RUNS=1 repeats it\n",
				seed + i);
	}
	printf("%zu requests by templates, %zu encoded\n", ready, encoded);
	check_true(ready > encoded / 10 && encoded > 0);
}

CHECK_MAIN("sim/steady", TEST(every_request_is_what_an_encoder_makes))

/* SPDX-License-Identifier: MIT */
#include "base/number.h"
#include "codec/block.h"
#include "export/options.h"
#include "export/sender.h"
#include <stdlib.h>
#include "support/build.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/herd.h"
#include "support/script.h"
#include "support/tick.h"

enum { request_bytes = 2000, push_count = 8 };

/* ---- an exporter, whose requests are compared with the encoder's ---- */

struct program {
	struct script script;
	struct tick tick;
	struct pt_exporter *exporter;
	struct pt_buf expanded, plain;
};

/* Its exporter is NULL if memory is out. */
static void
open_program(struct program *program, enum pitot_protocol protocol)
{
	const struct pitot_push_options options = {
		.url = "http://localhost:9090/api/v1/write",
		.protocol = protocol,
		.max_request_bytes = request_bytes,
	};
	struct pitot_push_options complete;
	struct pitot_error why;
	*program = (struct program){.exporter = NULL};
	script_init(&program->script, NULL, 0);
	tick_init(&program->tick);
	pt_buf_init(&program->expanded, PT_LIMIT_REQUEST);
	pt_buf_init(&program->plain, PT_LIMIT_REQUEST);
	if (pt_options_complete(&complete, &options, &why) == 0)
		program->exporter = pt_exporter_new(
			&complete, &program->script.transport, &program->tick.clock, &why);
}

static void
close_program(struct program *program)
{
	if (program->exporter != NULL)
		program->exporter->free(program->exporter);
	pt_buf_clear(&program->expanded);
	pt_buf_clear(&program->plain);
	script_clear(&program->script);
}

/* The body is what the encoder makes, unless there is no memory to find that out. */
static void
check_batch(struct program *program, const struct pt_work *work, const struct pt_batch *batch)
{
	const struct pt_sender *sender = (const struct pt_sender *)program->exporter;
	struct pt_write_count count = {.samples = 0};
	if (batch->format == PT_FORMAT_METADATA)
		return;
	pt_buf_reset(&program->plain);
	pt_buf_reset(&program->expanded);
	(void)(batch->format == PT_FORMAT_WRITE_1 ? pt_remote_write_v1_encode
						  : pt_remote_write_v2_encode)(&program->plain,
		&work->view, batch->from,
		&(struct pt_write_options){.labels = sender->fit.added,
			.time_ms = work->time_ms,
			.max_bytes = request_bytes,
			.max_series = 2000,
			.end = batch->to},
		&count);
	bool expands = pt_block_expand(&program->expanded, batch->body, batch->length);
	if (pt_buf_error(&program->plain) != 0 || pt_buf_error(&program->expanded) != 0)
		return;
	check_true(expands);
	check_bytes(program->expanded.bytes, program->expanded.length, program->plain.bytes,
		program->plain.length);
}

/* 0, or PITOT_NO_MEMORY. `checks`: compares, which takes memory. */
static int
push(struct program *program, struct pitot_snapshot *snapshot, bool checks)
{
	struct pt_work work = {
		.snapshot = snapshot, .time_ms = snapshot->time_ms, .now_ms = snapshot->time_ms};
	struct pitot_error why = {.code = 0};
	struct pt_batch batch;
	int code = program->exporter->begin(program->exporter, &work, &why);
	if (code != 0)
		return code;
	while ((code = program->exporter->next(program->exporter, &work, &batch, &why)) == 1)
		if (checks)
			check_batch(program, &work, &batch);
	return code;
}

/* ---- pushes ---- */

/* Values that leave their classes, then a table that takes another's place. */
static void
take_snapshots(struct pitot_snapshot **snapshots)
{
	uint64_t seed = 11;
	struct herd herd;
	herd_init(&herd, &seed, 60);
	for (int i = 0; i < push_count; i++) {
		herd.calm = i == 5 ? 0 : 100;
		snapshots[i] = herd_snapshot(&herd, INT64_C(1700000000000) + i * 1000);
		for (size_t k = 0; i == 3 && k < snapshots[i]->table->count; k++)
			if (snapshots[i]->bits[k] != PT_NUMBER_ABSENT)
				snapshots[i]->bits[k] = pt_number_bits((double)k * 1e6 + 0.5);
	}
	herd_clear(&herd);
}

static void
every_request_is_right_or_memory_is_said_to_be_out(void)
{
	static const enum pitot_protocol protocols[] = {
		PITOT_PROTOCOL_REMOTE_WRITE_1, PITOT_PROTOCOL_REMOTE_WRITE_2};
	struct pitot_snapshot *snapshots[push_count];
	take_snapshots(snapshots);
	for (size_t p = 0; p < 2; p++)
		for (struct fault fault = {0}; fault_next(&fault);) {
			struct program program;
			open_program(&program, protocols[p]);
			for (int i = 0; program.exporter != NULL && i < push_count; i++) {
				int code = push(&program, snapshots[i], true);
				check_true(code == 0 || (code == PITOT_NO_MEMORY && fault_met()));
			}
			check_true(program.exporter != NULL || fault_met());
			close_program(&program);
		}
	for (int i = 0; i < push_count; i++)
		pitot_snapshot_free(snapshots[i]);
}

static void
a_steady_push_asks_for_no_memory(void)
{
	struct program program;
	uint64_t seed = 5;
	struct herd herd;
	herd_init(&herd, &seed, 300);
	herd.calm = 100;
	open_program(&program, PITOT_PROTOCOL_REMOTE_WRITE_2);
	check_fatal(program.exporter != NULL);
	struct pitot_snapshot *snapshot = herd_snapshot(&herd, INT64_C(1700000000000));
	/* Those that break have no template. */
	for (size_t i = 0; i < snapshot->table->count; i++)
		snapshot->bits[i] = pt_number_bits((double)i);
	for (int i = 0; i < 4; i++)
		check_int(push(&program, snapshot, true), 0);
	struct fault fault = {0};
	(void)fault_next(&fault);
	check_int(push(&program, snapshot, false), 0);
	check_true(!fault_met());
	(void)fault_next(&fault);
	pitot_snapshot_free(snapshot);
	close_program(&program);
	herd_clear(&herd);
}

CHECK_MAIN("fault/steady", TEST(every_request_is_right_or_memory_is_said_to_be_out),
	TEST(a_steady_push_asks_for_no_memory))

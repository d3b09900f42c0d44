/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes what a spool finds on disk. The input is a recipe: whole records, torn and rotten ones,
 * and any bytes, in segments, and perhaps a position. A record that is read is one that was whole;
 * and after all that the queue still takes and gives records.
 */
#include "fuzz/fuzz.h"
#include "spool/segment.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "support/memory_files.h"

enum { most_segments = 8 };

static const char queue[] = "/spool/0000000000000abc-1";

struct recipe {
	const uint8_t *at, *end;
};

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static uint8_t
next_byte(struct recipe *recipe)
{
	return recipe->at < recipe->end ? *recipe->at++ : 0;
}

static size_t
next_bytes(struct recipe *recipe, const uint8_t **bytes)
{
	size_t length = next_byte(recipe);
	if (length > (size_t)(recipe->end - recipe->at))
		length = (size_t)(recipe->end - recipe->at);
	*bytes = recipe->at;
	recipe->at += length;
	return length;
}

/* A body tells that it was whole: all its bytes are the same, and its length is its format. */
static void
put_record(struct pt_buf *out, struct recipe *recipe, uint8_t how)
{
	char body[64];
	size_t length = next_byte(recipe) % sizeof body, before = out->length;
	memset(body, 'x', sizeof body);
	const struct pt_spool_record record = {
		.format = (uint32_t)length,
		.samples = 1,
		.oldest_ms = next_byte(recipe),
		.body = body,
		.length = length,
	};
	pt_record_put(out, &record);
	size_t size = out->length - before, spot = next_byte(recipe) % size;
	if (how == 1)
		out->length = before + spot; /* torn */
	else if (how == 2)
		out->bytes[before + spot] ^= (char)(1 + next_byte(recipe) % 255); /* rotten */
}

static void
write_file(const struct pt_files *files, const char *name, const void *bytes, size_t length)
{
	char path[100];
	(void)snprintf(path, sizeof path, "%s/%s", queue, name);
	int file = files->open(files, path, PT_OPEN_NEW);
	require(file >= 0 && files->append(files, file, bytes, length) == (int64_t)length);
	files->close(files, file);
}

static void
put_segment(const struct pt_files *files, struct recipe *recipe, unsigned number)
{
	unsigned char head[PT_SEGMENT_HEAD];
	const uint8_t *bytes;
	struct pt_buf out;
	char name[40];
	pt_buf_init(&out, 1 << 20);
	pt_segment_head(head);
	uint8_t how = next_byte(recipe);
	pt_buf_put(&out, head, how == 255 ? how % PT_SEGMENT_HEAD : sizeof head);
	if (how == 254)
		out.bytes[next_byte(recipe) % PT_SEGMENT_HEAD] ^= 1;
	for (uint8_t part = next_byte(recipe) % 16; part > 0; part--) {
		uint8_t kind = next_byte(recipe) % 4;
		if (kind < 3) {
			put_record(&out, recipe, kind);
			continue;
		}
		size_t length = next_bytes(recipe, &bytes);
		pt_buf_put(&out, bytes, length);
	}
	(void)snprintf(name, sizeof name, "%020u.seg", number);
	write_file(files, name, out.bytes, out.length);
	pt_buf_clear(&out);
}

static void
put_position(const struct pt_files *files, struct recipe *recipe)
{
	unsigned char bytes[PT_POSITION_SIZE];
	uint8_t how = next_byte(recipe);
	if (how < 64)
		return;
	pt_position_put(bytes,
		&(struct pt_position){next_byte(recipe) % (most_segments + 2),
			(uint64_t)next_byte(recipe) | (uint64_t)next_byte(recipe) << 8});
	if (how > 200)
		bytes[next_byte(recipe) % sizeof bytes] ^= (unsigned char)how;
	write_file(files, "position", bytes, how == 255 ? 5 : sizeof bytes);
}

static void
read_all(struct pt_spool *spool)
{
	struct pt_spool_record record;
	for (unsigned n = 0; pt_spool_peek(spool, &record); n++) {
		require(n < 16 * most_segments);
		require(record.format == record.length);
		for (size_t i = 0; i < record.length; i++)
			require(((const char *)record.body)[i] == 'x');
		pt_spool_advance(spool);
	}
	struct pt_spool_state state;
	pt_spool_state(spool, &state);
	require(state.records == 0 && state.bytes == 0);
}

/* A queue that lives takes and gives, also to the next process. */
static void
use(const struct pt_spool_options *options, struct memory_files *memory, bool first)
{
	struct pitot_error why;
	struct pt_spool *spool = pt_spool_open(options, &why);
	require(spool != NULL);
	if (!first)
		read_all(spool);
	const struct pt_spool_record record = {
		.format = 3, .samples = 1, .oldest_ms = 1, .body = "xxx", .length = 3};
	require(pt_spool_append(spool, &record, &why) == 0);
	if (first)
		memory->dead = true; /* the process was killed */
	else
		read_all(spool);
	pt_spool_close(spool);
	memory_files_restart(memory);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct memory_files memory;
	struct recipe recipe = {data, data + size};
	memory_files_init(&memory, 1);
	const struct pt_files *files = &memory.files;
	const struct pt_spool_options options = {
		.directory = "/spool",
		.destination = "http://h/",
		.key = 0xabc,
		.segment_bytes = 200,
		.files = files,
		.clock = pt_clock_real(),
	};
	(void)files->make_dir(files, "/spool");
	(void)files->make_dir(files, queue);
	put_position(files, &recipe);
	for (unsigned number = 1 + next_byte(&recipe) % most_segments; number > 0; number--)
		put_segment(files, &recipe, number);
	use(&options, &memory, next_byte(&recipe) % 2 == 0);
	use(&options, &memory, false);
	memory_files_clear(&memory);
	return 0;
}

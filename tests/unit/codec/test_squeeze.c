/* SPDX-License-Identifier: MIT */
#include "codec/squeeze.h"

#include <stdlib.h>
#include "codec/block.h"
#include "support/build.h"
#include "support/check.h"

enum { most = 200000, most_holes = 4000 };

static unsigned char bytes[most];
static struct pt_squeeze_hole holes[most_holes];

/* Each byte stays, but for those in the holes. */
static void
fill_symbols(struct pt_squeeze *squeeze, size_t length, size_t hole_count)
{
	for (size_t i = 0; i < length; i++)
		squeeze->symbols[i] = bytes[i];
	for (size_t i = 0; i < hole_count; i++)
		for (size_t k = 0; k < holes[i].size; k++)
			squeeze->symbols[holes[i].at + k] = PT_SQUEEZE_VALUE;
}

static void
check_block(struct pt_squeeze *squeeze, size_t length)
{
	struct pt_buf plain;
	pt_buf_init(&plain, most + 1);
	check_true(pt_block_expand(&plain, squeeze->out.bytes, squeeze->out.length));
	check_bytes(plain.bytes, plain.length, bytes, length);
	pt_buf_clear(&plain);
}

static void
literals_of_every_length_are_as_the_format_has_them(void)
{
	static const size_t lengths[] = {0, 1, 3, 4, 5, 59, 60, 61, 62, 255, 256, 257, 258, 4095,
		4096, 4097, 65535, 65536, 65537, 65538};
	uint64_t seed = 7;
	struct pt_squeeze squeeze;
	pt_squeeze_init(&squeeze);
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		for (size_t k = 0; k < lengths[i]; k++)
			bytes[k] = (unsigned char)build_random(&seed, 256);
		check_fatal(pt_squeeze_begin(&squeeze, lengths[i]));
		fill_symbols(&squeeze, lengths[i], 0);
		check_true(pt_squeeze_run(&squeeze, bytes, lengths[i], holes, 0));
		check_block(&squeeze, lengths[i]);
	}
	pt_squeeze_clear(&squeeze);
}

/* Text that repeats itself now and then, at distances beyond what copies reach, too. */
static size_t
write_text(uint64_t *seed, size_t length)
{
	for (size_t at = 0; at < length;) {
		size_t size = 1 + build_random(seed, 200);
		size_t from = at == 0 ? 0 : build_random(seed, at);
		bool repeats = at > 0 && build_random(seed, 4) != 0;
		for (size_t i = 0; i < size && at < length; i++, at++)
			bytes[at] =
				repeats ? bytes[from + i] : (unsigned char)build_random(seed, 3);
	}
	return length;
}

static size_t
make_holes(uint64_t *seed, size_t length)
{
	size_t count = 0;
	for (size_t at = build_random(seed, 40); count < most_holes;) {
		size_t size = 1 + build_random(seed, 8);
		if (at + size > length)
			break;
		holes[count++] =
			(struct pt_squeeze_hole){.at = (uint32_t)at, .size = (uint32_t)size};
		at += size + (build_random(seed, 10) == 0 ? 0 : build_random(seed, 120));
	}
	return count;
}

static void
what_is_written_into_the_holes_is_all_that_changes(void)
{
	uint64_t seed = build_seed();
	struct pt_squeeze squeeze;
	pt_squeeze_init(&squeeze);
	for (int i = 0; i < 200; i++) {
		size_t length = write_text(&seed, build_random(&seed, i % 20 == 0 ? most : 3000));
		size_t count = make_holes(&seed, length);
		check_fatal(pt_squeeze_begin(&squeeze, length));
		fill_symbols(&squeeze, length, count);
		check_fatal(pt_squeeze_run(&squeeze, bytes, length, holes, count));
		check_block(&squeeze, length);
		for (size_t k = 0; k < count; k++)
			for (size_t n = 0; n < holes[k].size; n++) {
				unsigned char other = (unsigned char)build_random(&seed, 256);
				bytes[holes[k].at + n] = other;
				squeeze.out.bytes[holes[k].place + n] = (char)other;
			}
		check_block(&squeeze, length);
	}
	pt_squeeze_clear(&squeeze);
}

/* Every 20 bytes a time, and after it a letter; so many that copies do not reach the first. */
static void
all_times_change_by_those_that_stand_there(void)
{
	struct pt_squeeze squeeze;
	pt_squeeze_init(&squeeze);
	check_fatal(pt_squeeze_begin(&squeeze, most));
	uint64_t seed = 3;
	for (size_t i = 0; i < most; i++) {
		bytes[i] = (unsigned char)(i % 20 < 6 ? 't' : build_random(&seed, 256));
		squeeze.symbols[i] = (uint16_t)(i % 20 < 6 ? PT_SQUEEZE_TIME + i % 20 : bytes[i]);
	}
	check_fatal(pt_squeeze_run(&squeeze, bytes, most, holes, 0));
	const struct pt_squeeze_time *times = (const struct pt_squeeze_time *)squeeze.times.bytes;
	size_t count = squeeze.times.length / sizeof times[0];
	check_true(count >= 6 && count < most / 20);
	for (size_t i = 0; i < count; i++)
		squeeze.out.bytes[times[i].place] = (char)('a' + times[i].byte);
	for (size_t i = 0; i < most; i++)
		if (i % 20 < 6)
			bytes[i] = (unsigned char)('a' + i % 20);
	check_block(&squeeze, most);
	pt_squeeze_clear(&squeeze);
}

CHECK_MAIN("codec/squeeze", TEST(literals_of_every_length_are_as_the_format_has_them),
	TEST(what_is_written_into_the_holes_is_all_that_changes),
	TEST(all_times_change_by_those_that_stand_there))

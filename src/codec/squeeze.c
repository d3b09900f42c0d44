/* SPDX-License-Identifier: MIT */
/*
 * The happy path is: between two holes, matches with what came before are looked up by chains of
 * equal groups of four symbols, at the beginning, at the end, and wherever a match ends; then, from
 * the end backwards, the cheapest way from each symbol to the next hole is found; and then it is
 * written. Since any part of a match is a match, going further never costs more, so that only the
 * longest need be looked at: as a copy of three bytes (up to 64 symbols, 65535 back), or of two (4
 * to 11 symbols, up to 2047 back).
 *
 * It is slower than a compressor that hurries, and is meant for what is then used many times. The
 * only failure is that memory is out.
 */
#include "codec/squeeze.h"

#include "base/limits.h"
#include "base/pages.h"

enum {
	group = 4,         /* symbols that a chain has in common */
	hash_bits = 15,    /* of the heads */
	chain_depth = 16,  /* candidates that are looked at for one group */
	copy_most = 64,    /* symbols of a copy */
	copy_back = 65535, /* how far */
	near_least = 4,
	near_most = 11, /* symbols of a short copy */
	near_back = 2047,
	block_most = 4096 /* symbols that are looked at together */
};

/* What can be done at one symbol, and what the rest costs, in bytes. */
struct pt_squeeze_step {
	uint16_t back;      /* of the copy */
	uint16_t near_back; /* of the short copy */
	uint8_t length, near_length;
	uint32_t copy;    /* the cheapest way that begins with a copy */
	uint32_t literal; /* the cheapest way from here if a literal has begun before */
};

/* The state of one run. */
struct run {
	struct pt_squeeze *squeeze;
	const unsigned char *bytes;
	size_t literal; /* where the symbols begin that were not written yet */
	struct pt_squeeze_hole *hole, *hole_end; /* those that were not written yet */
};

/* Symbols that are looked at together: up to a hole, or as many as there is room for. */
struct block {
	struct pt_squeeze *squeeze;
	size_t from, to;
	size_t end_from; /* the first symbol of a match that reaches `to`; `to`: none */
};

/* A match: these symbols are the same as those `back` before them. */
struct span {
	size_t from, to, back;
};

void
pt_squeeze_init(struct pt_squeeze *squeeze)
{
	*squeeze = (struct pt_squeeze){.room = 0};
	pt_buf_init_paged(&squeeze->out, 64 + PT_LIMIT_REQUEST + PT_LIMIT_REQUEST / 4);
	pt_buf_init_paged(&squeeze->times, PT_LIMIT_REQUEST);
}

enum {
	heads_size = sizeof(uint32_t) << hash_bits,
	steps_size = (block_most + 1) * sizeof(struct pt_squeeze_step)
};

static void
free_symbols(struct pt_squeeze *squeeze)
{
	pt_pages_free(squeeze->symbols, squeeze->room * sizeof squeeze->symbols[0]);
	pt_pages_free(squeeze->chain, squeeze->room * sizeof squeeze->chain[0]);
	squeeze->symbols = squeeze->chain = NULL;
	squeeze->room = 0;
}

void
pt_squeeze_clear(struct pt_squeeze *squeeze)
{
	free_symbols(squeeze);
	pt_pages_free(squeeze->heads, heads_size);
	pt_pages_free(squeeze->steps, steps_size);
	pt_buf_clear(&squeeze->out);
	pt_buf_clear(&squeeze->times);
	pt_squeeze_init(squeeze);
}

size_t
pt_squeeze_bytes(const struct pt_squeeze *squeeze)
{
	size_t fixed = squeeze->heads == NULL ? 0 : heads_size + steps_size;
	return squeeze->room * (sizeof squeeze->symbols[0] + sizeof squeeze->chain[0]) + fixed +
		squeeze->out.capacity + squeeze->times.capacity;
}

bool
pt_squeeze_begin(struct pt_squeeze *squeeze, size_t length)
{
	size_t room = length + group;
	if (room > squeeze->room) {
		free_symbols(squeeze);
		squeeze->room = room;
		squeeze->symbols = pt_pages_new(room * sizeof squeeze->symbols[0]);
		squeeze->chain = pt_pages_new(room * sizeof squeeze->chain[0]);
	}
	if (squeeze->heads == NULL)
		squeeze->heads = pt_pages_new(heads_size);
	if (squeeze->steps == NULL)
		squeeze->steps = pt_pages_new(steps_size);
	bool ok = squeeze->symbols != NULL && squeeze->chain != NULL;
	if (!ok)
		free_symbols(squeeze);
	return ok && squeeze->heads != NULL && squeeze->steps != NULL;
}

/* ---- matches ---- */

static uint64_t
group_at(const uint16_t *symbols)
{
	uint64_t all;
	memcpy(&all, symbols, sizeof all);
	return all;
}

/* How many symbols are the same from here on, at most `most`. */
static size_t
common(const uint16_t *a, const uint16_t *b, size_t most)
{
	size_t length = 0;
	while (length + group <= most && group_at(a + length) == group_at(b + length))
		length += group;
	while (length < most && a[length] == b[length])
		length++;
	return length;
}

/* And before here. */
static size_t
common_before(const uint16_t *a, const uint16_t *b, size_t most)
{
	size_t length = 0;
	while (length + group <= most &&
		group_at(a - length - group) == group_at(b - length - group))
		length += group;
	while (length < most && a[-1 - (ptrdiff_t)length] == b[-1 - (ptrdiff_t)length])
		length++;
	return length;
}

/* Puts the groups of a block into their chains; one that reaches out of it is that of no other. */
static void
enter(struct pt_squeeze *squeeze, size_t from, size_t to)
{
	const uint16_t *symbols = squeeze->symbols;
	uint16_t *chain = squeeze->chain;
	uint32_t *heads = squeeze->heads;
	for (size_t at = from; at + group <= to; at++) {
		uint64_t all = group_at(symbols + at);
		uint32_t *head = &heads[all * UINT64_C(0x9e3779b97f4a7c15) >> (64 - hash_bits)];
		/* So much more that an empty head is too far back. */
		uint32_t here = (uint32_t)at + copy_back + 1, back = here - *head;
		chain[at] = (uint16_t)(back > copy_back ? 0 : back);
		*head = here;
	}
}

/* Where it is longer than what was found, it takes that one's place. */
static void
apply(struct block *block, const struct span *span)
{
	struct pt_squeeze_step *steps = block->squeeze->steps;
	for (size_t at = span->from; at < span->to; at++) {
		struct pt_squeeze_step *step = &steps[at - block->from];
		size_t length = span->to - at < copy_most ? span->to - at : copy_most;
		if (length > step->length) {
			step->length = (uint8_t)length;
			step->back = (uint16_t)span->back;
		}
	}
}

/* A short copy is of use where no more than it can take is left. */
static void
apply_near(struct block *block, const struct span *span)
{
	size_t at = span->to - span->from > near_most ? span->to - near_most : span->from;
	for (; at + near_least <= span->to; at++) {
		struct pt_squeeze_step *step = &block->squeeze->steps[at - block->from];
		if (span->to - at > step->near_length) {
			step->near_length = (uint8_t)(span->to - at);
			step->near_back = (uint16_t)span->back;
		}
	}
}

/*
 * Looks for matches that hold the group at `anchor`, and reach as far as may be to its both sides;
 * returns where the furthest ends, or `anchor`.
 */
static size_t
walk(struct block *block, size_t anchor)
{
	const uint16_t *chain = block->squeeze->chain;
	const uint16_t *here = block->squeeze->symbols + anchor;
	struct span furthest = {anchor, anchor, 0}, longest = furthest, near = furthest;
	size_t back = 0;
	for (int i = 0; i < chain_depth && chain[anchor - back] != 0; i++) {
		back += chain[anchor - back];
		if (back > copy_back)
			break;
		const uint16_t *there = here - back;
		ptrdiff_t longer = (ptrdiff_t)longest.from - (ptrdiff_t)anchor - 1;
		/* Only what is better in one of both directions is looked at closely. */
		bool goes_further = here[furthest.to - anchor] == there[furthest.to - anchor];
		bool goes_back = longest.from > block->from && longest.from > back &&
			here[longer] == there[longer];
		if ((!goes_further && !goes_back) || group_at(here) != group_at(there))
			continue;
		struct span span = {anchor, anchor + common(here, there, block->to - anchor), back};
		size_t before =
			anchor - block->from < anchor - back ? anchor - block->from : anchor - back;
		span.from -= common_before(here, there, before);
		if (span.to > furthest.to || (span.to == furthest.to && span.from < furthest.from))
			furthest = span;
		if (span.from < longest.from || (span.from == longest.from && span.to > longest.to))
			longest = span;
		if (back <= near_back && span.to > near.to)
			near = span;
	}
	apply(block, &longest);
	if (furthest.back != longest.back)
		apply(block, &furthest);
	if (near.back != 0)
		apply_near(block, &near);
	block->end_from = furthest.to == block->to && furthest.from < block->end_from
		? furthest.from
		: block->end_from;
	return furthest.to;
}

/*
 * What stands before a hole is often as it was before that of another, though what is before it is
 * not: then the next to the last label differs, and the last one does not. So a match is looked for
 * by its end as well. Zeros at the end tell nothing.
 */
static void
walk_end(struct block *block)
{
	const uint16_t *symbols = block->squeeze->symbols;
	size_t end = block->to;
	while (end > block->from && symbols[end - 1] == 0)
		end--;
	if (end >= block->from + group)
		(void)walk(block, end - group);
}

/* Where a match ends, others are looked for that hold the symbol which is not in it. */
static void
find_matches(struct block *block)
{
	size_t at = block->from, reach = at;
	memset(block->squeeze->steps, 0,
		(block->to - block->from) * sizeof block->squeeze->steps[0]);
	enter(block->squeeze, block->from, block->to);
	block->end_from = block->to;
	walk_end(block);
	while (reach < block->end_from && at + group <= block->to) {
		size_t to = walk(block, at);
		if (to > reach) {
			reach = to;
			at = reach - at >= group ? reach - (group - 1) : reach;
		} else if (at < reach) {
			at = reach;
		} else {
			at = ++reach;
		}
	}
}

/* ---- the cheapest way ---- */

/* From the end backwards; `hole`: a literal begins there. */
static void
find_way(struct run *run, size_t count, bool hole)
{
	struct pt_squeeze_step *steps = run->squeeze->steps;
	steps[count].literal = 0;
	steps[count].copy = hole ? 1 : 0;
	for (size_t i = count; i-- > 0;) {
		struct pt_squeeze_step *step = &steps[i];
		uint32_t next = steps[i + 1].literal, copy = UINT32_MAX / 2, shorter;
		if (step->length > 0)
			copy = 3 + steps[i + step->length].copy;
		if (step->near_length > 0) {
			shorter = 2 + steps[i + step->near_length].copy;
			if (shorter <= copy) {
				copy = shorter;
				step->length = step->near_length;
				step->back = step->near_back;
			}
		}
		step->literal = copy < 1 + next ? copy : 1 + next;
		/* Where no literal has begun, beginning one is the other way. */
		step->copy = copy < 2 + next ? copy : 2 + next;
		if (copy >= 2 + next)
			step->length = 0;
	}
}

/* ---- writing ---- */

static void
put_literal_tag(struct pt_buf *out, size_t length)
{
	size_t rest = length - 1;
	if (rest < 60) {
		pt_buf_char(out, (char)(rest << 2));
		return;
	}
	unsigned bytes = rest < 1u << 8 ? 1 : rest < 1u << 16 ? 2 : rest < 1u << 24 ? 3 : 4;
	pt_buf_char(out, (char)((59 + bytes) << 2));
	for (; bytes > 0; bytes--, rest >>= 8)
		pt_buf_char(out, (char)rest);
}

/* Writes what waits before `to`, and notes the places of what will change in it. */
static void
put_literal(struct run *run, size_t to)
{
	struct pt_buf *out = &run->squeeze->out;
	const uint16_t *symbols = run->squeeze->symbols;
	size_t from = run->literal;
	if (from == to)
		return;
	put_literal_tag(out, to - from);
	for (; run->hole < run->hole_end && run->hole->at < to; run->hole++)
		run->hole->place = (uint32_t)(out->length + run->hole->at - from);
	for (size_t at = from; at < to; at++)
		if (symbols[at] >= PT_SQUEEZE_TIME && symbols[at] < PT_SQUEEZE_VALUE) {
			const struct pt_squeeze_time time = {
				(uint32_t)(out->length + at - from), symbols[at] - PT_SQUEEZE_TIME};
			pt_buf_put(&run->squeeze->times, &time, sizeof time);
		}
	pt_buf_put(out, run->bytes + from, to - from);
	run->literal = to;
}

static void
put_copy(struct run *run, size_t at, const struct pt_squeeze_step *step)
{
	unsigned length = step->length, back = step->back;
	put_literal(run, at);
	if (length >= near_least && length <= near_most && back <= near_back) {
		const unsigned char bytes[] = {
			(unsigned char)(1 | (length - 4) << 2 | back >> 8 << 5),
			(unsigned char)back};
		pt_buf_put(&run->squeeze->out, bytes, sizeof bytes);
	} else {
		const unsigned char bytes[] = {(unsigned char)(2 | (length - 1) << 2),
			(unsigned char)back, (unsigned char)(back >> 8)};
		pt_buf_put(&run->squeeze->out, bytes, sizeof bytes);
	}
	run->literal = at + length;
}

static void
put_way(struct run *run, size_t from, size_t to)
{
	for (size_t at = from; at < to;) {
		const struct pt_squeeze_step *step = &run->squeeze->steps[at - from];
		uint32_t more = 1 + step[1].literal;
		bool begun = run->literal < at;
		if (step->length == 0 || (begun && more <= step->copy)) {
			at++;
			continue;
		}
		put_copy(run, at, step);
		at += step->length;
	}
}

static void
put_length(struct pt_buf *out, size_t length)
{
	for (; length >= 0x80; length >>= 7)
		pt_buf_char(out, (char)(length | 0x80));
	pt_buf_char(out, (char)length);
}

bool
pt_squeeze_run(struct pt_squeeze *squeeze, const unsigned char *bytes, size_t length,
	struct pt_squeeze_hole *holes, size_t hole_count)
{
	struct run run = {
		.squeeze = squeeze, .bytes = bytes, .hole = holes, .hole_end = holes + hole_count};
	const struct pt_squeeze_hole *next = holes;
	pt_buf_reset(&squeeze->out);
	pt_buf_reset(&squeeze->times);
	memset(squeeze->heads, 0, sizeof squeeze->heads[0] << hash_bits);
	memset(squeeze->symbols + length, 0xff, group * sizeof squeeze->symbols[0]);
	put_length(&squeeze->out, length);
	for (size_t at = 0; at < length;) {
		size_t end = next < run.hole_end ? next->at : length;
		size_t to = end - at > block_most ? at + block_most : end;
		find_matches(&(struct block){squeeze, at, to, to});
		find_way(&run, to - at, to == end && next < run.hole_end);
		put_way(&run, at, to);
		at = to;
		if (to == end && next < run.hole_end)
			at += next++->size;
	}
	put_literal(&run, length);
	return pt_buf_error(&squeeze->out) == 0 && pt_buf_error(&squeeze->times) == 0;
}

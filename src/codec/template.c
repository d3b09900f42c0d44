/* SPDX-License-Identifier: MIT */
/*
 * Making and filling templates. Making fails when memory is out, and for what no template is made
 * for: times that are not six bytes long as varints (1971 to 2109 are).
 *
 * Of a value's eight bytes, little-endian, the class lets the lowest 0 to 6 be zero for good, and
 * perhaps the highest be one of three. In the block, the bytes between them are together; before
 * them stand bytes of the compressor, behind them too. So a value is written by one store of eight
 * bytes that leaves those around as they are.
 */
#include "codec/template.h"

#include "base/number.h"
#include "codec/write_item.h"
#include <stdlib.h>

enum {
	class_bits = 5, /* of a place; the others are where it is */
	low_most = 6,   /* bytes that are zero for good */
	time_bytes = 6,
	time_behind = 9 /* of the value's begin: behind it and a tag */
};
#define TIME_LEAST ((int64_t)1 << 35)
#define TIME_MOST (((int64_t)1 << 42) - 1)
#define PLACE_MOST (UINT32_MAX >> class_bits)

struct pt_template {
	size_t bytes; /* of all of it */
	size_t length;
	int64_t not_before, not_after;
	uint32_t samples, absent_count, time_count;
	unsigned char *body;
	uint32_t *places;  /* of each sample: where its eight bytes begin, and its class */
	uint32_t *indexes; /* NULL: sample i is that of series i */
	uint32_t *absent;  /* series that have no value */
	struct pt_squeeze_time *times;
};

/* ---- classes: how many low bytes are zero, and the high byte if it stays ---- */

struct class
{
	uint64_t keep;   /* the bytes that stay */
	uint64_t frozen; /* what they are */
};

#define LOW(zeros) ((UINT64_C(1) << 8 * (zeros)) - 1)
#define CLASS(zeros, keep_high, high)                                                              \
	{                                                                                          \
		LOW(zeros) | UINT64_C(keep_high) << 56, UINT64_C(high) << 56                       \
	}
#define CLASSES(keep_high, high)                                                                   \
	CLASS(0, keep_high, high), CLASS(1, keep_high, high), CLASS(2, keep_high, high),           \
		CLASS(3, keep_high, high), CLASS(4, keep_high, high), CLASS(5, keep_high, high),   \
		CLASS(6, keep_high, high), CLASS(7, keep_high, high)

/* The number of low bytes, + 8 for each of: any high byte, 0x40, 0x41, 0x42. */
static const struct class classes[1 << class_bits] = {
	CLASSES(0, 0), CLASSES(0xff, 0x40), CLASSES(0xff, 0x41), CLASSES(0xff, 0x42)};

static unsigned
low_of(unsigned class)
{
	return class & 7;
}

/* How many of the eight bytes stand in the block. */
static unsigned
own_of(unsigned class)
{
	return 8 - low_of(class) - (class >= 8);
}

static bool
is_in(uint64_t bits, unsigned class)
{
	return ((bits ^ classes[class].frozen) & classes[class].keep) == 0;
}

/* The class of a value that may grow by `headroom` bits. Only integers are thought to stay so. */
static unsigned
class_of(uint64_t bits, bool rises, unsigned headroom)
{
	double value = pt_number_from_bits(bits);
	if (!(value >= 0 && value < 0x1p53) || value != (double)(uint64_t)value ||
		bits == UINT64_C(1) << 63)
		return 0;
	uint64_t number = (uint64_t)value;
	unsigned size = number == 0 ? 0 : 64 - (unsigned)__builtin_clzll(number);
	size += headroom;
	/* An integer of so many bits has all but one of them in the upper 12 + 52 bits. */
	unsigned low = size >= 53 ? 0 : (53 - size) / 8;
	if (low > low_most)
		low = low_most;
	/* Its exponent's upper part: 0x40 from 2 on, 0x41 from 2^17, 0x42 from 2^33. */
	unsigned high = number < 2 || !rises ? 0 : (1022 + size) >> 4;
	if (high < 0x40 || high > 0x42 || high != (unsigned)(bits >> 56))
		return low;
	return low + 8 * (high - 0x3f);
}

/* ---- making ---- */

void
pt_template_maker_init(struct pt_template_maker *maker)
{
	*maker = (struct pt_template_maker){.holes = NULL};
	pt_squeeze_init(&maker->squeeze);
}

void
pt_template_maker_clear(struct pt_template_maker *maker)
{
	pt_squeeze_clear(&maker->squeeze);
	free(maker->holes);
	free(maker->classes);
	pt_template_maker_init(maker);
}

size_t
pt_template_maker_bytes(const struct pt_template_maker *maker)
{
	return pt_squeeze_bytes(&maker->squeeze) +
		maker->capacity * (sizeof maker->holes[0] + sizeof maker->classes[0]);
}

static bool
make_room(struct pt_template_maker *maker, size_t samples, size_t length)
{
	if (samples > maker->capacity) {
		free(maker->holes);
		free(maker->classes);
		maker->holes = malloc(samples * sizeof maker->holes[0]);
		maker->classes = malloc(samples * sizeof maker->classes[0]);
		maker->capacity = maker->holes == NULL || maker->classes == NULL ? 0 : samples;
	}
	return maker->capacity >= samples && pt_squeeze_begin(&maker->squeeze, length);
}

/* What once left a class does not get into one of more zeros again. */
static void
choose_classes(struct pt_template_maker *maker, const struct pt_template_source *source)
{
	const struct pt_template *before = source->before;
	for (size_t i = 0; i < source->marks->count; i++) {
		const struct pt_write_mark *mark = &source->marks->list[i];
		unsigned class = class_of(
			source->bits[mark->index - source->from], mark->rises, source->headroom);
		if (before != NULL && i < before->samples) {
			unsigned old = low_of(before->places[i]);
			if (old < low_of(class))
				class = class - low_of(class) + old;
		}
		maker->classes[i] = (unsigned char)class;
	}
}

static void
widen(uint16_t *restrict symbols, const char *restrict bytes, size_t length)
{
	size_t done = 0;
	for (; done + 16 <= length; done += 16)
		for (size_t i = 0; i < 16; i++) /* so many as a compiler makes vectors of */
			symbols[done + i] = (unsigned char)bytes[done + i];
	for (; done < length; done++)
		symbols[done] = (unsigned char)bytes[done];
}

static void
fill_symbols(struct pt_template_maker *maker, const struct pt_template_source *source)
{
	uint16_t *symbols = maker->squeeze.symbols;
	widen(symbols, source->bytes, source->length);
	for (size_t i = 0; i < source->marks->count; i++) {
		size_t at = source->marks->list[i].at;
		unsigned low = low_of(maker->classes[i]), own = own_of(maker->classes[i]);
		maker->holes[i] = (struct pt_squeeze_hole){.at = (uint32_t)at + low, .size = own};
		for (unsigned k = 0; k < own; k++)
			symbols[at + low + k] = PT_SQUEEZE_VALUE;
		for (unsigned k = 0; k < time_bytes; k++)
			symbols[at + time_behind + k] = (uint16_t)(PT_SQUEEZE_TIME + k);
	}
}

/* All in one piece of memory. */
static struct pt_template *
allocate(const struct pt_template_maker *maker, const struct pt_template_source *source)
{
	size_t samples = source->marks->count, range = source->to - source->from;
	size_t indexes = samples == range ? 0 : samples, absent = 0;
	for (size_t i = 0; i < range && indexes > 0; i++)
		absent += source->bits[i] == PT_NUMBER_ABSENT;
	const struct pt_buf *times = &maker->squeeze.times, *body = &maker->squeeze.out;
	size_t numbers = samples + indexes + absent;
	size_t bytes = sizeof(struct pt_template) + times->length + numbers * sizeof(uint32_t) +
		body->length;
	struct pt_template *template = malloc(bytes);
	if (template == NULL)
		return NULL;
	*template = (struct pt_template){
		.bytes = bytes,
		.length = body->length,
		.samples = (uint32_t)samples,
		.absent_count = (uint32_t)absent,
		.time_count = (uint32_t)(times->length / sizeof(struct pt_squeeze_time)),
		.times = (struct pt_squeeze_time *)(template + 1),
	};
	template->places = (uint32_t *)(template->times + template->time_count);
	template->indexes = indexes == 0 ? NULL : template->places + samples;
	template->absent = template->places + samples + indexes;
	template->body = (unsigned char *)(template->places + numbers);
	if (times->length > 0)
		memcpy(template->times, times->bytes, times->length);
	memcpy(template->body, body->bytes, body->length);
	return template;
}

static void
note_places(struct pt_template *template, const struct pt_template_maker *maker,
	const struct pt_template_source *source)
{
	for (uint32_t i = 0; i < template->samples; i++) {
		unsigned class = maker->classes[i];
		template->places[i] = (maker->holes[i].place - low_of(class)) << class_bits | class;
		if (template->indexes != NULL)
			template->indexes[i] =
				source->marks->list[i].index - (uint32_t)source->from;
	}
	uint32_t absent = 0, range = (uint32_t)(source->to - source->from);
	for (uint32_t i = 0; i < range && absent < template->absent_count; i++)
		if (source->bits[i] == PT_NUMBER_ABSENT)
			template->absent[absent++] = i;
}

struct pt_template *
pt_template_new(struct pt_template_maker *maker, const struct pt_template_source *source)
{
	const struct pt_write_marks *marks = source->marks;
	int64_t not_before = marks->not_before, not_after = marks->not_after;
	if (not_before < TIME_LEAST)
		not_before = TIME_LEAST;
	if (not_after > TIME_MOST)
		not_after = TIME_MOST;
	if (source->time_ms < not_before || source->time_ms > not_after ||
		!make_room(maker, marks->count, source->length))
		return NULL;
	choose_classes(maker, source);
	fill_symbols(maker, source);
	if (!pt_squeeze_run(&maker->squeeze, (const unsigned char *)source->bytes, source->length,
		    maker->holes, marks->count) ||
		maker->squeeze.out.length > PLACE_MOST)
		return NULL;
	struct pt_template *template = allocate(maker, source);
	if (template == NULL)
		return NULL;
	template->not_before = not_before;
	template->not_after = not_after;
	note_places(template, maker, source);
	return template;
}

void
pt_template_free(struct pt_template *template)
{
	free(template);
}

/* ---- filling ---- */

/* As the wire has it: the lowest byte first. */
static uint64_t
little(uint64_t value)
{
	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap64(value) : value;
}

static void
put_value(struct pt_template *template, uint32_t place, uint64_t bits)
{
	unsigned char *at = template->body + (place >> class_bits);
	uint64_t keep = classes[place & ((1 << class_bits) - 1)].keep, both;
	memcpy(&both, at, sizeof both);
	both = little((little(both) & keep) | (bits & ~keep));
	memcpy(at, &both, sizeof both);
}

/*
 * Without a branch. Returns false if some value left its class, or is an infinity, a NaN or absent:
 * then the body is not yet what it should be.
 */
static inline bool
put_all(struct pt_template *template, const uint64_t *bits, const uint32_t *indexes)
{
	const uint64_t sign = UINT64_C(1) << 63, one = UINT64_C(1) << 52;
	uint64_t left = 0, special = 0;
	for (size_t i = 0; i < template->samples; i++) {
		uint32_t place = template->places[i];
		uint64_t value = bits[indexes == NULL ? i : indexes[i]];
		const struct class *class = &classes[place & ((1 << class_bits) - 1)];
		left |= (value ^ class->frozen) & class->keep;
		special |= (value & ~sign) + one; /* an exponent of ones runs over */
		put_value(template, place, value);
	}
	return left == 0 && (special & sign) == 0;
}

/* With a look at each value. */
static enum pt_template_fit
put_each(struct pt_template *template, const uint64_t *bits)
{
	enum pt_template_fit fit = PT_TEMPLATE_FITS;
	for (size_t i = 0; i < template->samples; i++) {
		uint64_t value = bits[template->indexes == NULL ? i : template->indexes[i]];
		if (value == PT_NUMBER_ABSENT)
			return PT_TEMPLATE_OTHER;
		value = pt_write_bits(value);
		if (!is_in(value, template->places[i] & ((1 << class_bits) - 1)))
			fit = PT_TEMPLATE_GROWN;
		put_value(template, template->places[i], value);
	}
	return fit;
}

static void
put_time(struct pt_template *template, int64_t time_ms)
{
	unsigned char varint[time_bytes];
	for (unsigned i = 0; i < time_bytes; i++)
		varint[i] = (unsigned char)((uint64_t)time_ms >> 7 * i | 0x80);
	varint[time_bytes - 1] &= 0x7f;
	for (uint32_t i = 0; i < template->time_count; i++)
		template->body[template->times[i].place] = varint[template->times[i].byte];
}

enum pt_template_fit
pt_template_fill(struct pt_template *template, const uint64_t *bits, int64_t time_ms)
{
	if (time_ms < template->not_before || time_ms > template->not_after)
		return PT_TEMPLATE_OTHER;
	for (uint32_t i = 0; i < template->absent_count; i++)
		if (bits[template->absent[i]] != PT_NUMBER_ABSENT)
			return PT_TEMPLATE_OTHER;
	put_time(template, time_ms);
	bool fits = template->indexes == NULL ? put_all(template, bits, NULL)
					      : put_all(template, bits, template->indexes);
	return fits ? PT_TEMPLATE_FITS : put_each(template, bits);
}

const void *
pt_template_body(const struct pt_template *template, size_t *length)
{
	*length = template->length;
	return template->body;
}

size_t
pt_template_samples(const struct pt_template *template)
{
	return template->samples;
}

size_t
pt_template_bytes(const struct pt_template *template)
{
	return template->bytes;
}

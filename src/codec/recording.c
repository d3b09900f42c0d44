/* SPDX-License-Identifier: MIT */
/*
 * Recording a text while it is written in the ordinary way, and playing it. What is kept never
 * changes, so that any number of threads may play it at once. A table whose series had samples in
 * another way when it was recorded is encoded in the ordinary way.
 */
#include "codec/recording.h"

#include "base/limits.h"
#include "codec/rename.h"
#include <stdlib.h>

/* The text before a number, and the number. */
struct step {
	uint32_t length;
	uint32_t index; /* of the series */
	uint32_t style;
};

/* Whether a series that no step has must have a sample. */
struct silent {
	uint32_t index;
	uint32_t has;
};

struct recorded {
	struct pt_kept kept; /* first */
	struct step *steps;
	struct silent *silent;
	char *text; /* without the numbers; slack behind it */
	size_t step_count, silent_count, length,
		rest; /* the rest is the text behind the last number */
	bool is_classic;
};

static void
recorded_free(struct pt_kept *kept)
{
	struct recorded *recorded = (struct recorded *)kept;
	free(recorded->steps);
	free(recorded->silent);
	free(recorded->text);
	free(recorded);
}

/* Stands where a table was encoded once: most never are again. */
static void
nothing_to_free(struct pt_kept *kept)
{
	(void)kept;
}

static struct pt_kept once = {nothing_to_free};

static _Atomic(struct pt_kept *) *
place_of(struct pt_table *table, enum pitot_format format)
{
	return pt_table_kept(table, format == PITOT_OPENMETRICS_1_0);
}

static const struct recorded *
recorded_of(struct pt_table *table, enum pitot_format format)
{
	_Atomic(struct pt_kept *) *place = place_of(table, format);
	/* acquire: whoever stored it had completed it. */
	const struct pt_kept *kept =
		place == NULL ? NULL : atomic_load_explicit(place, memory_order_acquire);
	return kept == &once ? NULL : (const struct recorded *)kept;
}

bool
pt_recording_is_classic(struct pt_table *table, enum pitot_format format)
{
	const struct recorded *recorded = recorded_of(table, format);
	return recorded != NULL && recorded->is_classic;
}

/* Nothing but series and numbers. */
static bool
is_simple(const struct pitot_snapshot *snapshot, enum pitot_format format,
	const struct pitot_encode_options *options)
{
	return options->label_count == 0 && !options->created_series &&
		(!options->timestamps || snapshot->timestamps == NULL) &&
		(format == PITOT_TEXT_0_0_4 || snapshot->exemplar_count == 0);
}

static inline bool
has_sample(uint64_t bits)
{
	return bits != PT_NUMBER_ABSENT && bits != PT_NUMBER_STALE;
}

/* ---- playing ---- */

/* Room that copy() needs behind what it copies, at its source and where it goes. */
enum { slack = 64 };

/* As pt_escaped_blocks(), but few texts between two numbers are shorter than the first block. */
static inline char *
copy(char *to, const char *from, size_t length)
{
	memcpy(to, from, slack);
	for (size_t at = slack; at < length; at += slack / 2)
		memcpy(to + at, from + at, slack / 2);
	return to + length;
}

/*
 * Whether it has no sample, or is a NaN that no snapshot has: one comparison for both. Then it is
 * encoded in the ordinary way.
 */
static inline bool
may_be_silent(uint64_t bits)
{
	return bits - PT_NUMBER_STALE <= PT_NUMBER_ABSENT - PT_NUMBER_STALE;
}

/* The end of what was written, or NULL if a sample is missing. */
static char *
play(const struct recorded *recorded, const uint64_t *bits, char *to)
{
	const char *text = recorded->text;
	const struct step *step = recorded->steps, *end = step + recorded->step_count;
	for (; step < end; step++) {
		uint64_t value = bits[step->index];
		if (may_be_silent(value))
			return NULL;
		to = copy(to, text, step->length);
		text += step->length;
		to += pt_number_format(
			to, pt_number_from_bits(value), (enum pt_number_style)step->style);
	}
	return copy(to, text, recorded->rest);
}

bool
pt_recording_play(struct pt_buf *out, const struct pitot_snapshot *snapshot,
	enum pitot_format format, const struct pitot_encode_options *options)
{
	const struct recorded *recorded = recorded_of(snapshot->table, format);
	if (recorded == NULL || !is_simple(snapshot, format, options))
		return false;
	for (size_t i = 0; i < recorded->silent_count; i++)
		if (has_sample(snapshot->bits[recorded->silent[i].index]) !=
			(recorded->silent[i].has != 0))
			return false;
	/* One look at the room for all of it. */
	char *room =
		pt_buf_room(out, recorded->length + recorded->step_count * PT_NUMBER_TEXT + slack);
	char *end = room == NULL ? NULL : play(recorded, snapshot->bits, room);
	if (end == NULL)
		return room == NULL; /* that sticks */
	out->length += (size_t)(end - room);
	return true;
}

/* ---- recording ---- */

void
pt_recording_begin(struct pt_recording *recording, const struct pt_buf *out,
	const struct pitot_snapshot *snapshot, enum pitot_format format,
	const struct pitot_encode_options *options)
{
	*recording = (struct pt_recording){.from = out->length};
	pt_buf_init(&recording->steps, PT_LIMIT_TEXT);
	_Atomic(struct pt_kept *) *place = place_of(snapshot->table, format);
	if (place == NULL || !is_simple(snapshot, format, options))
		return;
	struct pt_kept *none = NULL;
	/* relaxed: `once` has nothing in it that must be seen. */
	if (atomic_load_explicit(place, memory_order_relaxed) == &once)
		recording->place = place;
	else
		(void)atomic_compare_exchange_strong_explicit(
			place, &none, &once, memory_order_relaxed, memory_order_relaxed);
}

/* A step with the place of its number, and how long it is. */
struct noted {
	size_t from, to;
	uint32_t index, style;
};

void
pt_recording_add(struct pt_recording *recording, const struct pt_buf *out, size_t from,
	size_t index, enum pt_number_style style)
{
	if (recording->place == NULL)
		return;
	const struct noted noted = {from, out->length, (uint32_t)index, (uint32_t)style};
	pt_buf_put(&recording->steps, &noted, sizeof noted);
}

/* What stands between the numbers. */
static void
cut_numbers(
	struct recorded *recorded, const struct pt_recording *recording, const struct pt_buf *out)
{
	const char *notes = recording->steps.bytes;
	size_t at = recording->from;
	for (size_t i = 0; i < recorded->step_count; i++) {
		struct noted noted;
		memcpy(&noted, notes + i * sizeof noted, sizeof noted);
		size_t length = noted.from - at;
		recorded->steps[i] = (struct step){(uint32_t)length, noted.index, noted.style};
		memcpy(recorded->text + recorded->length, out->bytes + at, length);
		recorded->length += length;
		at = noted.to;
	}
	recorded->rest = out->length - at;
	memcpy(recorded->text + recorded->length, out->bytes + at, recorded->rest);
	recorded->length += recorded->rest;
}

/* The series that no step has; some have two. */
static bool
find_silent(struct recorded *recorded, const struct pitot_snapshot *snapshot)
{
	size_t count = snapshot->table->count, silent = count;
	unsigned char *spoken = calloc(count + 1, 1);
	for (size_t i = 0; spoken != NULL && i < recorded->step_count; i++) {
		silent -= spoken[recorded->steps[i].index] == 0;
		spoken[recorded->steps[i].index] = 1;
	}
	recorded->silent = malloc((silent + 1) * sizeof recorded->silent[0]);
	if (spoken == NULL || recorded->silent == NULL) {
		free(spoken);
		return false;
	}
	for (size_t i = 0; i < count; i++)
		if (spoken[i] == 0)
			recorded->silent[recorded->silent_count++] =
				(struct silent){(uint32_t)i, has_sample(snapshot->bits[i])};
	free(spoken);
	return true;
}

static struct recorded *
make_recorded(const struct pt_recording *recording, const struct pt_buf *out,
	const struct pitot_snapshot *snapshot)
{
	struct recorded *recorded = calloc(1, sizeof *recorded);
	if (recorded == NULL)
		return NULL;
	recorded->kept.free = recorded_free;
	recorded->step_count = recording->steps.length / sizeof(struct noted);
	recorded->steps = malloc((recorded->step_count + 1) * sizeof recorded->steps[0]);
	recorded->text = malloc(out->length - recording->from + slack);
	if (recorded->steps != NULL && recorded->text != NULL) {
		cut_numbers(recorded, recording, out);
		recorded->is_classic = !pt_rename_needed(snapshot->table, PITOT_ESCAPE_UNDERSCORES);
		if (find_silent(recorded, snapshot))
			return recorded;
	}
	recorded_free(&recorded->kept);
	return NULL;
}

static void
keep(const struct pt_recording *recording, struct recorded *recorded)
{
	struct pt_kept *expected = &once;
	/* release: whoever finds it sees what is in it. Another thread may have been first. */
	if (!atomic_compare_exchange_strong_explicit(recording->place, &expected, &recorded->kept,
		    memory_order_release, memory_order_relaxed))
		recorded_free(&recorded->kept);
}

void
pt_recording_end(struct pt_recording *recording, const struct pt_buf *out,
	const struct pitot_snapshot *snapshot)
{
	bool whole = recording->place != NULL && pt_buf_error(out) == 0 &&
		pt_buf_error(&recording->steps) == 0 && recording->steps.length > 0 &&
		out->length - recording->from <= PT_LIMIT_RECORDING;
	struct recorded *recorded = whole ? make_recorded(recording, out, snapshot) : NULL;
	if (recorded != NULL)
		keep(recording, recorded);
	pt_buf_clear(&recording->steps);
}

/* SPDX-License-Identifier: MIT */
/*
 * Texts that are there once for the whole process, however many labels have them: names and values
 * of labels, and the names of a label set together (labels.h). Each has a small number, by which a
 * series remembers it in four bytes; equal texts have equal numbers. A number lives as long as
 * somebody counts on it.
 *
 * Reading the text of a number takes no lock; all else happens while the model's lock is held. Only
 * taking can fail (memory, or 2^26 texts).
 */
#ifndef PT_MODEL_INTERN_H
#define PT_MODEL_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Shorter texts, which are most, are compared and hashed as two words. */
enum { pt_intern_short = 16 };

/* One to be looked for. */
struct pt_text {
	const char *bytes;
	size_t length;
	uint64_t low, high; /* its bytes, and zeros behind them, if it is short */
};

static inline uint64_t
pt_text_word(const char *at)
{
	uint64_t word;
	memcpy(&word, at, sizeof word);
	return word;
}

/*
 * The words of a short text, as memory has them: by reads that overlap, since nothing beyond it may
 * be read, where the lowest byte of a word comes first.
 */
static inline void
pt_text_words(struct pt_text *text, const char *bytes, size_t length)
{
	uint32_t first, last;
	uint64_t both[2] = {0, 0};
	text->high = 0;
	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__) {
		memcpy(both, bytes, length);
		text->low = both[0];
		text->high = both[1];
	} else if (length >= 8) {
		text->low = pt_text_word(bytes);
		text->high = pt_text_word(bytes + length - 8) >> 1 >> (127 - 8 * length);
	} else if (length >= 4) {
		memcpy(&first, bytes, sizeof first);
		memcpy(&last, bytes + length - 4, sizeof last);
		text->low = first | (uint64_t)last << (8 * length - 32);
	} else if (length > 0) {
		const unsigned char *at = (const unsigned char *)bytes;
		text->low = at[0] | (uint64_t)at[length / 2] << length / 2 * 8 |
			(uint64_t)at[length - 1] << (length - 1) * 8;
	} else {
		text->low = 0;
	}
}

static inline struct pt_text
pt_text_of(const char *bytes, size_t length)
{
	struct pt_text text = {.bytes = bytes, .length = length};
	if (length < pt_intern_short)
		pt_text_words(&text, bytes, length);
	return text;
}

/* False: it is long, or may be something else. */
static inline bool
pt_text_is_ascii(const struct pt_text *text)
{
	return text->length < pt_intern_short &&
		((text->low | text->high) & UINT64_C(0x8080808080808080)) == 0;
}

struct pt_interned {
	uint32_t references; /* guarded by the lock */
	uint32_t length;
	uint64_t hash;  /* of the text: for names and values, the same in every process */
	uint64_t place; /* for tables: nobody outside can tell it; see pt_intern_place() */
	char text[];    /* ends in NUL; of at least pt_intern_short bytes, with zeros behind it */
};

/* The `place` of a text, interned or not. */
uint64_t pt_intern_place(const struct pt_text *text);
/* The number of the text, which is copied if it is new; 0 if there is no room for it. */
uint32_t pt_intern_take(const struct pt_text *text);
void pt_intern_drop(uint32_t number);

enum { pt_intern_page = 1024, pt_intern_pages = 1 << 16 };
/* Half a megabyte of address space, of which only what is used becomes memory. */
extern struct pt_interned **pt_intern_book[pt_intern_pages] __attribute__((visibility("hidden")));

/*
 * What stands under a number that the caller, or what it holds a reference to, counts on. It was
 * written before the number was passed on, so whatever brought the number here brought that, too.
 */
static inline const struct pt_interned *
pt_intern_at(uint32_t number)
{
	return pt_intern_book[number / pt_intern_page][number % pt_intern_page];
}

/* A short text and a long one differ in the words, too: one has a NUL in them. */
static inline bool
pt_intern_is(const struct pt_interned *there, const struct pt_text *text)
{
	if (__builtin_expect(text->length < pt_intern_short, true))
		return ((pt_text_word(there->text) ^ text->low) |
			       (pt_text_word(there->text + 8) ^ text->high)) == 0;
	return there->length == text->length && memcmp(there->text, text->bytes, text->length) == 0;
}

/* One more counts on the number. */
static inline void
pt_intern_again(uint32_t number)
{
	pt_intern_book[number / pt_intern_page][number % pt_intern_page]->references++;
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Texts that are there once for the whole process, however many labels have them: names and values
 * of labels. Each has a small number, by which a series remembers it in four bytes; equal texts
 * have equal numbers. A number lives as long as somebody counts on it.
 *
 * Reading the text of a number takes no lock. All else happens between pt_intern_lock() and
 * pt_intern_unlock(), so that the texts of a label set are taken or dropped in one go; a fork waits
 * for that. Only taking can fail (memory, or 2^26 texts).
 */
#ifndef PT_MODEL_INTERN_H
#define PT_MODEL_INTERN_H

#include <stdbool.h>
#include <stdint.h>

struct pt_interned {
	uint32_t references; /* guarded by the lock */
	uint32_t length;
	uint64_t hash; /* of the text, the same in every process */
	uint64_t
		place; /* likewise, for tables: nobody outside can tell it; see pt_intern_place() */
	char text[];   /* ends in NUL; of at least pt_intern_short bytes, with zeros behind it */
};
/* Shorter texts can be compared as two words. */
enum { pt_intern_short = 16 };

/* False if memory is out; there is nothing to unlock then. */
bool pt_intern_lock(void);
void pt_intern_unlock(void);
/* The `place` of a text, interned or not. */
uint64_t pt_intern_place(const char *text, uint32_t length);
/* The number of the text, which is copied if it is new; 0 if there is no room for it. */
uint32_t pt_intern_take(const char *text, uint32_t length);
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

/* One more counts on the number. */
static inline void
pt_intern_again(uint32_t number)
{
	pt_intern_book[number / pt_intern_page][number % pt_intern_page]->references++;
}

#endif

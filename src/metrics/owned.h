/* SPDX-License-Identifier: MIT */
/*
 * Cells that belong to one thread each, so that an update is a load, an addition and a store
 * without a lock prefix, and two threads never fight for a line. An instrument has a number (a
 * "cell"); each thread that updates it has a word of its own under that number; who reads adds them
 * all up, and the instrument's shared cell, where updates go for which there is no memory.
 *
 * owned.c tells how threads come and go. Only making can fail, for want of memory.
 */
#ifndef PT_METRICS_OWNED_H
#define PT_METRICS_OWNED_H

#include "metrics/cell.h"

enum {
	pt_owned_page_cells = 256,
	pt_owned_ranges = 1 << 16, /* of numbers, as many as a page has cells */
	pt_owned_numbers = pt_owned_ranges * pt_owned_page_cells
};

/*
 * An instrument's number, given when it is made or first updated; 0: none yet. Plus
 * pt_owned_numbers it is disarmed: the next update calls pt_owned_make().
 */
struct pt_owned {
	_Atomic uint32_t state;
};

struct pt_owned_page {
	struct pt_owned_page *next; /* the same numbers, of another thread */
	pt_whole cells[pt_owned_page_cells];
};

struct pt_owned_thread;

/*
 * A thread's pages, by what an instrument's state may be, so that one look tells whether it is
 * armed and has a cell: those of no number and of disarmed ones are never there. A megabyte of
 * address space, of which only what is used becomes memory.
 */
typedef struct pt_owned_page *pt_owned_pages_of[2 * pt_owned_ranges];

/*
 * What this thread has. initial-exec: these 16 bytes are found at a constant distance from the
 * thread pointer, instead of by a call that costs as much as the update. A library that is loaded
 * later takes them from what the C library reserves for that (1.6 KiB in glibc).
 */
struct pt_owned_here {
	struct pt_owned_page **pages;   /* never NULL */
	struct pt_owned_thread *thread; /* NULL: has updated nothing yet */
};
extern _Thread_local struct pt_owned_here pt_owned_here
	__attribute__((tls_model("initial-exec"), visibility("hidden")));

/* This thread's cell of that number, or NULL: ask pt_owned_make(). */
static inline pt_whole *
pt_owned_find(struct pt_owned *owned)
{
	/* acquire: whoever gave the number saw all cells of its last user zeroed; so do we. */
	uint32_t state = atomic_load_explicit(&owned->state, memory_order_acquire);
	struct pt_owned_page *page = pt_owned_here.pages[state / pt_owned_page_cells];
	if (__builtin_expect(page == NULL, false))
		return NULL;
	return &page->cells[state % pt_owned_page_cells];
}

/* Likewise, armed and made as need be; making locks and allocates. NULL if memory is out. */
pt_whole *pt_owned_make(struct pt_owned *owned);

/*
 * Gives `count` of them, `step` bytes apart, their numbers now, as far as there are any, so that
 * the numbers of instruments that stand side by side follow one another.
 */
void pt_owned_reserve(struct pt_owned *first, size_t step, size_t count);

/*
 * True if it was armed; it is not any more. An update that comes meanwhile may find it armed and
 * not be noticed; see pt_child_touch(). acquire and release: whoever finds the number that is
 * written here again must see what was done before it was given.
 */
static inline bool
pt_owned_disarm(struct pt_owned *owned)
{
	uint32_t state = atomic_load_explicit(&owned->state, memory_order_acquire);
	if (state == 0 || state >= pt_owned_numbers)
		return false;
	atomic_store_explicit(&owned->state, state + pt_owned_numbers, memory_order_release);
	return true;
}

/* relaxed: only this thread writes its cell; a reader may see it before or after. */
static inline void
pt_owned_add(pt_whole *own, uint64_t amount)
{
	uint64_t old = atomic_load_explicit(own, memory_order_relaxed);
	atomic_store_explicit(own, old + amount, memory_order_relaxed);
}

/*
 * A double that only this thread writes, so that it may read it as plain memory. That leaves it in
 * the register where it is added to: GCC brings atomics there by way of another, which takes as
 * long as the addition, and each addition waits for the one before.
 */
static inline double
pt_owned_double(const pt_whole *own)
{
	double value;
	memcpy(&value, (const void *)own, sizeof value);
	return value;
}

static inline void
pt_owned_add_double(pt_whole *own, double amount)
{
	double sum = pt_owned_double(own) + amount;
	atomic_store_explicit(own, pt_number_bits(sum), memory_order_relaxed);
}

/*
 * Amounts that a thread's cell of doubles may take: 2^64 of them do not overflow it. What a thread
 * counted cannot be set back, so infinity would stay for ever; such amounts go to the shared cell.
 */
#define PT_OWNED_END 0x1p959
static inline bool
pt_owned_takes(double amount)
{
	return __builtin_fabs(amount) < PT_OWNED_END;
}

/* ---- readers ---- */

/*
 * The pages of each range. Never freed. Half a megabyte of address space, of which only what is
 * used becomes memory.
 */
extern _Atomic(struct pt_owned_page *) pt_owned_heads[pt_owned_ranges]
	__attribute__((visibility("hidden")));

/* relaxed: a number that comes meanwhile has counted nothing yet. */
static inline uint32_t
pt_owned_number(struct pt_owned *owned)
{
	return atomic_load_explicit(&owned->state, memory_order_relaxed) % pt_owned_numbers;
}

/* The first page that has the number's cells, then by `next`; NULL: none has. */
static inline struct pt_owned_page *
pt_owned_pages(uint32_t number)
{
	/* acquire: the page found, and those behind it, are seen as they were made. */
	return atomic_load_explicit(
		&pt_owned_heads[number / pt_owned_page_cells], memory_order_acquire);
}

/* The sums of all threads. */
static inline uint64_t
pt_owned_sum(struct pt_owned *owned)
{
	uint32_t number = pt_owned_number(owned);
	uint64_t sum = 0;
	for (struct pt_owned_page *page = pt_owned_pages(number); page != NULL; page = page->next)
		sum += pt_whole_get(&page->cells[number % pt_owned_page_cells]);
	return sum;
}

static inline double
pt_owned_sum_double(struct pt_owned *owned)
{
	uint32_t number = pt_owned_number(owned);
	double sum = 0;
	for (struct pt_owned_page *page = pt_owned_pages(number); page != NULL; page = page->next)
		sum += pt_number_from_bits(
			pt_whole_get(&page->cells[number % pt_owned_page_cells]));
	return sum;
}

/* The sums of `count` numbers that follow one another, as the bits of doubles. */
void pt_owned_sum_row(uint32_t number, size_t count, uint64_t *bits);

/*
 * Reads a shared cell and its threads' together. With `take` zero stays behind: since the threads'
 * cells are not written by others, the shared one then holds what they counted up to now, negated;
 * an update that comes meanwhile is in one of the two.
 */
static inline uint64_t
pt_owned_read(struct pt_owned *owned, pt_whole *shared, bool take)
{
	uint64_t sum = pt_owned_sum(owned);
	return sum + pt_whole_swap(shared, -sum, take);
}

/* Gives the number back, after zeroing its cells; nobody updates or reads the instrument any more.
 */
void pt_owned_clear(struct pt_owned *owned);

/* True if forks wait for this lock; false if memory is out. */
bool pt_owned_follows_forks(void);
/* Holding this lock, no thread comes or goes; numbers and tallies are made and cleared under it. */
void pt_owned_lock(void);
void pt_owned_unlock(void);

#endif

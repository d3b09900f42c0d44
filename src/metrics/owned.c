/* SPDX-License-Identifier: MIT */
/*
 * Threads and their cells.
 *
 * A thread's first update gives it a record; the first update of an instrument, a page with 256
 * cells, one of which is the instrument's. Both are kept for ever: when the thread ends, its record
 * waits, with all it counted, for the next thread that begins, which counts on from there. So
 * nothing is added up at the end, nothing is lost, and memory is that of the most threads at one
 * time, for what they touched. In the child of a fork, the records of the parent's other threads
 * wait likewise: what they had counted stays counted once.
 *
 * Pages are in one list for each range of numbers; a list only grows at its head, so that readers
 * need no lock. The order of creation makes a plan's numbers rise, so that a gather walks through
 * pages once and in order.
 *
 * It fails when memory or numbers are out, or the process has no key left for the end of threads:
 * then pt_owned_make() gives NULL, and updates go to the shared cells.
 *
 * A thread that ends calls leave(), so the code must stay loaded: libpitot is linked with
 * -z nodelete. Whoever puts the archive into something that is unloaded must link that so, too.
 */
#include "metrics/owned.h"

#include "base/pages.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "metrics/numbers.h"
#include "metrics/tally.h"

struct pt_owned_thread {
	struct pt_owned_thread *next;         /* of all */
	struct pt_owned_thread *next_waiting; /* of those that belong to no thread */
	struct pt_owned_page **pages;         /* owned; as in pt_owned_here */
};

static pt_owned_pages_of no_pages; /* never written */

_Thread_local struct pt_owned_here pt_owned_here = {.pages = no_pages};

_Atomic(struct pt_owned_page *) pt_owned_heads[pt_owned_ranges];

static struct {
	pthread_mutex_t lock; /* guards what follows */
	struct pt_numbers numbers;
	bool has_key, follows_forks;
	pthread_key_t key; /* its value is the thread's record */
	struct pt_owned_thread *threads, *waiting;
} all = {.lock = PTHREAD_MUTEX_INITIALIZER};

void
pt_owned_lock(void)
{
	(void)pthread_mutex_lock(&all.lock);
}

void
pt_owned_unlock(void)
{
	(void)pthread_mutex_unlock(&all.lock);
}

/* ---- threads ---- */

static void
leave_waiting(struct pt_owned_thread *thread)
{
	thread->next_waiting = all.waiting;
	all.waiting = thread;
}

/* The end of a thread. Should it update something once more, it begins anew. */
static void
leave(void *record)
{
	pt_owned_here = (struct pt_owned_here){.pages = no_pages};
	pt_owned_lock();
	leave_waiting(record);
	pt_owned_unlock();
}

/* In the child of a fork, the lock is still held. */
static void
begin_child(void)
{
	all.waiting = NULL;
	for (struct pt_owned_thread *thread = all.threads; thread != NULL; thread = thread->next)
		if (thread != pt_owned_here.thread)
			leave_waiting(thread);
	pt_tally_mend(pt_owned_here.thread);
	pt_owned_unlock();
}

/* The lock is held. False, and what is missing is tried again, if there is no memory or no key. */
static bool
begin(void)
{
	if (!all.has_key)
		all.has_key = pthread_key_create(&all.key, leave) == 0;
	if (!all.follows_forks)
		all.follows_forks =
			pthread_atfork(pt_owned_lock, pt_owned_unlock, begin_child) == 0;
	return all.has_key && all.follows_forks;
}

bool
pt_owned_follows_forks(void)
{
	pt_owned_lock();
	(void)begin();
	bool follows = all.follows_forks;
	pt_owned_unlock();
	return follows;
}

static struct pt_owned_thread *
take_record(void)
{
	struct pt_owned_thread *thread = all.waiting;
	if (thread != NULL) {
		all.waiting = thread->next_waiting;
		return thread;
	}
	thread = calloc(1, sizeof *thread);
	if (thread == NULL)
		return NULL;
	thread->pages = pt_pages_new(sizeof(pt_owned_pages_of));
	if (thread->pages == NULL) {
		free(thread);
		return NULL;
	}
	/* Those of many threads stand side by side, and would be one large page after another. */
	pt_pages_sparse(thread->pages, sizeof(pt_owned_pages_of));
	thread->next = all.threads;
	all.threads = thread;
	return thread;
}

/* The lock is held. False: this thread gets no record. */
static bool
enter(void)
{
	struct pt_owned_thread *thread = take_record();
	if (thread == NULL)
		return false;
	if (pthread_setspecific(all.key, thread) != 0) {
		leave_waiting(thread);
		return false;
	}
	/* The lock orders this with the record's last thread. */
	pt_owned_here = (struct pt_owned_here){.pages = thread->pages, .thread = thread};
	return true;
}

/* ---- numbers ---- */

/*
 * The lock is held. Rising; how many there were. None is of the first page, see pt_owned_pages_of.
 */
static size_t
new_numbers(uint32_t *numbers, size_t count)
{
	size_t got = pt_numbers_take(
		&all.numbers, pt_owned_numbers - pt_owned_page_cells, numbers, count);
	for (size_t i = 0; i < got; i++)
		numbers[i] += pt_owned_page_cells;
	return got;
}

/* The lock is held. 0: there are no more. */
static uint32_t
number_of(struct pt_owned *owned)
{
	/* relaxed: given only under the lock. */
	uint32_t number = pt_owned_number(owned);
	return number == 0 && new_numbers(&number, 1) == 0 ? 0 : number;
}

/* The lock is held. False: there are no more. */
static bool
arm(struct pt_owned *owned)
{
	uint32_t number = number_of(owned);
	/* release: see pt_owned_find(). */
	atomic_store_explicit(&owned->state, number, memory_order_release);
	return number != 0;
}

/* Those that get none, for want of memory, get theirs when they are armed. */
void
pt_owned_reserve(struct pt_owned *first, size_t step, size_t count)
{
	uint32_t numbers[pt_owned_page_cells];
	if (count > pt_owned_page_cells)
		count = pt_owned_page_cells;
	pt_owned_lock();
	size_t got = begin() ? new_numbers(numbers, count) : 0;
	for (size_t i = 0; i < got; i++) {
		struct pt_owned *owned = (struct pt_owned *)(void *)((char *)first + i * step);
		/* release: as in arm(), which is still to come. */
		atomic_store_explicit(
			&owned->state, numbers[i] + pt_owned_numbers, memory_order_release);
	}
	pt_owned_unlock();
}

void
pt_owned_clear(struct pt_owned *owned)
{
	uint32_t cleared = pt_owned_number(owned);
	if (cleared == 0)
		return;
	for (struct pt_owned_page *page = pt_owned_pages(cleared); page != NULL; page = page->next)
		pt_whole_set(&page->cells[cleared % pt_owned_page_cells], 0);
	pt_owned_lock();
	pt_numbers_put(&all.numbers, cleared - pt_owned_page_cells);
	pt_owned_unlock();
}

/* ---- pages ---- */

/* A page that a fork finds in the list, but not yet in the record, is read and never written. */
static struct pt_owned_page *
make_page(size_t at)
{
	struct pt_owned_page *page = calloc(1, sizeof *page);
	if (page == NULL)
		return NULL;
	page->next = atomic_load_explicit(&pt_owned_heads[at], memory_order_relaxed);
	/* release: pairs with the acquire in pt_owned_pages(). */
	while (!atomic_compare_exchange_weak_explicit(
		&pt_owned_heads[at], &page->next, page, memory_order_release, memory_order_relaxed))
		;
	pt_owned_here.pages[at] = page;
	return page;
}

/* The cell that is there, if only what was disarmed is to be armed: without the lock. */
static pt_whole *
find_again(struct pt_owned *owned)
{
	/* acquire: as in pt_owned_find(). */
	uint32_t number =
		atomic_load_explicit(&owned->state, memory_order_acquire) % pt_owned_numbers;
	if (number == 0)
		return NULL;
	atomic_store_explicit(&owned->state, number, memory_order_release);
	return pt_owned_find(owned);
}

pt_whole *
pt_owned_make(struct pt_owned *owned)
{
	pt_whole *own = find_again(owned);
	if (own != NULL)
		return own;
	pt_owned_lock();
	bool ok = (pt_owned_here.thread != NULL || (begin() && enter())) && arm(owned);
	pt_owned_unlock();
	if (!ok)
		return NULL;
	uint32_t given = pt_owned_number(owned);
	size_t at = given / pt_owned_page_cells;
	struct pt_owned_page *page = pt_owned_here.pages[at];
	if (page == NULL)
		page = make_page(at);
	return page == NULL ? NULL : &page->cells[given % pt_owned_page_cells];
}

/* ---- a row of numbers ---- */

#define MANTISSA_END (UINT64_C(1) << 52)
enum { unit = 8 };

typedef uint64_t whole_pair __attribute__((vector_size(16)));
typedef double double_pair __attribute__((vector_size(16)));

/* relaxed: each cell is a number on its own. */
static inline uint64_t
sum_of(struct pt_owned_page *page, size_t at)
{
	uint64_t sum = pt_whole_get(&page->cells[at]);
	for (page = page->next; page != NULL; page = page->next)
		sum += pt_whole_get(&page->cells[at]);
	return sum;
}

/*
 * Two cells as doubles, if they are below 2^52: put into the mantissa of 2^52, which is then taken
 * away, since processors convert no two at once.
 */
static inline whole_pair
put_pair(pt_whole *cells, uint64_t *bits)
{
	const whole_pair exponent = {UINT64_C(0x433) << 52, UINT64_C(0x433) << 52};
	const double_pair end = {(double)MANTISSA_END, (double)MANTISSA_END};
	const whole_pair numbers = {pt_whole_get(&cells[0]), pt_whole_get(&cells[1])};
	const double_pair values = (double_pair)(numbers | exponent) - end;
	memcpy(bits, &values, sizeof values);
	return numbers;
}

/* False if a number is too large; then what was put is wrong. */
static inline bool
put_unit(pt_whole *cells, uint64_t *bits)
{
	whole_pair any = put_pair(cells, bits) | put_pair(cells + 2, bits + 2) |
		put_pair(cells + 4, bits + 4) | put_pair(cells + 6, bits + 6);
	return (any[0] | any[1]) < MANTISSA_END;
}

/* The same page has all of them. */
static void
sum_in_page(struct pt_owned_page *page, size_t at, size_t count, uint64_t *bits)
{
	size_t done = 0;
	if (page->next == NULL)
		while (done + unit <= count && put_unit(&page->cells[at + done], bits + done))
			done += unit;
	for (; done < count; done++)
		bits[done] = pt_number_bits((double)sum_of(page, at + done));
}

void
pt_owned_sum_row(uint32_t number, size_t count, uint64_t *bits)
{
	while (count > 0) {
		size_t at = number % pt_owned_page_cells, part = pt_owned_page_cells - at;
		struct pt_owned_page *page = pt_owned_pages(number);
		if (part > count)
			part = count;
		if (page == NULL)
			memset(bits, 0, part * sizeof *bits);
		else
			sum_in_page(page, at, part, bits);
		number += (uint32_t)part;
		bits += part;
		count -= part;
	}
}

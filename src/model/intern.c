/* SPDX-License-Identifier: MIT */
/*
 * A hash table of numbers beside a book that has the texts by number. Slots keep half of the hash,
 * so that growing reads no text, and a text is compared only where it most likely is the one.
 * Taking a text out moves later slots into the gap, so that coming and going leaves no marks.
 */
#include "model/intern.h"

#include "base/hash.h"
#include "base/pages.h"
#include <stdlib.h>
#include <string.h>

struct slot {
	uint32_t hash;
	uint32_t number; /* 0: free */
};

struct pt_interned **pt_intern_book[pt_intern_pages];

static struct {
	struct slot *slots;
	size_t capacity; /* a power of two, at most 7/8 full */
	uint32_t count;
	uint32_t next;  /* never given */
	uint32_t freed; /* the first of a chain in the book: see give_back() */
} all = {.next = 1};

/* ---- numbers ---- */

/* A free number's place in the book has the next free one, marked by its lowest bit. */
static struct pt_interned **
place_of(uint32_t number)
{
	return &pt_intern_book[number / pt_intern_page][number % pt_intern_page];
}

static void
give_back(uint32_t number)
{
	*place_of(number) = (struct pt_interned *)((uintptr_t)all.freed << 1 | 1);
	all.freed = number;
}

/* 0: there is none, or no page for it. */
static uint32_t
new_number(void)
{
	uint32_t number = all.freed;
	if (number != 0) {
		all.freed = (uint32_t)((uintptr_t)*place_of(number) >> 1);
		return number;
	}
	uint32_t page = all.next / pt_intern_page;
	if (page == pt_intern_pages)
		return 0;
	if (pt_intern_book[page] == NULL)
		pt_intern_book[page] = calloc(pt_intern_page, sizeof **pt_intern_book);
	return pt_intern_book[page] == NULL ? 0 : all.next++;
}

/* ---- the table ---- */

static size_t
first_place(uint32_t hash)
{
	return hash & (all.capacity - 1);
}

static size_t
after(size_t at)
{
	return (at + 1) & (all.capacity - 1);
}

static bool
grow(void)
{
	size_t old_capacity = all.capacity;
	struct slot *old = all.slots;
	size_t capacity = old_capacity == 0 ? 64 : old_capacity * 2;
	struct slot *slots = pt_pages_new(capacity * sizeof *slots);
	if (slots == NULL)
		return false;
	all.slots = slots;
	all.capacity = capacity;
	for (size_t i = 0; i < old_capacity; i++) {
		if (old[i].number == 0)
			continue;
		size_t at = first_place(old[i].hash);
		while (slots[at].number != 0)
			at = after(at);
		slots[at] = old[i];
	}
	pt_pages_free(old, old_capacity * sizeof *old);
	return true;
}

/* A short text takes one multiplication, by factors that both depend on the secret. */
uint64_t
pt_intern_place(const struct pt_text *text)
{
	uint64_t secret = pt_hash_secret();
	if (text->length >= pt_intern_short)
		return pt_hash(text->bytes, text->length, secret);
	return pt_hash_mix(secret ^ text->low, (secret << 32 | secret >> 32) ^ text->high);
}

/* Where the text stands, or the free slot where it belongs. */
static size_t
find(const struct pt_text *text, uint32_t hash)
{
	size_t at = first_place(hash);
	for (; all.slots[at].number != 0; at = after(at))
		if (all.slots[at].hash == hash &&
			pt_intern_is(pt_intern_at(all.slots[at].number), text))
			break;
	return at;
}

static struct pt_interned *
new_text(const struct pt_text *text, uint64_t place)
{
	size_t length = text->length;
	size_t size = length < pt_intern_short ? pt_intern_short : length + 1;
	struct pt_interned *made = malloc(sizeof *made + size);
	if (made == NULL)
		return NULL;
	*made = (struct pt_interned){
		.references = 1,
		.length = (uint32_t)length,
		.hash = pt_hash(text->bytes, length, 0),
		.place = place,
	};
	memcpy(made->text, text->bytes, length);
	memset(made->text + length, 0, size - length);
	return made;
}

uint32_t
pt_intern_take(const struct pt_text *text)
{
	if ((all.count + 1) * (size_t)8 > all.capacity * 7 && !grow())
		return 0;
	uint64_t place = pt_intern_place(text);
	struct slot *slot = &all.slots[find(text, (uint32_t)place)];
	if (slot->number != 0) {
		pt_intern_again(slot->number);
		return slot->number;
	}
	struct pt_interned *made = new_text(text, place);
	uint32_t number = made == NULL ? 0 : new_number();
	if (number == 0) {
		free(made);
		return 0;
	}
	*place_of(number) = made;
	*slot = (struct slot){(uint32_t)place, number};
	all.count++;
	return number;
}

static void
take_out(size_t gap)
{
	for (size_t at = after(gap); all.slots[at].number != 0; at = after(at)) {
		/* It may move only towards its own place, not before it. */
		size_t from_home = (at - first_place(all.slots[at].hash)) & (all.capacity - 1);
		if (from_home < ((at - gap) & (all.capacity - 1)))
			continue;
		all.slots[gap] = all.slots[at];
		gap = at;
	}
	all.slots[gap].number = 0;
	all.count--;
}

void
pt_intern_drop(uint32_t number)
{
	struct pt_interned *text = *place_of(number);
	if (--text->references > 0)
		return;
	size_t at = first_place((uint32_t)text->place);
	while (all.slots[at].number != number)
		at = after(at);
	take_out(at);
	free(text);
	give_back(number);
}

/* SPDX-License-Identifier: MIT */
/* See numbers.h. Room for a number's bit is made when it is given, so it can always come back. */
#include "metrics/numbers.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { word_bits = 64 };

static bool
has_room(struct pt_numbers *numbers)
{
	if (numbers->next < numbers->words * word_bits)
		return true;
	size_t words = numbers->words == 0 ? 4 : numbers->words * 2;
	uint64_t *grown = realloc(numbers->free, words * sizeof *grown);
	if (grown == NULL)
		return false;
	memset(grown + numbers->words, 0, (words - numbers->words) * sizeof *grown);
	numbers->free = grown;
	numbers->words = words;
	return true;
}

/* One that was given back; there are some. */
static uint32_t
take_lowest(struct pt_numbers *numbers)
{
	while (numbers->free[numbers->lowest] == 0)
		numbers->lowest++;
	uint64_t *word = &numbers->free[numbers->lowest];
	int bit = __builtin_ctzll(*word);
	*word &= *word - 1;
	numbers->free_count--;
	return (uint32_t)(numbers->lowest * word_bits) + (uint32_t)bit;
}

size_t
pt_numbers_take(struct pt_numbers *numbers, uint32_t end, uint32_t *taken, size_t count)
{
	size_t got = 0;
	while (got < count && numbers->free_count > 0)
		taken[got++] = take_lowest(numbers);
	while (got < count && numbers->next < end && has_room(numbers))
		taken[got++] = numbers->next++;
	return got;
}

void
pt_numbers_put(struct pt_numbers *numbers, uint32_t number)
{
	size_t word = number / word_bits;
	numbers->free[word] |= UINT64_C(1) << number % word_bits;
	numbers->free_count++;
	if (word < numbers->lowest)
		numbers->lowest = word;
}

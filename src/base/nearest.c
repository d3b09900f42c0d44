/* SPDX-License-Identifier: MIT */
/* Levenshtein distance; a third of the word may be wrong. Words over 63 bytes have no neighbour. */
#include <pitot/config.h>

#include <string.h>

static size_t
least(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;
	return ab < c ? ab : c;
}

static size_t
distance(const char *a, const char *b)
{
	size_t row[64], length = strlen(b);
	for (size_t j = 0; j <= length; j++)
		row[j] = j;
	for (size_t i = 0; a[i] != '\0'; i++) {
		size_t corner = row[0];
		row[0] = i + 1;
		for (size_t j = 0; j < length; j++) {
			size_t above = row[j + 1];
			row[j + 1] = least(above + 1, row[j] + 1, corner + (a[i] != b[j]));
			corner = above;
		}
	}
	return row[length];
}

const char *
pitot_nearest(const char *word, const char *const *known, size_t count)
{
	const char *nearest = NULL;
	size_t best = strlen(word) / 3 + 2; /* more than that many are wrong: no neighbour */
	for (size_t i = 0; i < count; i++) {
		if (strlen(known[i]) > 63)
			continue;
		size_t found = distance(word, known[i]);
		if (found < best && found < strlen(known[i])) {
			best = found;
			nearest = known[i];
		}
	}
	return nearest;
}

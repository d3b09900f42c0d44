/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the readers of Accept and Accept-Encoding, a header a line, by turns. Whatever comes, what
 * is chosen can be given, and a second reading chooses the same.
 */
#include "drive/accept.h"
#include "fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

static void
require(bool condition)
{
	if (!condition)
		abort();
}

/* Each header is memory of its own, so that one byte too far is seen. */
static struct pt_accept
read_all(const uint8_t *data, size_t size)
{
	struct pt_accept accept = {.places = 0};
	bool types = true;
	for (size_t at = 0; at < size; types = !types) {
		const uint8_t *end = memchr(data + at, '\n', size - at);
		size_t length = end == NULL ? size - at : (size_t)(end - data) - at;
		char *header = malloc(length + 1);
		require(header != NULL);
		memcpy(header, data + at, length);
		header[length] = '\0';
		(types ? pt_accept_types : pt_accept_codings)(&accept, header);
		free(header);
		at += length + 1;
	}
	return accept;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pt_accept accept = read_all(data, size), again = read_all(data, size);
	enum pitot_format format = pt_accept_format(&accept);
	require(format == PITOT_TEXT_0_0_4 || format == PITOT_OPENMETRICS_1_0);
	require(format != PITOT_OPENMETRICS_1_0 || accept.openmetrics.quality > 0);
	require(!pt_accept_gzip(&accept) || accept.gzip.quality > 0);
	require(accept.text.quality <= 1000 && accept.openmetrics.quality <= 1000);
	require(pt_accept_escaping_text(accept.escaping) != NULL);
	require(pt_accept_format(&again) == format && again.escaping == accept.escaping);
	return 0;
}

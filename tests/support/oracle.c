/* SPDX-License-Identifier: MIT */
/* The checks go on after a failure; only a request that cannot be read ends them. */
#include "oracle.h"

#include "base/number.h"
#include <stdlib.h>
#include <string.h>
#include "proto/remote_write_v1.pb-c.h"
#include "support/check.h"
#include "support/oracle_labels.h"

static void
compare_labels(const struct oracle_labels *expected, const Prometheus__TimeSeries *found)
{
	check_size(found->n_labels, expected->count);
	for (size_t i = 0; i < found->n_labels; i++)
		oracle_labels_check(expected, i, found->labels[i]->name, found->labels[i]->value);
}

static void
compare_sample(uint64_t bits, int64_t time_ms, const Prometheus__TimeSeries *found)
{
	bool is_nan = (bits & INT64_MAX) > UINT64_C(0x7ff) << 52;
	if (is_nan && bits != PT_NUMBER_STALE)
		bits = UINT64_C(0x7ff8000000000001);
	/* remote-write 12 */
	check_size(found->n_histograms, 0);
	check_size(found->n_samples, 1);
	if (found->n_samples != 1)
		return;
	uint64_t found_bits;
	memcpy(&found_bits, &found->samples[0]->value, sizeof found_bits);
	/* remote-write 17 */
	check_true(found_bits == bits);
	/* remote-write 15 */
	check_int(found->samples[0]->timestamp, time_ms);
}

static size_t
compare_all(const Prometheus__WriteRequest *found, const struct pitot_snapshot *snapshot,
	size_t from, size_t to, const struct pt_labels *added, int64_t time_ms)
{
	struct oracle_labels *expected = malloc(sizeof *expected);
	size_t at = 0;
	for (size_t i = from; expected != NULL && i < to; i++) {
		if (snapshot->bits[i] == PT_NUMBER_ABSENT)
			continue;
		struct pitot_sample sample = pitot_snapshot_sample(snapshot, i);
		oracle_labels_expect(expected, &sample, added);
		if (at < found->n_timeseries) {
			compare_labels(expected, found->timeseries[at]);
			compare_sample(snapshot->bits[i],
				sample.has_timestamp ? sample.timestamp_ms : time_ms,
				found->timeseries[at]);
		}
		at++;
	}
	free(expected);
	check_size(found->n_timeseries, at);
	return at;
}

size_t
oracle_write_request(const struct pitot_snapshot *snapshot, size_t from, size_t to,
	const struct pt_labels *added, int64_t time_ms, const void *bytes, size_t length)
{
	/* An empty message has no bytes, which the unpacker wants to see somewhere. */
	static const uint8_t none[1];
	Prometheus__WriteRequest *found =
		prometheus__write_request__unpack(NULL, length, length > 0 ? bytes : none);
	if (!check_true_at(__FILE__, __LINE__, "the request can be unpacked", found != NULL))
		return 0;
	/* remote-write 9 */
	check_size(found->base.n_unknown_fields, 0);
	check_size(found->n_metadata, 0);
	size_t count = compare_all(found, snapshot, from, to, added, time_ms);
	prometheus__write_request__free_unpacked(found, NULL);
	return count;
}

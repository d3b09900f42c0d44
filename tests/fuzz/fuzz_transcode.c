/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the way from a request of remote write 2.0, as it may lie in a spool, to one of 1.0: any
 * bytes are refused, or become a message that another decoder reads, with as many samples.
 */
#include "base/limits.h"
#include "codec/remote_write.h"
#include "fuzz/fuzz.h"
#include <stdlib.h>
#include "proto/remote_write_v1.pb-c.h"
#include "proto/remote_write_v2.pb-c.h"

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static size_t
count_new(const uint8_t *data, size_t size)
{
	Io__Prometheus__Write__V2__Request *request =
		io__prometheus__write__v2__request__unpack(NULL, size, data);
	require(request != NULL);
	size_t count = 0;
	for (size_t i = 0; i < request->n_timeseries; i++)
		count += request->timeseries[i]->n_samples + request->timeseries[i]->n_histograms;
	io__prometheus__write__v2__request__free_unpacked(request, NULL);
	return count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pt_buf out;
	struct pt_write_count lost = {.samples = 0};
	pt_buf_init(&out, PT_LIMIT_REQUEST);
	if (pt_remote_write_v1_from_v2(&out, data, size, &lost)) {
		Prometheus__WriteRequest *request = prometheus__write_request__unpack(
			NULL, out.length, (const uint8_t *)out.bytes);
		require(request != NULL && request->n_metadata == 0);
		size_t count = 0;
		for (size_t i = 0; i < request->n_timeseries; i++)
			count += request->timeseries[i]->n_samples +
				request->timeseries[i]->n_histograms;
		prometheus__write_request__free_unpacked(request, NULL);
		require(count + lost.samples + lost.histograms == count_new(data, size));
	}
	pt_buf_clear(&out);
	return 0;
}

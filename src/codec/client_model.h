/* SPDX-License-Identifier: MIT */
/*
 * The protobuf of io.prometheus.client, families one after the other behind their lengths: what a
 * Pushgateway takes beside text (specs/pushgateway 4.2). It carries what text does, and exemplars,
 * start times and native histograms.
 */
#ifndef PT_CODEC_CLIENT_MODEL_H
#define PT_CODEC_CLIENT_MODEL_H

#include "base/buf.h"
#include "model/snapshot.h"

/*
 * Whether it carries all samples as text would: the counts of histograms and summaries are whole
 * numbers, and all names are classic ones (older gateways take others and break).
 */
bool pt_client_model_fits(const struct pitot_snapshot *snapshot);
/* Whether it carries more than text: there are exemplars, or native histograms, if asked for. */
bool pt_client_model_gains(const struct pitot_snapshot *snapshot, bool natives);
/*
 * Appends all families; stale and absent values are left out. Native histograms stand beside their
 * classic buckets, but for those of floats or with custom bounds, which the format lacks or which
 * gateways mix up. Returns how many exemplars are in it. Failures stick in the buffer.
 */
size_t pt_client_model_encode(
	struct pt_buf *out, const struct pitot_snapshot *snapshot, bool natives);

#endif

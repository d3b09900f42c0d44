/* SPDX-License-Identifier: MIT */
/* A native histogram as fields of the protobuf messages that carry one. */
#ifndef PT_CODEC_NATIVE_MESSAGE_H
#define PT_CODEC_NATIVE_MESSAGE_H

#include "base/buf.h"
#include "model/native.h"

/* Remote write of both versions: all but time, start and custom bounds (specs/remote-write 2.3). */
void pt_native_put_write(struct pt_buf *out, const struct pt_native *native);
/* The custom bounds, which stand behind the time; none is nothing. */
void pt_native_put_bounds(struct pt_buf *out, const struct pt_native *native);
/*
 * io.prometheus.client.Histogram: all but count and sum, which it shares with the classic buckets;
 * of integers, and exponential (specs/pushgateway 4.2).
 */
void pt_native_put_client(struct pt_buf *out, const struct pt_native *native);

#endif

/* SPDX-License-Identifier: MIT */
/* Reading the protobuf that Pushgateways take, by writing it as text. */
#ifndef PT_CODEC_CLIENT_MODEL_TEXT_H
#define PT_CODEC_CLIENT_MODEL_TEXT_H

#include "base/buf.h"
#include <pitot/error.h>

/*
 * Appends the families, which stand one after the other behind their lengths, as text 0.0.4.
 * Exemplars and native parts of histograms have no place there. PITOT_BAD_INPUT tells which family
 * is damaged.
 */
int pt_client_model_text(
	struct pt_buf *out, const void *bytes, size_t length, struct pitot_error *why);

#endif

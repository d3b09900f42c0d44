/* SPDX-License-Identifier: MIT */
/*
 * A finished, compressed request of remote write that is filled anew for each push.
 *
 * From push to push of the same series only their values and the one time change. So the request
 * is compressed once, in such a way that each value stands in the block as itself (no copy touches
 * it) and the time stands there once, of which all others are copies. A push then only writes each
 * value to its known place, and is done: no encoding, no compressing.
 *
 * Most values are counts, and a double that is a small integer ends in zero bytes and begins with
 * the same byte as others. Those bytes are left to the compressor like all that stays, so the block
 * becomes as small as that of an ordinary compressor; the value's class says which they are. A
 * value that leaves its class is noticed, and the template has to be made anew for it.
 *
 * What a template makes is, when it is expanded, byte for byte what the encoder would have made.
 */
#ifndef PT_CODEC_TEMPLATE_H
#define PT_CODEC_TEMPLATE_H

#include "codec/remote_write.h"
#include "codec/squeeze.h"

struct pt_template;

/* Memory for making templates, kept among them. */
struct pt_template_maker {
	struct pt_squeeze squeeze;
	struct pt_squeeze_hole *holes;
	unsigned char *classes;
	size_t capacity; /* of both */
};

void pt_template_maker_init(struct pt_template_maker *maker);
void pt_template_maker_clear(struct pt_template_maker *maker);
size_t pt_template_maker_bytes(const struct pt_template_maker *maker);

/* An encoder's request, and what it was made from. */
struct pt_template_source {
	const char *bytes; /* not compressed */
	size_t length;
	const struct pt_write_marks *marks; /* at least one, and not odd */
	const uint64_t *bits;               /* of the series from the table's index `from` on */
	size_t from, to;                    /* the series that were looked at */
	int64_t time_ms;
	/* What was made for the same series before, some of whose values have left it; or NULL. */
	const struct pt_template *before;
	unsigned headroom; /* how often a count may double before it leaves its class */
};

/*
 * It holds the request of `source`. NULL if memory is out, or the times or sizes are such that
 * there is no template for them.
 */
struct pt_template *pt_template_new(
	struct pt_template_maker *maker, const struct pt_template_source *source);
void pt_template_free(struct pt_template *template); /* also for NULL */

enum pt_template_fit {
	PT_TEMPLATE_FITS,
	PT_TEMPLATE_GROWN, /* a value has left its class: make it anew from this one */
	PT_TEMPLATE_OTHER  /* other series have a value, or the time is none for it */
};

/*
 * Fills it with the values of a snapshot, `bits` being those of the series that stands where
 * `from` did. The body is not to be used unless it fits. The caller sees to it that none of the
 * series has an exemplar or a time of its own.
 */
enum pt_template_fit pt_template_fill(
	struct pt_template *template, const uint64_t *bits, int64_t time_ms);
const void *pt_template_body(const struct pt_template *template, size_t *length);
/* How many samples are in it. */
size_t pt_template_samples(const struct pt_template *template);
size_t pt_template_bytes(const struct pt_template *template);

#endif

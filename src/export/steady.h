/* SPDX-License-Identifier: MIT */
/*
 * What an exporter of remote write remembers of the requests it made, so that the same series need
 * not be encoded and compressed again when only their values have changed: a template for each
 * request (codec/template.h).
 *
 * A table of series is cut into slots, one for each request. The second time that a slot's request
 * has the same series, its template is made; a program that pushes once never pays for one. When a
 * table takes the place of another, slots whose series stand unchanged in it keep their templates
 * and their borders; only what is between them is cut and made anew.
 *
 * It belongs to the thread that makes requests. A request is a template's own memory: it is valid
 * until the next one is made, as pt_exporter.next() says, and until then nothing writes to it. A
 * lane sends it, or copies it into its spool, before it asks for the next.
 *
 * Nothing here fails: where memory is out, or the limit reached, requests are encoded as always.
 */
#ifndef PT_EXPORT_STEADY_H
#define PT_EXPORT_STEADY_H

#include "codec/template.h"

struct pt_steady {
	size_t most_series; /* of the table, in one slot */
	/* private */
	struct pt_steady_plan **plans;
	size_t plan_count;
	struct pt_steady_plan *plan; /* of the table that requests are made of; or NULL */
	unsigned version;            /* of what requests are like: all templates are for it */
	size_t template_bytes;
	bool has_made;  /* a template, since the work began */
	bool is_marked; /* the request that is being encoded */
	struct pt_template_maker maker;
	struct pt_write_marks marks;
};

/* Which series are asked for. */
struct pt_steady_request {
	const struct pitot_snapshot *view;
	int64_t time_ms;
	size_t from, end; /* in the table */
};

void pt_steady_init(struct pt_steady *steady, size_t most_series);
void pt_steady_clear(struct pt_steady *steady);
size_t pt_steady_bytes(const struct pt_steady *steady);

/*
 * A work begins whose series are those of `table`; `version` differs where requests of the same
 * series would. True if the table is referenced from now on, until no one else does.
 */
bool pt_steady_begin(
	struct pt_steady *steady, struct pt_table *table, unsigned version, int64_t mono_ms);
/* A work begins about whose series nothing is to be remembered. */
void pt_steady_begin_other(struct pt_steady *steady);
/* The work is done. */
void pt_steady_end(struct pt_steady *steady);

/* The request that begins at request->from, filled; *to is where it ends. NULL: encode it. */
const struct pt_template *pt_steady_fill(
	struct pt_steady *steady, const struct pt_steady_request *request, size_t *to);
/* Where an encoder has to stop that begins there, and what it is to mark (or NULL). */
size_t pt_steady_border(const struct pt_steady *steady, const struct pt_steady_request *request);
struct pt_write_marks *pt_steady_marks(
	struct pt_steady *steady, const struct pt_steady_request *request);
/* What was encoded, not compressed yet. */
struct pt_steady_made {
	size_t to;                  /* the index that the encoder returned */
	const struct pt_buf *plain; /* may be empty */
	const struct pt_write_count *count;
};
/* The template of the request if one was made of it, and holds it; or NULL. */
const struct pt_template *pt_steady_learn(struct pt_steady *steady,
	const struct pt_steady_request *request, const struct pt_steady_made *made);

#endif

/* SPDX-License-Identifier: MIT */
/* Reads an answer as libcurl hands it over: bounded, printable, with the headers that matter. */
#ifndef PT_NET_ANSWER_H
#define PT_NET_ANSWER_H

#include "net/transport.h"

struct pt_answer_reader {
	struct pt_http_answer *answer;
	size_t kept;   /* bytes of the body in the answer */
	size_t seen;   /* bytes of headers and body so far */
	bool too_long; /* there was more than anybody needs; the transfer was ended */
};

/* Empties `answer`. */
void pt_answer_begin(struct pt_answer_reader *reader, struct pt_http_answer *answer);
/* For CURLOPT_WRITEFUNCTION and CURLOPT_HEADERFUNCTION; `context` is the reader. */
size_t pt_answer_take_body(char *bytes, size_t one, size_t count, void *context);
size_t pt_answer_take_header(char *line, size_t one, size_t count, void *context);
/* Makes what was kept printable. */
void pt_answer_end(struct pt_answer_reader *reader);

#endif

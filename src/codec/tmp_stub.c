/* SPDX-License-Identifier: MIT */
#include "codec/remote_write.h"
#include "spool/spool.h"
#include <stdlib.h>
const struct pt_files *
pt_files_real(void)
{
	return NULL;
}
struct pt_spool *
pt_spool_open(const struct pt_spool_options *options, struct pitot_error *why)
{
	(void)options;
	(void)why;
	return NULL;
}
void
pt_spool_close(struct pt_spool *spool)
{
	(void)spool;
}
int
pt_spool_append(
	struct pt_spool *spool, const struct pt_spool_record *record, struct pitot_error *why)
{
	(void)spool;
	(void)record;
	(void)why;
	return 0;
}
bool
pt_spool_peek(struct pt_spool *spool, struct pt_spool_record *record)
{
	(void)spool;
	(void)record;
	return false;
}
void
pt_spool_advance(struct pt_spool *spool)
{
	(void)spool;
}
int
pt_spool_sync(struct pt_spool *spool, struct pitot_error *why)
{
	(void)spool;
	(void)why;
	return 0;
}
void
pt_spool_state(struct pt_spool *spool, struct pt_spool_state *state)
{
	(void)spool;
	*state = (struct pt_spool_state){0};
}
bool
pt_spool_next(struct pt_spool *spool)
{
	(void)spool;
	return false;
}

#include "codec/remote_write.h"
#include "spool/spool.h"
#include <stdlib.h>
size_t
pt_remote_write_v2_encode(struct pt_buf *out, const struct pitot_snapshot *snapshot, size_t from,
	const struct pt_write_options *options, struct pt_write_count *count)
{
	return pt_remote_write_v1_encode(out, snapshot, from, options, count);
}
size_t
pt_remote_write_v1_metadata(struct pt_buf *out, const struct pt_table *table, size_t from,
	const struct pt_write_options *options)
{
	(void)out;
	(void)table;
	(void)from;
	return options->end;
}
bool
pt_remote_write_v1_from_v2(
	struct pt_buf *out, const void *bytes, size_t length, struct pt_write_count *lost)
{
	(void)out;
	(void)bytes;
	(void)length;
	(void)lost;
	abort();
}
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

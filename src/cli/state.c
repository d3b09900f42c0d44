/* SPDX-License-Identifier: MIT */
/*
 * A lock file beside it (PATH.lock) is held only while the file is replaced, so that runs do not
 * wait for each other. What another run counted meanwhile is the difference to what was read.
 */
#include "cli/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cli/cli.h"

static bool
fail(const char *path, const char *why)
{
	fprintf(stderr, "pitot: run: %s: %s\n", path, why);
	return false;
}

static char *
beside(const char *path, const char *end)
{
	char *name = NULL;
	return asprintf(&name, "%s%s", path, end) < 0 ? NULL : name;
}

/* ---- reading ---- */

static char *
read_all(FILE *stream, size_t *length)
{
	char *bytes = NULL;
	size_t capacity = 0;
	*length = 0;
	for (;;) {
		if (*length == capacity) {
			capacity = capacity == 0 ? 65536 : capacity * 2;
			char *larger = realloc(bytes, capacity);
			if (larger == NULL)
				break;
			bytes = larger;
		}
		size_t got = fread(bytes + *length, 1, capacity - *length, stream);
		*length += got;
		if (got == 0 && !ferror(stream))
			return bytes;
		if (got == 0)
			break;
	}
	free(bytes);
	return NULL;
}

/* NULL if it cannot be opened or is no file: of those only files can be replaced. */
static FILE *
open_file(const char *path)
{
	struct stat seen;
	int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	FILE *stream = NULL;
	if (file >= 0 && fstat(file, &seen) == 0) {
		errno = S_ISDIR(seen.st_mode) ? EISDIR : EINVAL;
		stream = S_ISREG(seen.st_mode) ? fdopen(file, "r") : NULL;
	}
	if (stream == NULL && file >= 0) {
		int failure = errno;
		(void)close(file); /* only read */
		errno = failure;
	}
	return stream;
}

/* Text that is damaged is kept beside it, and the counters begin anew. */
static void
set_aside(const char *path, const struct pitot_error *why)
{
	char *away = beside(path, ".damaged");
	fprintf(stderr, "pitot: run: --state: %s: it is set aside\n", why->text);
	if (away != NULL)
		(void)rename(path, away);
	free(away);
}

/*
 * NULL with *ok if there is none yet. What cannot be read is not written either: it may hold
 * counters.
 */
static struct pitot_snapshot *
read_file(struct cli_state *state, bool *ok)
{
	struct pitot_error why;
	const char *path = state->path;
	size_t length = 0;
	FILE *stream = open_file(path);
	*ok = stream == NULL && errno == ENOENT;
	if (*ok)
		return NULL;
	char *bytes = stream == NULL ? NULL : read_all(stream, &length);
	if (bytes == NULL) {
		(void)fail(path, strerror(errno));
		state->path = NULL;
	}
	if (stream != NULL)
		(void)fclose(stream); /* only read */
	struct pitot_snapshot *snapshot = NULL;
	if (bytes != NULL)
		snapshot = pitot_parse(bytes, length,
			&(struct pitot_parse_options){
				.source = path, .format = PITOT_OPENMETRICS_1_0},
			&why);
	*ok = snapshot != NULL;
	if (bytes != NULL && snapshot == NULL)
		set_aside(path, &why);
	free(bytes);
	return snapshot;
}

bool
cli_state_begin(struct cli_state *state, const char *path, cli_state_fn *restore, void *context)
{
	bool ok = true;
	*state = (struct cli_state){.path = path};
	if (path == NULL)
		return true;
	state->before = read_file(state, &ok);
	for (size_t i = 0; state->before != NULL && i < pitot_snapshot_size(state->before); i++) {
		struct pitot_sample sample = pitot_snapshot_sample(state->before, i);
		restore(context, &sample, sample.value);
	}
	return ok;
}

/* ---- writing ---- */

static bool
same_series(const struct pitot_sample *a, const struct pitot_sample *b)
{
	bool same = strcmp(a->family, b->family) == 0 && strcmp(a->suffix, b->suffix) == 0 &&
		a->label_count == b->label_count;
	for (size_t i = 0; same && i < a->label_count; i++) {
		struct pitot_label left = pitot_sample_label(a, i),
				   right = pitot_sample_label(b, i);
		same = strcmp(left.name, right.name) == 0 && strcmp(left.value, right.value) == 0;
	}
	return same;
}

/* Runs write their series in about the same order, so the next one is mostly the right one. */
static double
value_before(const struct cli_state *state, const struct pitot_sample *sample, size_t *next)
{
	size_t size = state->before == NULL ? 0 : pitot_snapshot_size(state->before);
	for (size_t i = 0; i < size; i++) {
		size_t at = (*next + i) % size;
		struct pitot_sample before = pitot_snapshot_sample(state->before, at);
		if (!same_series(&before, sample))
			continue;
		*next = at + 1;
		return before.value;
	}
	return 0;
}

/* What runs counted that ended since we began. */
static bool
add_others(struct cli_state *state, const struct cli_state_use *use)
{
	bool ok;
	size_t next = 0;
	struct pitot_snapshot *now = read_file(state, &ok);
	for (size_t i = 0; now != NULL && i < pitot_snapshot_size(now); i++) {
		struct pitot_sample sample = pitot_snapshot_sample(now, i);
		if (sample.type != PITOT_COUNTER)
			continue;
		double amount = sample.value - value_before(state, &sample, &next);
		if (amount > 0)
			use->add(use->context, &sample, amount);
	}
	pitot_snapshot_free(now);
	return ok;
}

static bool
write_registry(const char *path, struct pitot_registry *registry)
{
	struct pitot_error why;
	char *bytes = NULL;
	size_t length = 0;
	const struct pitot_encode_options options = {.created_series = true};
	struct pitot_snapshot *snapshot = pitot_snapshot_take(registry, &why);
	if (snapshot == NULL ||
		pitot_encode(snapshot, PITOT_OPENMETRICS_1_0, &options, &bytes, &length, &why) !=
			0) {
		pitot_snapshot_free(snapshot);
		return fail(path, why.text);
	}
	int failure = cli_output_write(path, bytes, length);
	free(bytes);
	pitot_snapshot_free(snapshot);
	return failure == 0 || fail(path, strerror(failure));
}

/* False, told, if another run holds it for too long. */
static bool
take_lock(int lock, const char *name, const struct cli_state_use *use)
{
	while (flock(lock, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return fail(name, strerror(errno));
		if (!use->wait(use->context))
			return fail(name, "another run holds it: what this one counted is lost");
	}
	return true;
}

bool
cli_state_end(
	struct cli_state *state, struct pitot_registry *registry, const struct cli_state_use *use)
{
	if (state->path == NULL)
		return true;
	char *name = beside(state->path, ".lock");
	int lock = name == NULL ? -1 : open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (lock < 0)
		(void)fail(name == NULL ? state->path : name, strerror(errno));
	bool locked = lock >= 0 && take_lock(lock, name, use);
	bool ok = locked && add_others(state, use);
	if (locked && state->path != NULL)
		ok = write_registry(state->path, registry) && ok;
	if (lock >= 0)
		(void)close(lock);
	free(name);
	pitot_snapshot_free(state->before);
	state->before = NULL;
	return ok;
}

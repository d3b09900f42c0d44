/* SPDX-License-Identifier: MIT */
/*
 * Following a configuration. All that is new is made before anything old is touched, so that a
 * failure (a target's URL, the socket's path, memory) leaves everything as it was.
 */
#include "agent/inputs.h"

#include "base/error.h"
#include "base/hash.h"
#include <stdlib.h>
#include <string.h>

/* ---- targets ---- */

struct targets {
	struct pt_scrape **list;
	const struct pt_agent_scrape **of; /* the block each is from */
	size_t count, capacity;
};

static bool
add_target(struct targets *targets, struct pt_scrape *scrape, const struct pt_agent_scrape *of)
{
	if (targets->count == targets->capacity) {
		size_t capacity = targets->capacity == 0 ? 16 : targets->capacity * 2;
		struct pt_scrape **list = realloc(targets->list, capacity * sizeof *list);
		if (list != NULL)
			targets->list = list;
		const struct pt_agent_scrape **blocks =
			realloc(targets->of, capacity * sizeof *blocks);
		if (blocks != NULL)
			targets->of = blocks;
		if (list == NULL || blocks == NULL)
			return false;
		targets->capacity = capacity;
	}
	targets->of[targets->count] = of;
	targets->list[targets->count++] = scrape;
	return true;
}

static int
add_group(struct pt_inputs *inputs, struct targets *targets, const struct pt_agent_scrape *block,
	const struct pt_agent_static *group, struct pitot_error *why)
{
	for (size_t i = 0; i < group->targets.count; i++) {
		struct pt_scrape *scrape = NULL;
		int code = pt_scrape_new(&scrape, inputs->outputs, inputs->fetcher, block, group,
			group->targets.list[i], why);
		if (code != 0)
			return code;
		if (scrape != NULL && !add_target(targets, scrape, block)) {
			pt_scrape_free(scrape);
			return pt_error_memory(why);
		}
	}
	return 0;
}

static int
make_targets(struct pt_inputs *inputs, struct targets *targets,
	const struct pt_agent_config *config, struct pitot_error *why)
{
	int code = 0;
	for (size_t i = 0; code == 0 && i < config->scrape_count; i++)
		for (size_t j = 0; code == 0 && j < config->scrapes[i].static_count; j++)
			code = add_group(inputs, targets, &config->scrapes[i],
				&config->scrapes[i].statics[j], why);
	return code;
}

static void
free_targets(struct targets *targets)
{
	for (size_t i = 0; i < targets->count; i++)
		pt_scrape_free(targets->list[i]);
	free(targets->list);
	free(targets->of);
}

/* An old target with the same key takes the new one's place; the others end. */
static void
exchange_targets(struct pt_inputs *inputs, struct targets *targets)
{
	for (size_t i = 0; i < targets->count; i++) {
		size_t old = 0;
		while (old < inputs->scrape_count &&
			(inputs->scrapes[old] == NULL ||
				pt_scrape_key(inputs->scrapes[old]) !=
					pt_scrape_key(targets->list[i])))
			old++;
		if (old == inputs->scrape_count)
			continue;
		pt_scrape_free(targets->list[i]);
		targets->list[i] = inputs->scrapes[old];
		pt_scrape_keep(targets->list[i], targets->of[i]);
		inputs->scrapes[old] = NULL;
	}
	for (size_t i = 0; i < inputs->scrape_count; i++) {
		if (inputs->scrapes[i] != NULL)
			pt_scrape_end(inputs->scrapes[i]);
		pt_scrape_free(inputs->scrapes[i]);
	}
	free(inputs->scrapes);
	free(targets->of);
	inputs->scrapes = targets->list;
	inputs->scrape_count = targets->count;
}

/* ---- text files ---- */

static uint64_t
textfile_key(const struct pt_agent_config *config)
{
	const char *directory = config->textfile.directory;
	const uint64_t limits[] = {(uint64_t)config->textfile.max_age_ms,
		config->textfile.max_bytes, (uint64_t)config->textfile.sample_limit};
	if (directory == NULL)
		return 0;
	uint64_t key = pt_hash(directory, strlen(directory), pt_hash(limits, sizeof limits, 0));
	for (size_t i = 0; i < config->textfile.labels.count; i++) {
		const struct pitot_label *label = &config->textfile.labels.list[i];
		key = pt_hash(label->name, strlen(label->name), key);
		key = pt_hash(label->value, strlen(label->value), key);
	}
	return key | 1;
}

static void
exchange_textfile(struct pt_inputs *inputs, const struct pt_agent_config *config,
	struct pt_textfile *made, int64_t now_ms)
{
	inputs->textfile_interval_ms = config->textfile.interval_ms;
	if (inputs->textfile_key == textfile_key(config))
		return;
	if (inputs->textfile != NULL)
		pt_textfile_end(inputs->textfile, now_ms);
	pt_textfile_free(inputs->textfile);
	inputs->textfile = made;
	inputs->textfile_key = textfile_key(config);
	inputs->textfile_ms = 0;
}

static int
make_textfile(struct pt_inputs *inputs, const struct pt_agent_config *config,
	struct pt_textfile **made, struct pitot_error *why)
{
	*made = NULL;
	if (config->textfile.directory == NULL || inputs->textfile_key == textfile_key(config))
		return 0;
	*made = pt_textfile_new(inputs->outputs, config, inputs->instance);
	return *made == NULL ? pt_error_memory(why) : 0;
}

/* ---- the socket ---- */

static bool
same_path(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static int
make_groups(struct pt_inputs *inputs, const struct pt_agent_config *config, struct pitot_error *why)
{
	const struct pt_groups_options options = {
		.outputs = inputs->outputs,
		.ttl_ms = config->socket.ttl_ms,
		.interval_ms = config->socket.interval_ms,
		.instance = inputs->instance,
		.wake = inputs->wake,
		.context = inputs->context,
	};
	if (inputs->groups == NULL && config->socket.path != NULL)
		inputs->groups = pt_groups_new(&options);
	return inputs->groups == NULL && config->socket.path != NULL ? pt_error_memory(why) : 0;
}

static int
make_socket(struct pt_inputs *inputs, const struct pt_agent_config *config, struct pt_socket **made,
	char **path, struct pitot_error *why)
{
	*made = NULL;
	*path = NULL;
	int code = make_groups(inputs, config, why);
	if (code != 0 || config->socket.path == NULL ||
		same_path(config->socket.path, inputs->socket_path))
		return code;
	*path = strdup(config->socket.path);
	if (*path == NULL)
		return pt_error_memory(why);
	struct pitot_error problem;
	*made = pt_socket_open(config->socket.path, (unsigned)config->socket.mode, inputs->groups,
		inputs->log, &problem);
	if (*made != NULL)
		return 0;
	if (why != NULL)
		*why = problem;
	return problem.code;
}

static void
exchange_socket(struct pt_inputs *inputs, const struct pt_agent_config *config,
	struct pt_socket *made, char *path, int64_t now_ms)
{
	if (!same_path(config->socket.path, inputs->socket_path)) {
		pt_socket_close(inputs->socket);
		free(inputs->socket_path);
		inputs->socket = made;
		inputs->socket_path = path;
	}
	if (inputs->groups == NULL)
		return;
	pt_groups_set(inputs->groups, config->socket.ttl_ms, config->socket.interval_ms);
	if (config->socket.path == NULL)
		pt_groups_end(inputs->groups, now_ms);
}

/* ---- all of it ---- */

int
pt_inputs_follow(
	struct pt_inputs *inputs, const struct pt_agent_config *config, struct pitot_error *why)
{
	const struct pt_clock *clock = inputs->outputs->clock;
	int64_t now_ms = clock->mono_ms(clock);
	struct targets targets = {.count = 0};
	struct pt_textfile *textfile = NULL;
	struct pt_socket *socket = NULL;
	char *path = NULL;
	int code = make_targets(inputs, &targets, config, why);
	if (code == 0)
		code = make_textfile(inputs, config, &textfile, why);
	if (code == 0)
		code = make_socket(inputs, config, &socket, &path, why);
	if (code != 0) {
		free_targets(&targets);
		pt_textfile_free(textfile);
		free(path);
		return code;
	}
	exchange_targets(inputs, &targets);
	exchange_textfile(inputs, config, textfile, now_ms);
	exchange_socket(inputs, config, socket, path, now_ms);
	return 0;
}

static void
run_textfile(struct pt_inputs *inputs, int64_t now_ms)
{
	pt_textfile_run(inputs->textfile, now_ms);
	inputs->textfile_ms = now_ms + inputs->textfile_interval_ms;
}

void
pt_inputs_run(struct pt_inputs *inputs, int64_t now_ms)
{
	for (size_t i = 0; i < inputs->scrape_count; i++)
		if (now_ms >= pt_scrape_due(inputs->scrapes[i]))
			pt_scrape_start(inputs->scrapes[i], now_ms);
	if (inputs->textfile != NULL && now_ms >= inputs->textfile_ms)
		run_textfile(inputs, now_ms);
	pt_inputs_run_pushes(inputs, now_ms);
}

void
pt_inputs_run_pushes(struct pt_inputs *inputs, int64_t now_ms)
{
	if (inputs->groups != NULL)
		pt_groups_run(inputs->groups, now_ms);
}

int64_t
pt_inputs_due(const struct pt_inputs *inputs)
{
	int64_t due_ms = INT64_MAX;
	for (size_t i = 0; i < inputs->scrape_count; i++)
		if (pt_scrape_due(inputs->scrapes[i]) < due_ms)
			due_ms = pt_scrape_due(inputs->scrapes[i]);
	if (inputs->textfile != NULL && inputs->textfile_ms < due_ms)
		due_ms = inputs->textfile_ms;
	if (inputs->groups != NULL && pt_groups_due(inputs->groups) < due_ms)
		due_ms = pt_groups_due(inputs->groups);
	return due_ms;
}

void
pt_inputs_clear(struct pt_inputs *inputs)
{
	pt_socket_close(inputs->socket);
	for (size_t i = 0; i < inputs->scrape_count; i++)
		pt_scrape_free(inputs->scrapes[i]);
	free(inputs->scrapes);
	pt_textfile_free(inputs->textfile);
	pt_groups_free(inputs->groups);
	free(inputs->socket_path);
	inputs->socket = NULL;
	inputs->scrapes = NULL;
	inputs->textfile = NULL;
	inputs->groups = NULL;
	inputs->socket_path = NULL;
	inputs->scrape_count = 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * `pitot list` and `pitot gc`: the groups of a Pushgateway with their age, and the deletion of
 * those whose time is over: by their own pitot_expires_timestamp_seconds (pitot push --ttl), or for
 * all by --older-than. Without --yes gc only tells what it would delete.
 */
#include "cli/cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A group that is kept after it was shown. */
struct kept {
	char *job, *instance;
	struct pitot_label *labels; /* its texts are owned */
	size_t label_count;
	int64_t age_ms, expires_ms;
};

struct listing {
	const struct cli_options *options;
	struct kept *groups;
	size_t count;
	bool failed;
	int64_t now_ms;
};

static int64_t
now_of_clock(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* "3d4h", the two largest units. */
static const char *
age_text(int64_t ms, char *text, size_t size)
{
	static const struct {
		int64_t ms;
		char unit;
	} units[] = {{86400000, 'd'}, {3600000, 'h'}, {60000, 'm'}, {1000, 's'}};
	size_t i = 0;
	while (i < 3 && ms < units[i].ms)
		i++;
	int64_t first = ms / units[i].ms;
	int64_t second = i < 3 ? ms % units[i].ms / units[i + 1].ms : 0;
	if (second > 0)
		(void)snprintf(text, size, "%" PRId64 "%c%" PRId64 "%c", first, units[i].unit,
			second, units[i + 1].unit);
	else
		(void)snprintf(text, size, "%" PRId64 "%c", first, units[i].unit);
	return text;
}

/* As in text formats; other control characters as \x1b, so that they cannot disturb a terminal. */
static void
put_escaped(const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		if (c == '\n')
			fputs("\\n", stdout);
		else if (c < ' ' || c == 0x7f)
			printf("\\x%02x", c);
		else if (c == '"' || c == '\\')
			printf("\\%c", c);
		else
			putchar(c);
	}
}

static void
print_label(const char *before, const char *name, const char *value)
{
	fputs(before, stdout);
	put_escaped(name);
	fputs("=\"", stdout);
	put_escaped(value);
	putchar('"');
}

static void
print_group(const struct kept *group)
{
	print_label("", "job", group->job);
	if (group->instance[0] != '\0')
		print_label(" ", "instance", group->instance);
	for (size_t i = 0; i < group->label_count; i++)
		print_label(" ", group->labels[i].name, group->labels[i].value);
	putchar('\n');
}

/* ---- collecting ---- */

static bool
copy_group(struct kept *to, const struct pitot_group *from)
{
	to->job = strdup(from->job);
	to->instance = strdup(from->instance);
	to->labels = calloc(from->label_count + 1, sizeof to->labels[0]);
	if (to->job == NULL || to->instance == NULL || to->labels == NULL)
		return false;
	for (size_t i = 0; i < from->label_count; i++) {
		to->labels[i].name = strdup(from->labels[i].name);
		to->labels[i].value = strdup(from->labels[i].value);
		to->label_count++;
		if (to->labels[i].name == NULL || to->labels[i].value == NULL)
			return false;
	}
	return true;
}

static void
free_groups(struct listing *listing)
{
	for (size_t i = 0; i < listing->count; i++) {
		struct kept *group = &listing->groups[i];
		for (size_t k = 0; k < group->label_count; k++) {
			free((char *)(uintptr_t)group->labels[k].name);
			free((char *)(uintptr_t)group->labels[k].value);
		}
		free(group->labels);
		free(group->job);
		free(group->instance);
	}
	free(listing->groups);
}

static void
keep(void *context, const struct pitot_group *group)
{
	struct listing *listing = context;
	struct kept *grown =
		realloc(listing->groups, (listing->count + 1) * sizeof listing->groups[0]);
	if (grown == NULL) {
		listing->failed = true;
		return;
	}
	listing->groups = grown;
	grown[listing->count] = (struct kept){
		.age_ms = listing->now_ms - group->pushed_ms, .expires_ms = group->expires_ms};
	listing->failed |= !copy_group(&grown[listing->count++], group);
}

static int
by_age(const void *left, const void *right)
{
	const struct kept *a = left, *b = right;
	return a->age_ms > b->age_ms ? -1 : a->age_ms < b->age_ms;
}

static int
collect(struct listing *listing)
{
	struct pitot_error why;
	const char *verb = listing->options->verb;
	listing->now_ms = now_of_clock();
	if (listing->options->config.push.url == NULL)
		return cli_usage(verb, "no Pushgateway: give --url or set PITOT_URL");
	if (pitot_push_groups(&listing->options->config.push, keep, listing, &why) != 0)
		return cli_fail(verb, &why);
	if (listing->failed)
		return cli_usage(verb, "out of memory");
	if (listing->count > 1)
		qsort(listing->groups, listing->count, sizeof listing->groups[0], by_age);
	return 0;
}

/* ---- list ---- */

static void
print_all(const struct listing *listing)
{
	char age[32], left[32];
	if (listing->count > 0)
		printf("%-8s %-8s %s\n", "AGE", "EXPIRES", "GROUP");
	for (size_t i = 0; i < listing->count; i++) {
		const struct kept *group = &listing->groups[i];
		int64_t left_ms = group->expires_ms - listing->now_ms;
		printf("%-8s %-8s ", age_text(group->age_ms, age, sizeof age),
			group->expires_ms == 0 ? "never"
				: left_ms <= 0 ? "over"
					       : age_text(left_ms, left, sizeof left));
		print_group(group);
	}
}

int
cli_list(int argc, char **argv)
{
	struct cli_options options;
	int status = cli_options_read(&options, CLI_LIST, argc, argv);
	struct listing listing = {.options = &options};
	if (status == 0 && options.help) {
		puts("Usage: pitot list --url URL [OPTION]...\n"
		     "List the groups of a Pushgateway, oldest first.\n");
		cli_options_help(CLI_LIST);
	} else if (status == 0) {
		status = collect(&listing);
		if (status == 0)
			print_all(&listing);
	}
	free_groups(&listing);
	cli_options_clear(&options);
	return status;
}

/* ---- gc ---- */

static bool
is_over(const struct listing *listing, const struct kept *group)
{
	int64_t older_ms = listing->options->older_ms;
	if (group->expires_ms != 0)
		return group->expires_ms <= listing->now_ms;
	return older_ms > 0 && group->age_ms > older_ms;
}

static int
delete_group(const struct listing *listing, const struct kept *group)
{
	struct pitot_push_options push = listing->options->config.push;
	struct pitot_report report;
	struct pitot_error why;
	push.job = group->job;
	push.instance = group->instance;
	push.labels = group->labels;
	push.label_count = group->label_count;
	push.utf8_names = true; /* it has that name already */
	return pitot_push_delete(&push, &report, &why) == 0 ? 0 : cli_fail("gc", &why);
}

static int
collect_garbage(struct listing *listing)
{
	size_t over = 0;
	int status = collect(listing), failure = 0;
	for (size_t i = 0; status == 0 && i < listing->count; i++) {
		const struct kept *group = &listing->groups[i];
		if (!is_over(listing, group))
			continue;
		over++;
		int code = listing->options->yes ? delete_group(listing, group) : 0;
		failure = failure != 0 ? failure : code;
		if (code != 0)
			continue; /* it is told; the others may be deleted */
		printf("%s ", listing->options->yes ? "deleted" : "would delete");
		print_group(group);
	}
	if (status == 0 && over > 0 && !listing->options->yes)
		printf("%zu of %zu groups; --yes deletes them\n", over, listing->count);
	return status != 0 ? status : failure;
}

int
cli_gc(int argc, char **argv)
{
	struct cli_options options;
	int status = cli_options_read(&options, CLI_GC, argc, argv);
	struct listing listing = {.options = &options};
	if (status == 0 && options.help) {
		puts("Usage: pitot gc --url URL [--older-than TIME] [--yes] [OPTION]...\n"
		     "Delete the groups of a Pushgateway whose time to live is over, and with\n"
		     "--older-than those without one that were not pushed for so long.\n");
		cli_options_help(CLI_GC);
	} else if (status == 0) {
		status = collect_garbage(&listing);
	}
	free_groups(&listing);
	cli_options_clear(&options);
	return status;
}

/* SPDX-License-Identifier: MIT */
#include "spool/spool.h"

#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include "support/check.h"
#include "support/memory_files.h"

static int64_t now_ms;

static int64_t
read_now(const struct pt_clock *clock)
{
	(void)clock;
	return now_ms;
}

static const struct pt_clock clock_of_test = {read_now, read_now, NULL};

static struct pt_spool_options
options_of(struct memory_files *memory)
{
	return (struct pt_spool_options){
		.directory = "/spool",
		.destination = "http://h/api/v1/write",
		.key = 0xabc,
		.segment_bytes = 300,
		.files = &memory->files,
		.clock = &clock_of_test,
	};
}

static struct pt_spool *
open_spool(struct memory_files *memory)
{
	struct pt_spool_options options = options_of(memory);
	struct pitot_error why = {.code = 0};
	struct pt_spool *spool = pt_spool_open(&options, &why);
	check_text(why.text, "");
	if (spool == NULL)
		abort(); /* every test needs it */
	return spool;
}

/* Record number n has n + 1 samples, its number as time, and a body that n tells. */
static int
append(struct pt_spool *spool, unsigned n, size_t length)
{
	char *body = malloc(length + 1);
	memset(body, 'a' + (int)(n % 26), length);
	struct pt_spool_record record = {
		.format = 7 + n,
		.samples = 1,
		.oldest_ms = 1 + n,
		.body = body,
		.length = length,
	};
	int code = pt_spool_append(spool, &record, NULL);
	free(body);
	return code;
}

/* The number of the first record, or -1; its body is checked. */
static int
peek(struct pt_spool *spool)
{
	struct pt_spool_record record;
	if (!pt_spool_peek(spool, &record))
		return -1;
	int n = (int)record.format - 7;
	check_int(record.oldest_ms, 1 + n);
	for (size_t i = 0; i < record.length; i++)
		if (((const char *)record.body)[i] != 'a' + n % 26) {
			check_true(false);
			break;
		}
	return n;
}

static int
take(struct pt_spool *spool)
{
	int n = peek(spool);
	if (n >= 0)
		pt_spool_advance(spool);
	return n;
}

static struct pt_spool_state
state_of(struct pt_spool *spool)
{
	struct pt_spool_state state;
	pt_spool_state(spool, &state);
	return state;
}

static void
records_come_out_as_they_went_in(void)
{
	struct memory_files memory;
	memory_files_init(&memory, 1);
	/* Bodies of every size around what fills a segment. */
	for (size_t length = 0; length < 700; length += 13) {
		struct pt_spool *spool = open_spool(&memory);
		for (unsigned n = 0; n < 10; n++)
			check_int(append(spool, n, length), 0);
		check_int((int64_t)state_of(spool).records, 10);
		check_int((int64_t)state_of(spool).bytes, (int64_t)(10 * length));
		check_int((int64_t)state_of(spool).samples, 10);
		for (int n = 0; n < 10; n++) {
			check_int(peek(spool), n);
			check_int(take(spool), n);
			check_int((int64_t)state_of(spool).records, 9 - n);
		}
		check_int(take(spool), -1);
		check_int(append(spool, 11, 3), 0);
		check_int(take(spool), 11);
		pt_spool_close(spool);
		/* An empty queue leaves nothing behind. */
		check_true(memory_files_find(&memory, "/spool/0000000000000abc-1") == NULL);
	}
	memory_files_clear(&memory);
}

static void
another_process_continues_where_the_last_one_ended(void)
{
	struct memory_files memory;
	memory_files_init(&memory, 2);
	int expected = 0;
	unsigned next = 0;
	for (int process = 0; process < 40; process++) {
		struct pt_spool *spool = open_spool(&memory);
		for (int i = 0; i < 7; i++)
			check_int(append(spool, next++, 90), 0);
		for (int i = 0; i < 6; i++)
			check_int(take(spool), expected++);
		check_int((int64_t)state_of(spool).records, (int)next - expected);
		if (process % 2 == 0)
			pt_spool_close(spool);
		else
			memory.dead = true; /* killed: whatever it does has no effect */
		if (process % 2 != 0)
			pt_spool_close(spool);
		memory_files_restart(&memory);
	}
	struct pt_spool *spool = open_spool(&memory);
	while (expected < (int)next)
		check_int(take(spool), expected++);
	check_int(take(spool), -1);
	pt_spool_close(spool);
	memory_files_clear(&memory);
}

static void
a_process_that_dies_anywhere_loses_nothing_and_doubles_at_most_one(void)
{
	for (size_t die = 1; die < 160; die++) {
		struct memory_files memory;
		memory_files_init(&memory, die);
		struct pt_spool_options options = options_of(&memory);
		int accepted = 0, delivered = 0, seen = 0;
		memory.die_after = die;
		struct pt_spool *spool = pt_spool_open(&options, NULL);
		for (unsigned n = 0; spool != NULL && n < 12 && !memory.dead; n++) {
			if (append(spool, n, 60) == 0)
				accepted++;
			if (n % 3 == 2 && !memory.dead && peek(spool) == delivered) {
				delivered++;
				pt_spool_advance(spool);
			}
		}
		pt_spool_close(spool);
		memory_files_restart(&memory);
		spool = open_spool(&memory);
		int first = peek(spool);
		if (first >= 0)
			check_true(first == delivered || first == delivered - 1);
		for (int n = first; n >= 0 && take(spool) == n; seen = ++n)
			;
		if (accepted > delivered)
			check_true(seen >= accepted);
		check_int(take(spool), -1);
		pt_spool_close(spool);
		memory_files_clear(&memory);
	}
}

static void
what_was_synced_survives_a_power_cut(void)
{
	for (uint64_t seed = 1; seed <= 3000; seed++) {
		struct memory_files memory;
		memory_files_init(&memory, seed);
		struct pt_spool_options options = options_of(&memory);
		int synced = 0, taken = 0, highest = -1;
		memory.die_after = 1 + seed % 150;
		struct pt_spool *spool = pt_spool_open(&options, NULL);
		for (unsigned n = 0; spool != NULL && n < 14 && !memory.dead; n++) {
			(void)append(spool, n, 70);
			if (n % 4 == 3 && pt_spool_sync(spool, NULL) == 0)
				synced = (int)n + 1;
			if (n % 3 == 2 && !memory.dead && take(spool) == taken)
				taken++;
		}
		pt_spool_close(spool);
		memory_files_power_cut(&memory);
		spool = open_spool(&memory);
		uint64_t found = 0; /* a bit for each record */
		for (int n = 0; (n = take(spool)) >= 0;) {
			check_true(n > highest && n < 14);
			highest = n;
			found |= UINT64_C(1) << n;
		}
		for (int n = taken; n < synced; n++)
			if (!check_true((found >> n & 1) != 0))
				(void)printf("seed %llu, record %d\n", (unsigned long long)seed, n);
		pt_spool_close(spool);
		memory_files_clear(&memory);
	}
}

static void
a_full_disk_refuses_and_harms_nothing(void)
{
	for (size_t room = 0; room < 900; room += 7) {
		struct memory_files memory;
		memory_files_init(&memory, room);
		struct pt_spool *spool = open_spool(&memory);
		memory.room = room;
		unsigned kept = 0;
		while (kept < 20 && append(spool, kept, 50) == 0)
			kept++;
		check_true(kept < 20);
		check_true(state_of(spool).full);
		check_int((int64_t)state_of(spool).records, kept);
		memory.room = SIZE_MAX / 2;
		check_int(append(spool, kept, 50), 0);
		check_true(!state_of(spool).full);
		for (unsigned n = 0; n <= kept; n++)
			check_int(take(spool), (int)n);
		check_int(take(spool), -1);
		check_int((int64_t)state_of(spool).dropped_damaged, 0);
		pt_spool_close(spool);
		memory_files_clear(&memory);
	}
}

/* The segment that filled the disk has not reached its length, and goes all the same. */
static void
what_was_read_from_a_full_disk_makes_room(void)
{
	struct memory_files memory;
	memory_files_init(&memory, 1);
	struct pt_spool_options options = options_of(&memory);
	options.segment_bytes = 0;
	struct pt_spool *spool = pt_spool_open(&options, NULL);
	check_fatal(spool != NULL);
	memory.room = 700;
	unsigned kept = 0, next = 0;
	for (unsigned round = 0; round < 5; round++) {
		while (append(spool, kept, 50) == 0)
			kept++;
		check_true(kept > next);
		while (next < kept)
			check_int(take(spool), (int)next++);
		check_int(take(spool), -1);
	}
	/* As long as all is read, nothing is refused. */
	for (unsigned i = 0; i < 50; i++) {
		check_int(append(spool, kept, 50), 0);
		check_int(take(spool), (int)kept++);
	}
	pt_spool_close(spool);
	memory_files_clear(&memory);
}

static void
limits_drop_the_oldest_and_count_them(void)
{
	struct memory_files memory;
	memory_files_init(&memory, 5);
	struct pt_spool_options options = options_of(&memory);
	options.max_bytes = 4000;
	options.segment_bytes = 0;
	struct pt_spool *spool = pt_spool_open(&options, NULL);
	check_fatal(spool != NULL);
	for (unsigned n = 0; n < 200; n++) {
		check_int(append(spool, n, 100), 0);
		check_true(state_of(spool).bytes <= 4000);
	}
	uint64_t waits = state_of(spool).records;
	check_int((int64_t)(waits + state_of(spool).dropped_full), 200);
	int last = -1, seen = 0;
	for (int n; (n = take(spool)) >= 0; seen++) {
		check_true(n > last);
		last = n;
	}
	check_int(last, 199);
	check_int(seen, (int)waits);
	/* Age. */
	pt_spool_close(spool);
	options.max_age_ms = 50;
	now_ms = 100;
	spool = pt_spool_open(&options, NULL);
	for (unsigned n = 0; n < 100; n++)
		check_int(append(spool, n, 10), 0);
	check_int(take(spool), 49); /* whose time is 50 */
	check_int((int64_t)state_of(spool).dropped_age, 49);
	pt_spool_close(spool);
	now_ms = 0;
	memory_files_clear(&memory);
}

static void
rotten_bytes_cost_little_and_never_more_than_a_segment(void)
{
	struct memory_files memory;
	memory_files_init(&memory, 6);
	struct pt_spool *spool = open_spool(&memory);
	for (unsigned n = 0; n < 12; n++)
		check_int(append(spool, n, 60), 0);
	pt_spool_close(spool);
	memory_files_restart(&memory);
	char *saved[memory_most];
	for (size_t i = 0; i < memory_most; i++) {
		saved[i] = malloc(memory.nodes[i].length + 1);
		if (memory.nodes[i].length > 0)
			memcpy(saved[i], memory.nodes[i].bytes, memory.nodes[i].length);
	}
	struct memory_files original = memory;
	for (size_t node = 0; node < memory_most; node++)
		for (size_t byte = 0; byte < original.nodes[node].length; byte++) {
			struct memory_files copy = original;
			for (size_t i = 0; i < memory_most; i++) {
				copy.nodes[i].bytes = malloc(copy.nodes[i].length + 1);
				memcpy(copy.nodes[i].bytes, saved[i], copy.nodes[i].length);
				copy.nodes[i].capacity = copy.nodes[i].length;
			}
			copy.nodes[node].bytes[byte] ^= (char)(1 << byte % 8);
			spool = open_spool(&copy);
			int last = -1, seen = 0;
			for (int n; (n = take(spool)) >= 0; seen++) {
				check_true(n > last && n < 12);
				last = n;
			}
			check_true(seen >= 12 - 4); /* a segment has four */
			check_true(seen == 12 || state_of(spool).dropped_damaged > 0 ||
				state_of(spool).damaged_segments > 0);
			pt_spool_close(spool);
			for (size_t i = 0; i < memory_most; i++)
				free(copy.nodes[i].bytes);
		}
	for (size_t i = 0; i < memory_most; i++)
		free(saved[i]);
	memory_files_clear(&memory);
}

static void
two_processes_have_two_queues_and_the_survivor_sends_both(void)
{
	struct memory_files memory;
	memory_files_init(&memory, 7);
	struct pt_spool *one = open_spool(&memory), *two = open_spool(&memory);
	check_int(append(one, 1, 10), 0);
	check_int(append(two, 2, 10), 0);
	check_int(append(one, 3, 10), 0);
	check_int(peek(one), 1);
	check_int(take(two), 2);
	check_int(take(two), -1);
	check_true(!pt_spool_next(two)); /* the other is alive */
	pt_spool_close(one);
	check_true(pt_spool_next(two));
	check_int((int64_t)state_of(two).records, 2);
	check_int(take(two), 1);
	check_int(append(two, 4, 10), 0);
	check_int(take(two), 4); /* its own first */
	check_int(take(two), 3);
	check_int(take(two), -1);
	check_true(!pt_spool_next(two));
	pt_spool_close(two);
	memory_files_clear(&memory);
}

/* ---- tools ---- */

static void
count_entry(void *context, const struct pt_spool_entry *entry)
{
	size_t *count = context;
	check_text(entry->destination, "http://h/api/v1/write");
	check_int((int64_t)entry->key, 0xabc);
	check_int((int64_t)entry->state.records, 3);
	check_true(entry->busy == (*count == 1));
	++*count;
}

static void
count_record(void *context, const struct pt_spool_record *record)
{
	size_t *count = context;
	check_int(record->format, (int)(7 + *count));
	++*count;
}

static void
tools_look_without_touching(void)
{
	struct memory_files memory;
	memory_files_init(&memory, 8);
	struct pt_spool *one = open_spool(&memory), *two = open_spool(&memory);
	struct pitot_error why;
	for (unsigned n = 0; n < 3; n++) {
		check_int(append(one, n, 10), 0);
		check_int(append(two, n, 10), 0);
	}
	check_int(take(one), 0);
	check_int(append(one, 3, 10), 0);
	pt_spool_close(two);
	size_t count = 0, records = 0;
	/* Oldest first. */
	check_int(pt_spool_list("/spool", &memory.files, count_entry, &count, &why), 0);
	check_size(count, 2);
	check_int(pt_spool_show("/spool", "0000000000000abc-2", &memory.files, count_record,
			  &records, &why),
		0);
	check_size(records, 3);
	check_int(pt_spool_show("/spool", "nothing", &memory.files, count_record, &records, &why),
		PITOT_NO_INPUT);
	check_int(pt_spool_drop("/spool", "0000000000000abc-1", &memory.files, &why), PITOT_FAILED);
	check_contains(why.text, "a running process holds it");
	check_int(pt_spool_drop("/spool", "0000000000000abc-2", &memory.files, &why), 0);
	check_true(memory_files_find(&memory, "/spool/0000000000000abc-2") == NULL);
	check_int(pt_spool_list("/none", &memory.files, count_entry, &count, &why), PITOT_NO_INPUT);
	check_int(take(one), 1);
	pt_spool_close(one);
	memory_files_clear(&memory);
}

/* ---- real files ---- */

static void
a_killed_process_loses_nothing_on_a_real_disk(void)
{
	char directory[] = "/tmp/pitot-spool-XXXXXX";
	check_fatal(mkdtemp(directory) != NULL);
	char path[64];
	(void)snprintf(path, sizeof path, "%s/q", directory);
	struct memory_files unused;
	struct pt_spool_options options = options_of(&unused);
	options.directory = path;
	options.files = pt_files_real();
	unsigned next = 0;
	int expected = 0;
	for (int round = 0; round < 5; round++) {
		pid_t child = fork();
		if (child == 0) {
			struct pt_spool *spool = pt_spool_open(&options, NULL);
			for (unsigned n = 0; spool != NULL && n < 20; n++)
				(void)append(spool, next + n, 100);
			(void)kill(getpid(), SIGKILL);
		}
		(void)waitpid(child, NULL, 0);
		next += 20;
		struct pt_spool *spool = pt_spool_open(&options, NULL);
		check_fatal(spool != NULL);
		for (int i = 0; i < 15; i++)
			check_int(take(spool), expected++);
		pt_spool_close(spool);
	}
	struct pt_spool *spool = pt_spool_open(&options, NULL);
	while (expected < (int)next)
		check_int(take(spool), expected++);
	pt_spool_close(spool);
	check_int(rmdir(path), 0);
	check_int(rmdir(directory), 0);
}

static void
a_directory_that_cannot_be_used_is_told(void)
{
	struct memory_files unused;
	struct pt_spool_options options = options_of(&unused);
	struct pitot_error why;
	options.files = pt_files_real();
	options.directory = "/nonexistent/spool";
	check_true(pt_spool_open(&options, &why) == NULL);
	check_int(why.code, PITOT_USAGE);
	check_contains(why.text, "spool /nonexistent/spool: No such file");
}

/* ---- byte by byte ---- */

/* The bytes of the example in FORMAT that begins with these. */
static size_t
example(const char *begin, unsigned char *bytes, size_t size)
{
	char path[4096];
	const char *source = getenv("srcdir");
	(void)snprintf(path, sizeof path, "%s/src/spool/FORMAT", source == NULL ? "." : source);
	FILE *file = fopen(path, "r");
	if (file == NULL)
		abort();
	char line[200];
	size_t count = 0;
	bool inside = false;
	while (fgets(line, sizeof line, file) != NULL) {
		if (line[0] == '\t' && strncmp(line + 1, begin, strlen(begin)) == 0)
			inside = true;
		else if (line[0] != '\t')
			inside = false;
		unsigned byte;
		int used;
		for (const char *at = line;
			inside && count < size && sscanf(at, " %2x%n", &byte, &used) == 1;
			at += used)
			bytes[count++] = (unsigned char)byte;
	}
	(void)fclose(file);
	return count;
}

static void
the_files_are_as_they_are_described(void)
{
	static const char segment_path[] = "/spool/0000000000000abc-1/00000000000000000001.seg";
	static const char position_path[] = "/spool/0000000000000abc-1/position";
	unsigned char segment[100], position[100];
	size_t length = example("70 69 74 6f 74 73", segment, sizeof segment);
	size_t position_length = example("70 69 74 6f 74 70", position, sizeof position);
	struct memory_files memory;
	struct pt_spool_record record = {
		.format = 1, .samples = 1, .oldest_ms = 1700000000000, .body = "abc", .length = 3};
	check_size(length, 55);
	check_size(position_length, 28);
	memory_files_init(&memory, 1);
	struct pt_spool *spool = open_spool(&memory);
	check_int(pt_spool_append(spool, &record, NULL), 0);
	struct memory_node *node = memory_files_find(&memory, segment_path);
	check_fatal(node != NULL);
	check_bytes(node->bytes, node->length, segment, length);
	check_true(pt_spool_peek(spool, &record));
	pt_spool_advance(spool);
	node = memory_files_find(&memory, position_path);
	check_fatal(node != NULL);
	check_bytes(node->bytes, node->length, position, position_length);
	pt_spool_close(spool);
	memory_files_clear(&memory);
}

CHECK_MAIN("spool/spool", TEST(records_come_out_as_they_went_in),
	TEST(another_process_continues_where_the_last_one_ended),
	TEST(a_process_that_dies_anywhere_loses_nothing_and_doubles_at_most_one),
	TEST(what_was_synced_survives_a_power_cut), TEST(a_full_disk_refuses_and_harms_nothing),
	TEST(what_was_read_from_a_full_disk_makes_room),
	TEST(limits_drop_the_oldest_and_count_them),
	TEST(rotten_bytes_cost_little_and_never_more_than_a_segment),
	TEST(two_processes_have_two_queues_and_the_survivor_sends_both),
	TEST(tools_look_without_touching), TEST(a_killed_process_loses_nothing_on_a_real_disk),
	TEST(a_directory_that_cannot_be_used_is_told), TEST(the_files_are_as_they_are_described))

/* SPDX-License-Identifier: MIT */
#include "drive/push.h"
#include "drive/pusher.h"

#include "base/number.h"

#include "support/check.h"
#include "support/fault.h"
#include "support/literal.h"

/* A receiver that takes everything, without memory of its own. */
struct sink {
	struct pt_transport transport; /* first */
	unsigned requests, freed;
};

static int
take(struct pt_transport *transport, const struct pt_http_request *request, int64_t timeout_ms,
	struct pt_deadline *deadline, struct pt_http_answer *answer, struct pitot_error *why)
{
	(void)request;
	(void)timeout_ms;
	(void)deadline;
	(void)why;
	((struct sink *)transport)->requests++;
	answer->status = 200;
	return 0;
}

static void
count_free(struct pt_transport *transport)
{
	((struct sink *)transport)->freed++;
}

static struct pt_transport *
connect_sink(void *context, const struct pitot_http_options *options, struct pitot_error *why)
{
	(void)options;
	(void)why;
	return &((struct sink *)context)->transport;
}

static struct pt_world
world_of(struct sink *sink)
{
	return (struct pt_world){
		.clock = pt_clock_real(), .connect = connect_sink, .context = sink};
}

static const struct literal rows[] = {
	GAUGE("dns.lookups", "net.peer=a,zone=b", 1),
	GAUGE("plain", "net.peer=a", 2),
	SERIES("h", PITOT_HISTOGRAM, PT_PART_COUNT, NULL, 3),
};

static void
push_with_faults(const char *url, bool remove)
{
	static const struct pitot_label label = {"cell", "a/b"};
	struct pitot_push_options options = {
		.url = url, .job = "j", .instance = "i", .labels = &label, .label_count = 1};
	if (strstr(url, "write") != NULL)
		options.protocol = PITOT_PROTOCOL_REMOTE_WRITE_1;
	struct pitot_snapshot *snapshot = LITERAL(rows);
	snapshot->bits[1] = PT_NUMBER_STALE;
	struct pt_push_task task = {.remove = remove, .snapshot = snapshot, .options = &options};
	unsigned long runs = 0;
	for (struct fault fault = {0}; fault_next(&fault); runs++) {
		struct sink sink = {.transport = {.send = take, .free = count_free}};
		struct pitot_report report;
		struct pitot_error why = {.code = 0};
		const struct pt_world world = world_of(&sink);
		int code = pt_push_with(&task, &world, &report, &why);
		check_int(sink.freed, 1);
		check_true(code == 0 || (fault_met() && code == PITOT_NO_MEMORY));
		check_int(sink.requests, code != 0 ? 0 : options.protocol != 0 ? 2 : 1);
		check_int(why.code, code);
		check_int(report.error.code, code);
		check_size(report.samples_sent == 0, code != 0 || remove);
		if (code != 0)
			check_contains(why.text, "memory");
	}
	check_true(runs > 3);
	pitot_snapshot_free(snapshot);
}

static void
a_push_without_memory_is_told_and_sends_nothing(void)
{
	push_with_faults("http://localhost:9091/", false);
	push_with_faults("http://localhost:9091/", true);
	push_with_faults("http://localhost:9090/api/v1/write", false);
}

/* Until the thread runs; what it does is the push above. */
static void
a_pusher_without_memory_does_not_start(void)
{
	struct pitot_registry *registry = pitot_registry_new(NULL);
	struct pitot_push_options options = {.url = "http://localhost:9091", .deadline_ms = -1};
	unsigned long runs = 0;
	for (struct fault fault = {0}; fault_next(&fault); runs++) {
		struct sink sink = {.transport = {.send = take, .free = count_free}};
		struct pitot_error why = {.code = 0};
		const struct pt_world world = world_of(&sink);
		check_true(pt_pusher_start_with(registry, &options, &world, &why) == NULL);
		check_int(why.code, fault_met() ? PITOT_NO_MEMORY : PITOT_USAGE);
	}
	check_true(runs > 0);
	pitot_registry_free(registry);
}

CHECK_MAIN("fault/push", TEST(a_push_without_memory_is_told_and_sends_nothing),
	TEST(a_pusher_without_memory_does_not_start))

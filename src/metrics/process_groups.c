/* SPDX-License-Identifier: MIT */
/*
 * The groups of process metrics that are asked for one by one: the allocator, I/O, network. As in
 * process.c, a hook sets ordinary instruments and what cannot be read is left out.
 */
#include "metrics/process.h"

#include "metrics/proc_file.h"
#include "metrics/registry.h"
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

static void *
make_context(struct pitot_registry *registry, size_t size, const char *group)
{
	if (registry == NULL || registry->disabled)
		return NULL;
	void *context = calloc(1, size);
	if (context == NULL)
		pt_registry_mistake(registry, "%s metrics: out of memory", group);
	return context;
}

/* ---- the allocator ---- */

enum { heap, arena, mapped, mapped_chunks, in_use, unused, releasable, free_chunks, malloc_count };

static const struct {
	const char *name, *help;
	bool bytes;
} malloc_metrics[malloc_count] = {
	[heap] = {"process_heap_bytes", "Process heap size in bytes.", true},
	[arena] = {"malloc_arena_bytes", "Memory that malloc's arenas got from the system.", true},
	[mapped] = {"malloc_mmap_bytes", "Memory in blocks that malloc mapped one by one.", true},
	[mapped_chunks] = {"malloc_mmap_chunks", "Blocks that malloc mapped one by one.", false},
	[in_use] = {"malloc_in_use_bytes", "Memory that is allocated.", true},
	[unused] = {"malloc_free_bytes", "Memory that malloc's arenas hold but that is free.",
		true},
	[releasable] = {"malloc_releasable_bytes",
		"Memory at the top of the heap that could go back to the system.", true},
	[free_chunks] = {"malloc_free_chunks", "Free blocks in malloc's arenas.", false},
};

struct allocator {
	struct pitot_gauge *gauges[malloc_count];
};

#ifdef HAVE_MALLINFO2
static void
read_allocator(void *context)
{
	struct allocator *allocator = context;
	struct mallinfo2 info = mallinfo2();
	/* Another allocator in malloc's place leaves both at 0: then nothing is known. */
	bool known = info.arena != 0 || info.hblkhd != 0;
	const size_t values[malloc_count] = {
		[heap] = info.arena + info.hblkhd,
		[arena] = info.arena,
		[mapped] = info.hblkhd,
		[mapped_chunks] = info.hblks,
		[in_use] = info.uordblks + info.hblkhd,
		[unused] = info.fordblks,
		[releasable] = info.keepcost,
		[free_chunks] = info.ordblks,
	};
	for (size_t i = 0; i < malloc_count; i++) {
		if (known)
			pitot_gauge_set(allocator->gauges[i], (double)values[i]);
		else
			pt_gauge_absent(allocator->gauges[i]);
	}
}
#endif

void
pitot_collect_malloc(struct pitot_registry *registry)
{
	struct allocator *allocator = make_context(registry, sizeof *allocator, "malloc");
	if (allocator == NULL)
		return;
	for (size_t i = 0; i < malloc_count; i++) {
		allocator->gauges[i] =
			pitot_gauge(registry, malloc_metrics[i].name, malloc_metrics[i].help);
		pt_gauge_absent(allocator->gauges[i]);
		if (malloc_metrics[i].bytes)
			pitot_registry_unit(registry, malloc_metrics[i].name, "bytes");
	}
#ifdef HAVE_MALLINFO2
	pt_registry_hook(registry, read_allocator, free, allocator);
#else
	free(allocator); /* this C library does not tell: the group stays empty */
#endif
}

/* ---- I/O ---- */

static const struct {
	const char *key, *name, *help;
	bool bytes;
} io_metrics[] = {
	{"rchar:", "process_io_read_bytes", "Bytes read by system calls.", true},
	{"wchar:", "process_io_written_bytes", "Bytes written by system calls.", true},
	{"syscr:", "process_io_read_syscalls", "System calls that read.", false},
	{"syscw:", "process_io_write_syscalls", "System calls that write.", false},
	{"read_bytes:", "process_io_storage_read_bytes", "Bytes read from storage.", true},
	{"write_bytes:", "process_io_storage_written_bytes", "Bytes written to storage.", true},
};
enum { io_count = sizeof io_metrics / sizeof io_metrics[0] };

struct io {
	const char *proc;
	struct pitot_counter *counters[io_count];
};

static void
read_io(void *context)
{
	struct io *io = context;
	char text[4096];
	if (!pt_proc_file_read(io->proc, "io", text, sizeof text))
		text[0] = '\0';
	/* A number that is not there is -1, which leaves the sample out. */
	for (size_t i = 0; i < io_count; i++)
		pt_counter_set(
			io->counters[i], (double)pt_proc_file_number(text, io_metrics[i].key));
}

void
pt_process_collect_io(struct pitot_registry *registry, const char *proc)
{
	struct io *io = make_context(registry, sizeof *io, "I/O");
	if (io == NULL)
		return;
	io->proc = proc;
	for (size_t i = 0; i < io_count; i++) {
		io->counters[i] = pitot_counter(registry, io_metrics[i].name, io_metrics[i].help);
		if (io_metrics[i].bytes)
			pitot_registry_unit(registry, io_metrics[i].name, "bytes");
	}
	pt_registry_hook(registry, read_io, free, io);
}

void
pitot_collect_io(struct pitot_registry *registry)
{
	pt_process_collect_io(registry, "/proc/self");
}

/* ---- network ---- */

struct network {
	const char *proc;
	struct pitot_counter *receive, *transmit;
};

/*
 * netstat has pairs of lines, names and numbers; the number that stands where `name` stands in the
 * line before is wanted.
 */
static int64_t
find_column(const char *names, const char *numbers, const char *name)
{
	size_t length = strlen(name);
	for (;;) {
		names = strchr(names, ' ');
		numbers = strchr(numbers, ' ');
		if (names == NULL || numbers == NULL)
			return -1;
		names++;
		numbers++;
		if (strncmp(names, name, length) == 0 &&
			(names[length] == ' ' || names[length] == '\n')) {
			return pt_proc_file_next(&numbers);
		}
		if (names[strcspn(names, " \n")] != ' ')
			return -1;
	}
}

static void
read_network(void *context)
{
	struct network *network = context;
	char text[16384];
	int64_t received = -1, transmitted = -1;
	if (pt_proc_file_read(network->proc, "net/netstat", text, sizeof text)) {
		const char *names = strstr(text, "IpExt: ");
		const char *numbers = names == NULL ? NULL : strstr(names + 1, "IpExt: ");
		if (numbers != NULL) {
			received = find_column(names, numbers, "InOctets");
			transmitted = find_column(names, numbers, "OutOctets");
		}
	}
	pt_counter_set(network->receive, (double)received);
	pt_counter_set(network->transmit, (double)transmitted);
}

void
pt_process_collect_network(struct pitot_registry *registry, const char *proc)
{
	struct network *network = make_context(registry, sizeof *network, "network");
	if (network == NULL)
		return;
	network->proc = proc;
	network->receive = pitot_counter(registry, "process_network_receive_bytes",
		"Number of bytes received by the process over the network.");
	network->transmit = pitot_counter(registry, "process_network_transmit_bytes",
		"Number of bytes sent by the process over the network.");
	pitot_registry_unit(registry, "process_network_receive_bytes", "bytes");
	pitot_registry_unit(registry, "process_network_transmit_bytes", "bytes");
	pt_registry_hook(registry, read_network, free, network);
}

void
pitot_collect_network(struct pitot_registry *registry)
{
	pt_process_collect_network(registry, "/proc/self");
}

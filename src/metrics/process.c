/* SPDX-License-Identifier: MIT */
/*
 * Process metrics (specs/process-metrics): ordinary instruments, set by a hook at the start of
 * every gather. What cannot be read is left out of that gather; nothing here is an error. Names,
 * types and help texts are those of the official clients, since receivers merge families by name.
 */
#include "metrics/process.h"

#include "metrics/proc_file.h"
#include "metrics/registry.h"
#include <dirent.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct process {
	const char *proc;
	/*
	 * Computed once, when declared, as a stepping clock must not move it; < 0 unknown. Relaxed:
	 * only in a forked child do gathers write them, all of them the same but for a millisecond.
	 */
	_Atomic double start_seconds;
	_Atomic pid_t pid; /* whose start time it is: a forked child has another */
	struct pitot_counter *cpu, *user, *system, *minor_faults, *major_faults, *voluntary,
		*involuntary;
	struct pitot_gauge *start, *resident, *virtual_size, *virtual_max, *peak, *open_fds,
		*max_fds, *threads;
};

static void
set(struct pitot_gauge *gauge, double value)
{
	if (value >= 0)
		pitot_gauge_set(gauge, value);
	else
		pt_gauge_absent(gauge);
}

static double
seconds_of(clockid_t clock)
{
	struct timespec now;
	if (clock_gettime(clock, &now) != 0)
		return -1;
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double
seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* ---- /proc/self/stat ---- */

struct stat_fields {
	int64_t threads;
	int64_t start_ticks;
};

/* Fields are counted from 1; the second is the command in parentheses, which may hold anything. */
static struct stat_fields
read_stat(const char *proc)
{
	struct stat_fields fields = {-1, -1};
	char text[4096];
	if (!pt_proc_file_read(proc, "stat", text, sizeof text))
		return fields;
	const char *at = strrchr(text, ')');
	for (int field = 3; at != NULL && field <= 22; field++) {
		at = strchr(at + 1, ' ');
		const char *number = at;
		if (at != NULL && field == 20)
			fields.threads = pt_proc_file_next(&number);
		if (at != NULL && field == 22)
			fields.start_ticks = pt_proc_file_next(&number);
	}
	return fields;
}

/* The boot time is taken as the difference of two clocks, since btime of /proc/stat is cut. */
static double
start_time(int64_t start_ticks)
{
	double ticks = (double)sysconf(_SC_CLK_TCK);
	double now = seconds_of(CLOCK_REALTIME), up = seconds_of(CLOCK_BOOTTIME);
	if (start_ticks < 0 || ticks <= 0 || now < 0 || up < 0)
		return -1;
	double start = now - up + (double)start_ticks / ticks;
	return floor(start * 1000) / 1000;
}

static double
remember_start(struct process *process, const struct stat_fields *fields)
{
	double start = start_time(fields->start_ticks);
	atomic_store_explicit(&process->start_seconds, start, memory_order_relaxed);
	atomic_store_explicit(&process->pid, getpid(), memory_order_relaxed);
	return start;
}

static void
read_stat_metrics(struct process *process)
{
	struct stat_fields fields = read_stat(process->proc);
	double start = atomic_load_explicit(&process->start_seconds, memory_order_relaxed);
	if (atomic_load_explicit(&process->pid, memory_order_relaxed) != getpid() || start < 0)
		start = remember_start(process, &fields);
	set(process->threads, (double)fields.threads);
	set(process->start, start);
}

/* ---- memory ---- */

static void
read_memory(struct process *process)
{
	char text[8192];
	double page = (double)sysconf(_SC_PAGESIZE);
	int64_t size = -1, resident = -1;
	if (pt_proc_file_read(process->proc, "statm", text, sizeof text)) {
		const char *at = text;
		size = pt_proc_file_next(&at);
		resident = pt_proc_file_next(&at);
	}
	set(process->virtual_size, (double)size * page);
	set(process->resident, (double)resident * page);
	int64_t peak_kb = -1;
	if (pt_proc_file_read(process->proc, "status", text, sizeof text))
		peak_kb = pt_proc_file_number(text, "VmHWM:");
	set(process->peak, (double)peak_kb * 1024);
	struct rlimit limit;
	bool limited = getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
	set(process->virtual_max, limited ? (double)limit.rlim_cur : -1);
}

/* ---- file descriptors ---- */

static int64_t
count_entries(const char *path)
{
	DIR *directory = opendir(path);
	if (directory == NULL)
		return -1;
	int64_t count = -3; /* ".", ".." and the directory's own descriptor */
	while (readdir(directory) != NULL)
		count++;
	(void)closedir(directory); /* only read */
	return count;
}

static int64_t
count_fds(const char *proc)
{
	char path[512];
	struct stat status;
	int length = snprintf(path, sizeof path, "%s/fd", proc);
	if (length < 0 || (size_t)length >= sizeof path || stat(path, &status) != 0)
		return -1;
	/*
	 * Since Linux 6.2 the size is the number; before it is 0, and on other file systems not it.
	 */
	if (status.st_size > 0 && strcmp(proc, "/proc/self") == 0)
		return status.st_size;
	return count_entries(path);
}

static void
read_fds(struct process *process)
{
	struct rlimit limit;
	set(process->open_fds, (double)count_fds(process->proc));
	bool limited = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
	set(process->max_fds, limited ? (double)limit.rlim_cur : -1);
}

/* ---- usage ---- */

static void
read_usage(struct process *process)
{
	pt_counter_set(process->cpu, seconds_of(CLOCK_PROCESS_CPUTIME_ID));
	struct rusage usage;
	if (getrusage(RUSAGE_SELF, &usage) != 0)
		return; /* cannot happen; the counters would keep their values */
	pt_counter_set(process->user, seconds(usage.ru_utime));
	pt_counter_set(process->system, seconds(usage.ru_stime));
	pt_counter_set(process->minor_faults, (double)usage.ru_minflt);
	pt_counter_set(process->major_faults, (double)usage.ru_majflt);
	pt_counter_set(process->voluntary, (double)usage.ru_nvcsw);
	pt_counter_set(process->involuntary, (double)usage.ru_nivcsw);
}

static void
read_all(void *context)
{
	struct process *process = context;
	read_usage(process);
	read_stat_metrics(process);
	read_memory(process);
	read_fds(process);
}

/* ---- declarations ---- */

static void
declare_counters(struct process *p, struct pitot_registry *m)
{
	p->cpu = pitot_counter(
		m, "process_cpu_seconds", "Total user and system CPU time spent in seconds.");
	p->user = pitot_counter(m, "process_cpu_user_seconds", "User CPU time spent in seconds.");
	p->system =
		pitot_counter(m, "process_cpu_system_seconds", "System CPU time spent in seconds.");
	p->minor_faults = pitot_counter(
		m, "process_minor_page_faults", "Page faults that needed no reading from storage.");
	p->major_faults = pitot_counter(
		m, "process_major_page_faults", "Page faults that needed reading from storage.");
	struct pitot_counters *switches = pitot_counters(m, "process_context_switches",
		"Times the process gave up the CPU (voluntary) or lost it (involuntary).", "type");
	p->voluntary = pitot_counters_get(switches, "voluntary");
	p->involuntary = pitot_counters_get(switches, "involuntary");
}

static void
declare_gauges(struct process *p, struct pitot_registry *m)
{
	p->start = pitot_gauge(m, "process_start_time_seconds",
		"Start time of the process since unix epoch in seconds.");
	p->resident =
		pitot_gauge(m, "process_resident_memory_bytes", "Resident memory size in bytes.");
	p->peak = pitot_gauge(
		m, "process_resident_memory_peak_bytes", "Largest resident memory size in bytes.");
	p->virtual_size =
		pitot_gauge(m, "process_virtual_memory_bytes", "Virtual memory size in bytes.");
	p->virtual_max = pitot_gauge(m, "process_virtual_memory_max_bytes",
		"Maximum amount of virtual memory available in bytes.");
	p->open_fds = pitot_gauge(m, "process_open_fds", "Number of open file descriptors.");
	p->max_fds = pitot_gauge(m, "process_max_fds", "Maximum number of open file descriptors.");
	p->threads = pitot_gauge(m, "process_threads", "Number of OS threads in the process.");
}

void
pt_process_collect(struct pitot_registry *registry, const char *proc)
{
	static const char *const units[][2] = {
		{"process_cpu_seconds", "seconds"},
		{"process_cpu_user_seconds", "seconds"},
		{"process_cpu_system_seconds", "seconds"},
		{"process_start_time_seconds", "seconds"},
		{"process_resident_memory_bytes", "bytes"},
		{"process_resident_memory_peak_bytes", "bytes"},
		{"process_virtual_memory_bytes", "bytes"},
		{"process_virtual_memory_max_bytes", "bytes"},
	};
	if (registry == NULL || registry->disabled)
		return;
	struct process *process = calloc(1, sizeof *process);
	if (process == NULL) {
		pt_registry_mistake(registry, "process metrics: out of memory");
		return;
	}
	process->proc = proc;
	const struct stat_fields fields = read_stat(proc);
	(void)remember_start(process, &fields);
	declare_counters(process, registry);
	declare_gauges(process, registry);
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		pitot_registry_unit(registry, units[i][0], units[i][1]);
	pt_registry_hook(registry, read_all, free, process);
}

void
pitot_collect_process(struct pitot_registry *registry)
{
	pt_process_collect(registry, "/proc/self");
}

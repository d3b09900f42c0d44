/* SPDX-License-Identifier: MIT */
/* Process metrics, of this process and of a made-up /proc. */
#include <fcntl.h>
#include <math.h>
#include <pitot/exposition.h>
#include <pitot/metrics.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "metrics/process.h"
#include "support/check.h"
#include "support/find.h"

static double
value_of(struct pitot_registry *m, const char *text)
{
	struct pitot_snapshot *s = pitot_snapshot_take(m, NULL);
	double value = find_value(s, text);
	pitot_snapshot_free(s);
	return value;
}

static const double missing = -1234.5;

static void
names_types_and_help_are_those_of_the_official_clients(void)
{
	/* process-metrics 1 */
	/* process-metrics 16 */
	static const struct {
		const char *sample;
		enum pitot_type type;
		const char *unit, *help;
	} expected[] = {
		{"process_cpu_seconds_total", PITOT_COUNTER, "seconds",
			"Total user and system CPU time spent in seconds."},
		{"process_open_fds", PITOT_GAUGE, "", "Number of open file descriptors."},
		{"process_max_fds", PITOT_GAUGE, "", "Maximum number of open file descriptors."},
		{"process_virtual_memory_bytes", PITOT_GAUGE, "bytes",
			"Virtual memory size in bytes."},
		{"process_virtual_memory_max_bytes", PITOT_GAUGE, "bytes",
			"Maximum amount of virtual memory available in bytes."},
		{"process_resident_memory_bytes", PITOT_GAUGE, "bytes",
			"Resident memory size in bytes."},
		{"process_heap_bytes", PITOT_GAUGE, "bytes", "Process heap size in bytes."},
		{"process_start_time_seconds", PITOT_GAUGE, "seconds",
			"Start time of the process since unix epoch in seconds."},
		{"process_threads", PITOT_GAUGE, "", "Number of OS threads in the process."},
		{"process_network_receive_bytes_total", PITOT_COUNTER, "bytes",
			"Number of bytes received by the process over the network."},
	};
	struct pitot_registry *m = pitot_registry_new(NULL);
	pitot_collect_process(m);
	pitot_collect_malloc(m);
	pitot_collect_io(m);
	pitot_collect_network(m);
	struct pitot_snapshot *s = pitot_snapshot_take(m, NULL);
	for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
		struct pitot_sample sample = {0};
		check_true(find_sample(s, expected[i].sample, &sample));
		check_int(sample.type, expected[i].type);
		check_text(sample.unit, expected[i].unit);
		check_text(sample.help, expected[i].help);
	}
	for (size_t i = 0; i < pitot_snapshot_size(s); i++) {
		struct pitot_sample sample = pitot_snapshot_sample(s, i);
		check_true(sample.absent || (sample.value >= 0 && !isinf(sample.value)));
		bool total = strcmp(sample.suffix, "_total") == 0;
		check_true(total == (sample.type == PITOT_COUNTER));
	}
	check_int(pitot_registry_error(m, NULL), 0);
	pitot_snapshot_free(s);
	pitot_registry_free(m);
}

static void
cpu_time_only_rises_and_notices_a_millisecond(void)
{
	/* process-metrics 2 */
	struct pitot_registry *m = pitot_registry_new(NULL);
	pitot_collect_process(m);
	double before = value_of(m, "process_cpu_seconds_total");
	struct timespec start, now;
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	do
		(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	while ((now.tv_sec - start.tv_sec) * 1000000000 + now.tv_nsec - start.tv_nsec < 1000000);
	check_true(value_of(m, "process_cpu_seconds_total") >= before + 0.001);
	pitot_registry_free(m);
}

static void
the_start_time_is_right_and_never_moves_but_differs_in_a_child(void)
{
	/* process-metrics 3 */
	/* process-metrics 15 */
	struct pitot_registry *m = pitot_registry_new(NULL);
	pitot_collect_process(m);
	double start = value_of(m, "process_start_time_seconds");
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	check_true(start <= (double)now.tv_sec + 1 && start > (double)now.tv_sec - 600);
	for (int i = 0; i < 5; i++)
		check_double(value_of(m, "process_start_time_seconds"), start);
	(void)nanosleep(
		&(struct timespec){0, 50000000}, NULL); /* start times have ticks of 10 ms */
	pid_t child = fork();
	if (child == 0)
		_exit(value_of(m, "process_start_time_seconds") > start ? 0 : 1);
	int status = -1;
	check_int(waitpid(child, &status, 0), child);
	check_int(status, 0);
	pitot_registry_free(m);
}

static void
an_awkward_program_name_does_not_confuse(void)
{
	/* process-metrics 4 */
	char old[16] = "";
	(void)prctl(PR_GET_NAME, old);
	(void)prctl(PR_SET_NAME, "a) b (c 1 2");
	struct pitot_registry *m = pitot_registry_new(NULL);
	pitot_collect_process(m);
	check_true(value_of(m, "process_threads") >= 1);
	check_true(value_of(m, "process_start_time_seconds") > 1e9);
	pitot_registry_free(m);
	(void)prctl(PR_SET_NAME, old);
}

static void
open_descriptors_are_counted_and_the_limit_is_followed(void)
{
	/* process-metrics 5 */
	/* process-metrics 6 */
	struct pitot_registry *m = pitot_registry_new(NULL);
	pitot_collect_process(m);
	double before = value_of(m, "process_open_fds");
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	check_double(value_of(m, "process_open_fds"), before + 1);
	check_double(value_of(m, "process_open_fds"), before + 1);
	(void)close(fd);
	check_double(value_of(m, "process_open_fds"), before);
	struct rlimit old, lower;
	check_int(getrlimit(RLIMIT_NOFILE, &old), 0);
	lower = old;
	lower.rlim_cur = 100;
	check_int(setrlimit(RLIMIT_NOFILE, &lower), 0);
	check_double(value_of(m, "process_max_fds"), 100);
	check_int(setrlimit(RLIMIT_NOFILE, &old), 0);
	check_int(getrlimit(RLIMIT_AS, &old), 0);
	if (old.rlim_cur == RLIM_INFINITY)
		check_double(value_of(m, "process_virtual_memory_max_bytes"), missing);
	pitot_registry_free(m);
}

static void
without_descriptors_to_spare_values_are_left_out(void)
{
	/* process-metrics 9 */
	struct pitot_registry *m = pitot_registry_new(NULL);
	pitot_collect_process(m);
	struct rlimit old, none;
	check_int(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = old;
	none.rlim_cur = 0;
	check_int(setrlimit(RLIMIT_NOFILE, &none), 0);
	for (int i = 0; i < 10; i++) {
		check_double(value_of(m, "process_resident_memory_bytes"), missing);
		check_true(value_of(m, "process_cpu_seconds_total") > 0);
	}
	check_int(setrlimit(RLIMIT_NOFILE, &old), 0);
	check_true(value_of(m, "process_resident_memory_bytes") > 0);
	pitot_registry_free(m);
}

static void *
wait_for_lock(void *lock)
{
	(void)pthread_mutex_lock(lock);
	(void)pthread_mutex_unlock(lock);
	return NULL;
}

static void
threads_are_counted(void)
{
	/* process-metrics 10 */
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct pitot_registry *m = pitot_registry_new(NULL);
	pitot_collect_process(m);
	pthread_t thread;
	/* A sanitizer may start a thread of its own with the first one. */
	check_int(pthread_create(&thread, NULL, wait_for_lock, &lock), 0);
	check_int(pthread_join(thread, NULL), 0);
	double before = value_of(m, "process_threads");
	(void)pthread_mutex_lock(&lock);
	check_int(pthread_create(&thread, NULL, wait_for_lock, &lock), 0);
	check_double(value_of(m, "process_threads"), before + 1);
	(void)pthread_mutex_unlock(&lock);
	check_int(pthread_join(thread, NULL), 0);
	pitot_registry_free(m);
}

static void
write_file(const char *directory, const char *name, const char *text)
{
	char path[512];
	(void)snprintf(path, sizeof path, "%s/%s", directory, name);
	FILE *file = fopen(path, "w");
	check_fatal(file != NULL);
	check_true(fputs(text, file) >= 0);
	check_int(fclose(file), 0);
}

enum { collectors = 4, collections = 200 };

static void *
collect_often(void *context)
{
	for (int i = 0; i < collections; i++)
		pitot_snapshot_free(pitot_snapshot_take(context, NULL));
	return NULL;
}

static void
several_threads_may_collect_at_once(void)
{
	/* process-metrics 11 */
	struct pitot_registry *m = pitot_registry_new(NULL);
	pitot_collect_process(m);
	double fds = value_of(m, "process_open_fds");
	pthread_t threads[collectors];
	for (size_t i = 0; i < collectors; i++)
		check_int(pthread_create(&threads[i], NULL, collect_often, m), 0);
	for (size_t i = 0; i < collectors; i++)
		check_int(pthread_join(threads[i], NULL), 0);
	check_double(value_of(m, "process_open_fds"), fds);
	pitot_registry_free(m);
}

static void
a_made_up_proc_gives_its_numbers_and_an_empty_one_gives_none(void)
{
	/* process-metrics 7 */
	/* process-metrics 8 */
	/* process-metrics 12 */
	char directory[] = "/tmp/pitot-proc-XXXXXX", command[300];
	check_fatal(mkdtemp(directory) != NULL);
	struct pitot_registry *m = pitot_registry_new(NULL);
	pt_process_collect(m, directory);
	pt_process_collect_io(m, directory);
	pt_process_collect_network(m, directory);
	static const char *const names[] = {"process_threads", "process_resident_memory_bytes",
		"process_virtual_memory_bytes", "process_resident_memory_peak_bytes",
		"process_open_fds", "process_start_time_seconds", "process_io_read_bytes_total",
		"process_network_receive_bytes_total"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		check_double(value_of(m, names[i]), missing);

	write_file(directory, "stat",
		"42 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 7 18 4242 20 21 22\n");
	write_file(directory, "statm", "1000 300 5 6 7 8 9\n");
	write_file(directory, "status", "Name:\ta) b\nVmPeak:\t 9 kB\nVmHWM:\t    1332 kB\n");
	write_file(directory, "io",
		"rchar: 5000000000000\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 5\nwrite_bytes: "
		"6\n");
	(void)snprintf(command, sizeof command, "mkdir %s/net %s/fd", directory, directory);
	check_int(system(command), 0);
	write_file(directory, "net/netstat",
		"TcpExt: A InOctets\nTcpExt: 1 2\nIpExt: InNo InOctets OutOctets Last\nIpExt: 1 77 "
		"88 9\n");
	double page = (double)sysconf(_SC_PAGESIZE);
	check_double(value_of(m, "process_threads"), 7);
	check_double(value_of(m, "process_virtual_memory_bytes"), 1000 * page);
	check_double(value_of(m, "process_resident_memory_bytes"), 300 * page);
	check_double(value_of(m, "process_resident_memory_peak_bytes"), 1332 * 1024);
	check_double(value_of(m, "process_io_read_bytes_total"), 5e12);
	check_double(value_of(m, "process_network_receive_bytes_total"), 77);
	check_double(value_of(m, "process_network_transmit_bytes_total"), 88);

	write_file(directory, "stat", "garbage");
	write_file(directory, "statm", "x y");
	write_file(directory, "net/netstat", "IpExt: InOctets\nIpExt:\n");
	check_double(value_of(m, "process_threads"), missing);
	check_double(value_of(m, "process_virtual_memory_bytes"), missing);
	check_double(value_of(m, "process_network_receive_bytes_total"), missing);
	(void)snprintf(command, sizeof command, "rm -r %s", directory);
	check_int(system(command), 0);
	pitot_registry_free(m);
}

static void
groups_are_separate_and_follow_the_prefix_and_twice_is_once(void)
{
	/* process-metrics 14 */
	/* process-metrics 17 */
	struct pitot_registry *m =
		pitot_registry_new(&(struct pitot_registry_options){.prefix = "w_"});
	check_double(value_of(m, "w_process_threads"), missing);
	pitot_collect_process(m);
	pitot_collect_process(m);
	check_true(value_of(m, "w_process_threads") >= 1);
	check_double(value_of(m, "w_process_heap_bytes"), missing);
	pitot_collect_malloc(m);
	double heap = value_of(m, "w_process_heap_bytes");
	void *volatile block = malloc(10 << 20); /* volatile: or clang leaves it out */
	memset(block, 1, 10 << 20);
	/* Under a sanitizer malloc is not glibc's, and the group is left out. */
	check_true(heap == missing || value_of(m, "w_process_heap_bytes") >= heap + (10 << 20));
	free(block);
	check_int(pitot_registry_error(m, NULL), 0);
	pitot_registry_free(m);
}

CHECK_MAIN("metrics/process", TEST(names_types_and_help_are_those_of_the_official_clients),
	TEST(cpu_time_only_rises_and_notices_a_millisecond),
	TEST(the_start_time_is_right_and_never_moves_but_differs_in_a_child),
	TEST(an_awkward_program_name_does_not_confuse),
	TEST(open_descriptors_are_counted_and_the_limit_is_followed),
	TEST(without_descriptors_to_spare_values_are_left_out), TEST(threads_are_counted),
	TEST(several_threads_may_collect_at_once),
	TEST(a_made_up_proc_gives_its_numbers_and_an_empty_one_gives_none),
	TEST(groups_are_separate_and_follow_the_prefix_and_twice_is_once))

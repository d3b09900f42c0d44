/* SPDX-License-Identifier: MIT */
/*
 * `pitot agent`: the agent as a daemon in the foreground, for systemd or a container: SIGHUP reads
 * the configuration again, SIGTERM and SIGINT deliver what waits and end it. Wrong configuration is
 * exit status 78; 75 if something stayed in the spool at the end.
 */
#include "cli/agent.h"

#include <link.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include "cli/notify.h"

#define CONFIG_DEFAULT "/etc/pitot/agent.yml"

static void
help(void)
{
	puts("Usage: pitot agent [--config FILE | --url URL [OPTION]...]\n"
	     "Scrape local targets, read text files, take pushes on a socket; send it on.");
	cli_options_help(CLI_AGENT);
}

/* Whether the loader wrote into code, as some machines need. */
static bool
is_relocated(const struct dl_phdr_info *object)
{
	for (unsigned i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
		if (segment->p_type != PT_DYNAMIC)
			continue;
		const ElfW(Dyn) *entry = (const void *)(object->dlpi_addr + segment->p_vaddr);
		for (; entry->d_tag != DT_NULL; entry++)
			if (entry->d_tag == DT_TEXTREL ||
				(entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL) != 0))
				return true;
	}
	return false;
}

/*
 * Code and constants of the libraries that starting touched once, and nothing since, need not count
 * as this process's memory. What is used again comes back from the page cache by itself. At worst
 * nothing happens.
 */
static int
forget_code(struct dl_phdr_info *object, size_t size, void *context)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	(void)size;
	(void)context;
	if (is_relocated(object))
		return 0;
	for (unsigned i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
		/* Never written, not even by the loader: all that is in it is in the file. */
		if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W) != 0)
			continue;
		uintptr_t from = (object->dlpi_addr + segment->p_vaddr) & ~(page - 1);
		uintptr_t to = object->dlpi_addr + segment->p_vaddr + segment->p_filesz;
		(void)madvise((void *)from, to - from, MADV_DONTNEED);
	}
	return 0;
}

static void
give_back_memory(void)
{
	(void)malloc_trim(0); /* what parsing new series left behind */
	(void)dl_iterate_phdr(forget_code, NULL);
}

/* Until a signal to end; the watchdog's interval is 0 where there is none. */
static void
serve(struct pitot_agent *agent, const sigset_t *signals, int64_t watchdog_ms)
{
	for (;;) {
		int64_t wait_ms = watchdog_ms > 0 && watchdog_ms < 30000 ? watchdog_ms / 3 : 10000;
		const struct timespec wait = {
			.tv_sec = (time_t)(wait_ms / 1000), .tv_nsec = wait_ms % 1000 * 1000000};
		int number = sigtimedwait(signals, NULL, &wait);
		if (number == SIGTERM || number == SIGINT)
			return;
		if (number == SIGHUP) {
			cli_notify_reloading();
			(void)pitot_agent_reload(agent, NULL); /* it tells what is wrong */
			cli_notify("READY=1");
		}
		if (number < 0)
			give_back_memory();
		if (watchdog_ms > 0 && pitot_agent_idle_ms(agent) < watchdog_ms)
			cli_notify("WATCHDOG=1");
	}
}

static int64_t
watchdog_of_environment(void)
{
	const char *text = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	if (text == NULL || (pid != NULL && strtol(pid, NULL, 10) != (long)getpid()))
		return 0;
	return strtoll(text, NULL, 10) / 1000;
}

/*
 * A daemon that lives for months on a small machine: what a large page needed once goes back to the
 * system, and few threads share their memory. At worst it takes more.
 */
static void
keep_memory_small(void)
{
	(void)mallopt(M_ARENA_MAX, 1);
	(void)mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	(void)mallopt(M_TRIM_THRESHOLD, 256 * 1024);
}

static int
run(const struct pitot_agent_options *options)
{
	struct pitot_error why;
	sigset_t signals;
	(void)sigemptyset(&signals); /* none of these can fail for these signals */
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &signals, NULL);
	keep_memory_small();
	struct pitot_agent *agent = pitot_agent_start(options, &why);
	if (agent == NULL)
		return cli_fail("agent", &why);
	cli_notify("READY=1");
	give_back_memory();
	serve(agent, &signals, watchdog_of_environment());
	cli_notify("STOPPING=1");
	return cli_exit_code(pitot_agent_stop(agent, &why)); /* the log tells why */
}

const char *
cli_agent_key(const char *option)
{
	static const struct {
		const char *option, *key;
	} keys[] = {{"url", "url, in remote_write or pushgateway"},
		{"scrape", "targets, in scrape_configs"}, {"job", "job"}, {"instance", "instance"},
		{"label", "external_labels, in global"}, {"textfile", "directory, in textfile"},
		{"socket", "path, in socket"}, {"interval", "scrape_interval, in global"},
		{"spool", "directory, in spool"}, {"user", "username, in basic_auth"},
		{"password-file", "password_file, in basic_auth"},
		{"bearer-token-file", "credentials_file, in authorization"}, {"header", "headers"},
		{"ca-file", "ca_file, in tls_config"}, {"cert-file", "cert_file, in tls_config"},
		{"key-file", "key_file, in tls_config"},
		{"insecure", "insecure_skip_verify, in tls_config"}, {"proxy", "proxy_url"},
		{"unix-socket", "unix_socket"}};
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (strcmp(keys[i].option, option) == 0)
			return keys[i].key;
	return NULL;
}

/* What of the configuration was found: a file, or one that options make; or the exit status. */
static int
find_config(const struct cli_options *options, struct pitot_agent_options *agent, char **text)
{
	const char *path = options->config_file;
	bool has_url = options->config.push.url != NULL;
	if (path == NULL && options->url_count == 0 && options->scrape_count == 0)
		path = getenv("PITOT_CONFIG");
	if (path == NULL && !has_url && options->scrape_count == 0)
		path = CONFIG_DEFAULT;
	if (path != NULL && options->instead != NULL)
		return cli_usage("agent",
			"--%s is for an agent without a file, and this one reads %s, where the key "
			"is %s",
			options->instead, path, cli_agent_key(options->instead));
	if (path == NULL && !has_url)
		return cli_usage("agent", "no destination: give --config or --url");
	agent->path = path;
	if (path != NULL)
		return 0;
	for (size_t i = 0; i <= options->config.push.other_count; i++) {
		struct pitot_error why;
		enum pitot_protocol protocol;
		const struct pitot_push_options *push =
			i == 0 ? &options->config.push : &options->config.push.others[i - 1];
		if (pitot_push_protocol(push, &protocol, &why) != 0)
			return cli_fail("agent", &why);
	}
	*text = cli_agent_text(options);
	agent->text = *text;
	return *text == NULL ? cli_usage("agent", "out of memory") : 0;
}

int
cli_agent(int argc, char **argv)
{
	struct cli_options options;
	struct pitot_agent_options agent = {.path = NULL};
	struct cli_agent_log log;
	char *text = NULL;
	int status = cli_options_read(&options, CLI_AGENT, argc, argv);
	if (status == 0 && options.help) {
		help();
	} else if (status == 0) {
		status = find_config(&options, &agent, &text);
		cli_agent_log_init(&log, options.log_format, options.log_level);
		agent.log = cli_agent_log;
		agent.log_context = &log;
		if (status == 0)
			status = run(&agent);
	}
	free(text);
	cli_options_clear(&options);
	return status;
}

/* SPDX-License-Identifier: MIT */
/*
 * The agent from outside: starting, reading its configuration again, stopping. Fails on a file that
 * is wrong, on what it names and cannot be opened, and when memory or threads are out.
 */
#include "agent/agent_inside.h"

#include "base/error.h"
#include "base/file.h"
#include "base/thread.h"
#include "net/easy.h"
#include "net/url.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONFIG_MOST ((size_t)4 << 20)

/* ---- the configuration ---- */

/* Whether URL and options make sense, wherever they lead. `url`: or NULL. */
static int
check_way(const char *name, const char *block, unsigned line, const char *url,
	const struct pitot_http_options *http, struct pitot_error *why)
{
	struct pt_buf complete;
	pt_buf_init(&complete, PT_LIMIT_URL);
	int code = url == NULL ? 0 : pt_url_complete(&complete, url, why);
	if (code == 0)
		code = pt_easy_check(http, why);
	pt_buf_clear(&complete);
	if (code == 0)
		return 0;
	(void)pt_error_wrap(why, "%s:%u:1: %s", name, line, block);
	why->code = PITOT_BAD_CONFIG;
	why->line = line;
	return PITOT_BAD_CONFIG;
}

static int
check_ways(const struct pt_agent_config *config, const char *name, struct pitot_error *why)
{
	int code = 0;
	for (size_t i = 0; code == 0 && i < config->remote_count; i++) {
		const struct pt_agent_destination *to = &config->remotes[i];
		code = check_way(name, "remote_write", to->line, to->push.url, &to->push.http, why);
	}
	for (size_t i = 0; code == 0 && i < config->gateway_count; i++) {
		const struct pt_agent_destination *to = &config->gateways[i];
		code = check_way(name, "pushgateway", to->line, to->push.url, &to->push.http, why);
	}
	for (size_t i = 0; code == 0 && i < config->scrape_count; i++)
		code = check_way(name, "scrape_configs", config->scrapes[i].line, NULL,
			&config->scrapes[i].http.options, why);
	return code;
}

static struct pt_agent_config *
read_file(const struct pitot_agent_options *options, void (*warn)(void *context, const char *text),
	void *context, struct pitot_error *why)
{
	struct pt_buf text;
	struct pt_agent_config *config = NULL;
	pt_buf_init(&text, CONFIG_MOST);
	if (pt_file_read(options->path, &text, why) == 0)
		config = pt_agent_config_parse(
			pt_buf_text(&text), text.length, options->path, warn, context, why);
	if (text.bytes != NULL)
		explicit_bzero(text.bytes, text.capacity); /* it may hold a password */
	pt_buf_clear(&text);
	struct pitot_error problem;
	if (config == NULL || check_ways(config, options->path, &problem) == 0)
		return config;
	if (why != NULL)
		*why = problem;
	pt_agent_config_free(config);
	return NULL;
}

static struct pt_agent_config *
read_config(const struct pitot_agent_options *options,
	void (*warn)(void *context, const char *text), void *context, struct pitot_error *why)
{
	if (options->path != NULL)
		return read_file(options, warn, context, why);
	const char *text = options->text != NULL ? options->text : "";
	return pt_agent_config_parse(text, strlen(text), "options", warn, context, why);
}

static void
log_warning(void *context, const char *text)
{
	pt_log_tell(context, PITOT_LOG_WARN, "The configuration has something to know", "warning",
		text, NULL);
}

int
pitot_agent_check(const struct pitot_agent_options *options,
	void (*warn)(void *context, const char *text), void *context,
	struct pitot_agent_summary *summary, struct pitot_error *why)
{
	struct pitot_error error;
	struct pt_agent_config *config = read_config(options, warn, context, &error);
	if (config == NULL) {
		if (why != NULL)
			*why = error;
		return error.code;
	}
	*summary = (struct pitot_agent_summary){
		.remote_writes = config->remote_count,
		.pushgateways = config->gateway_count,
		.textfile = config->textfile.directory != NULL,
		.socket = config->socket.path != NULL,
		.spool = config->spool.directory != NULL,
	};
	for (size_t i = 0; i < config->scrape_count; i++)
		for (size_t j = 0; j < config->scrapes[i].static_count; j++)
			summary->targets += config->scrapes[i].statics[j].targets.count;
	pt_agent_config_free(config);
	return 0;
}

/* ---- starting ---- */

static void
wake(void *context)
{
	struct pitot_agent *agent = context;
	pt_fetcher_wake(agent->fetcher);
}

/* After a courier's step: what the clock guard holds may have got its time. */
static void
heard(void *context)
{
	struct pitot_agent *agent = context;
	if (atomic_load_explicit(&agent->holding, memory_order_relaxed))
		pt_fetcher_wake(agent->fetcher);
}

static int
name_instance(struct pitot_agent *agent, struct pitot_error *why)
{
	const char *given = agent->config->instance;
	if (given != NULL) {
		if (strlen(given) >= sizeof agent->instance)
			return pt_error_set(why, PITOT_BAD_CONFIG, "instance: is too long");
		(void)strcpy(agent->instance, given);
		return 0;
	}
	if (gethostname(agent->instance, sizeof agent->instance) != 0)
		return pt_error_set(
			why, PITOT_BAD_CONFIG, "instance: this host has no name: set the instance");
	agent->instance[sizeof agent->instance - 1] = '\0';
	return 0;
}

static int
open_registry(struct pitot_agent *agent, struct pitot_error *why)
{
	agent->registry = pitot_registry_new(NULL);
	if (agent->registry == NULL)
		return pt_error_memory(why);
	pitot_collect_process(agent->registry);
	pt_own_declare(&agent->own, agent->registry);
	return 0;
}

static int
open_outputs(struct pitot_agent *agent, struct pitot_error *why)
{
	struct pt_outputs *outputs = &agent->outputs;
	outputs->clock = agent->clock;
	outputs->log = agent->log;
	outputs->ids = pt_ids_new();
	outputs->set = pt_label_set_new();
	outputs->heard = heard;
	outputs->context = agent;
	if (outputs->ids == NULL || outputs->set == NULL)
		return pt_error_memory(why);
	return pt_outputs_open(outputs, agent->registry, agent->config, why);
}

static int
start_thread(struct pitot_agent *agent, struct pitot_error *why)
{
	int failed = pt_thread_start(&agent->thread, pt_agent_run, agent);
	if (failed != 0)
		return pt_error_set(why, PITOT_FAILED, "agent: no thread: %s", strerror(failed));
	(void)pthread_setname_np(agent->thread, "pitot-agent"); /* only for the eye */
	return 0;
}

static void
agent_free(struct pitot_agent *agent)
{
	pt_inputs_clear(&agent->inputs);
	pt_own_clear(&agent->own);
	pt_fetcher_free(agent->fetcher);
	pitot_registry_free(agent->registry);
	pt_label_set_free(agent->outputs.set);
	pt_ids_unref(agent->outputs.ids);
	pt_agent_config_free(agent->config);
	pt_log_free(agent->log);
	(void)pthread_cond_destroy(&agent->moved);
	(void)pthread_mutex_destroy(&agent->lock);
	free(agent->path);
	free(agent);
}

static int
fill(struct pitot_agent *agent, const struct pitot_agent_options *options, struct pitot_error *why)
{
	agent->options = *options;
	agent->clock = pt_clock_real();
	agent->log = pt_log_new(options, agent->clock);
	agent->path = options->path == NULL ? NULL : strdup(options->path);
	if (agent->log == NULL || (options->path != NULL && agent->path == NULL))
		return pt_error_memory(why);
	agent->options.path = agent->path;
	if (agent->options.stop_deadline_ms <= 0)
		agent->options.stop_deadline_ms = 5000;
	agent->config = read_config(&agent->options, log_warning, agent->log, why);
	if (agent->config == NULL)
		return PITOT_BAD_CONFIG;
	agent->fetcher = pt_fetcher_new(agent->clock);
	if (agent->fetcher == NULL)
		return pt_error_memory(why);
	int code = name_instance(agent, why);
	return code != 0 ? code : open_registry(agent, why);
}

static void
tell_start(struct pitot_agent *agent)
{
	char targets[24], destinations[24];
	(void)snprintf(targets, sizeof targets, "%zu", agent->inputs.scrape_count);
	(void)snprintf(destinations, sizeof destinations, "%zu",
		agent->config->remote_count + agent->config->gateway_count);
	pt_log_tell(agent->log, PITOT_LOG_INFO, "The agent runs", "version", pitot_version(),
		"config", agent->path, "targets", targets, "destinations", destinations, NULL);
	if (agent->config->remote_count + agent->config->gateway_count == 0)
		pt_log_tell(agent->log, PITOT_LOG_WARN, "There is no destination: nothing is sent",
			NULL);
}

struct pitot_agent *
pitot_agent_start(const struct pitot_agent_options *options, struct pitot_error *why)
{
	struct pitot_agent *agent = calloc(1, sizeof *agent);
	if (agent == NULL) {
		(void)pt_error_memory(why);
		return NULL;
	}
	(void)pthread_mutex_init(&agent->lock, NULL); /* neither can fail on Linux */
	(void)pthread_cond_init(&agent->moved, NULL);
	int code = fill(agent, options, why);
	if (code == 0)
		code = open_outputs(agent, why);
	bool opened = code == 0;
	agent->inputs = (struct pt_inputs){.outputs = &agent->outputs,
		.fetcher = agent->fetcher,
		.log = agent->log,
		.instance = agent->instance,
		.wake = wake,
		.context = agent};
	if (code == 0)
		code = pt_own_open(&agent->own, &agent->outputs, agent->config, agent->instance);
	if (code == 0)
		code = pt_inputs_follow(&agent->inputs, agent->config, why);
	if (code == 0)
		tell_start(agent);
	atomic_init(&agent->turned_ms, agent->clock->mono_ms(agent->clock));
	if (code == 0 && start_thread(agent, why) == 0)
		return agent;
	struct pitot_error rest = {.code = 0};
	pt_inputs_clear(&agent->inputs);
	pt_own_clear(&agent->own);
	if (opened) {
		pt_outputs_finish(&agent->outputs, 0);
		pt_outputs_close(&agent->outputs, &rest);
	}
	agent_free(agent);
	return NULL;
}

/* ---- while it runs ---- */

int
pitot_agent_reload(struct pitot_agent *agent, struct pitot_error *why)
{
	struct pitot_error error = {.code = 0};
	struct pt_agent_config *config =
		read_config(&agent->options, log_warning, agent->log, &error);
	if (config != NULL) {
		(void)pthread_mutex_lock(&agent->lock);
		agent->next = config;
		agent->next_error = &error;
		pt_fetcher_wake(agent->fetcher);
		while (agent->next != NULL)
			(void)pthread_cond_wait(&agent->moved, &agent->lock);
		(void)pthread_mutex_unlock(&agent->lock);
	}
	pt_own_reloaded(&agent->own, error.code == 0);
	if (error.code == 0)
		pt_log_tell(agent->log, PITOT_LOG_INFO, "The configuration was read again",
			"config", agent->path, NULL);
	else
		pt_log_tell(agent->log, PITOT_LOG_ERROR,
			"The new configuration is wrong: the old one goes on", "err", error.text,
			NULL);
	if (error.code != 0 && why != NULL)
		*why = error;
	return error.code;
}

int64_t
pitot_agent_idle_ms(struct pitot_agent *agent)
{
	/* relaxed: stands for itself. */
	return agent->clock->mono_ms(agent->clock) -
		atomic_load_explicit(&agent->turned_ms, memory_order_relaxed);
}

int
pitot_agent_stop(struct pitot_agent *agent, struct pitot_error *why)
{
	if (agent == NULL)
		return 0;
	struct pitot_error error = {.code = 0};
	(void)pthread_mutex_lock(&agent->lock);
	agent->stopping = true;
	(void)pthread_mutex_unlock(&agent->lock);
	pt_fetcher_wake(agent->fetcher);
	(void)pthread_join(agent->thread, NULL); /* it is ours and is joined once */
	int64_t until_ms = agent->clock->mono_ms(agent->clock) + agent->options.stop_deadline_ms;
	pt_outputs_finish(&agent->outputs, until_ms);
	pt_inputs_clear(&agent->inputs);
	pt_own_clear(&agent->own);
	pt_outputs_close(&agent->outputs, &error);
	if (error.code == 0)
		pt_log_tell(agent->log, PITOT_LOG_INFO, "The agent ends: all is delivered", NULL);
	else
		pt_log_tell(agent->log, PITOT_LOG_WARN, "The agent ends", "err", error.text, NULL);
	agent_free(agent);
	if (error.code != 0 && why != NULL)
		*why = error;
	return error.code;
}

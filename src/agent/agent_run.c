/* SPDX-License-Identifier: MIT */
/*
 * The agent's thread: it starts what is due, waits for pages, pushes and its next date, and hands
 * what came to the destinations. Nothing here blocks but the wait; what fails is told by its owner.
 */
#include "agent/agent_inside.h"

#define LOOK_MS 5000 /* for what other processes left in the spool */
#define LAST_MS 500  /* at the end, for pages that are on their way */
#define HOLD_MS 1000 /* until what waits for the receiver's time is looked at again */

static int64_t
sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* ---- another configuration ---- */

/* What fails leaves the old one in force. */
static int
follow(struct pitot_agent *agent, struct pt_agent_config *config, struct pitot_error *why)
{
	int code = pt_outputs_follow(&agent->outputs, config, agent->options.stop_deadline_ms, why);
	if (code == 0)
		code = pt_inputs_follow(&agent->inputs, config, why);
	if (code != 0) {
		struct pitot_error ignored; /* it stood before */
		if (agent->outputs.config == config)
			(void)pt_outputs_follow(&agent->outputs, agent->config, 0, &ignored);
		(void)pt_inputs_follow(&agent->inputs, agent->config, &ignored);
		return code;
	}
	pt_own_follow(&agent->own, config);
	return 0;
}

static void
take_next(struct pitot_agent *agent)
{
	(void)pthread_mutex_lock(&agent->lock);
	struct pt_agent_config *next = agent->next;
	struct pitot_error *error = agent->next_error;
	(void)pthread_mutex_unlock(&agent->lock);
	if (next == NULL)
		return;
	struct pt_agent_config *unused = next;
	if (follow(agent, next, error) == 0) {
		unused = agent->config;
		agent->config = next;
	}
	pt_agent_config_free(unused);
	(void)pthread_mutex_lock(&agent->lock);
	agent->next = NULL;
	(void)pthread_cond_broadcast(&agent->moved);
	(void)pthread_mutex_unlock(&agent->lock);
}

/* ---- one turn ---- */

static bool
is_stopping(struct pitot_agent *agent)
{
	(void)pthread_mutex_lock(&agent->lock);
	bool stopping = agent->stopping;
	(void)pthread_mutex_unlock(&agent->lock);
	return stopping;
}

/* What the clock guard holds back, as far as its time has come. */
static void
release(struct pitot_agent *agent)
{
	struct pt_gatherer *gatherer = &agent->outputs.gatherer;
	struct pitot_error problem;
	if (gatherer->held_count > 0) {
		if (pt_gatherer_release(gatherer, &problem) != 0)
			pt_log_trouble(agent->log, "Samples are lost", "reason", "clock or memory",
				problem.text);
		pt_outputs_wake(&agent->outputs);
	}
	if (pt_clockguard_news(&gatherer->guard, &problem))
		pt_log_tell(
			agent->log, PITOT_LOG_WARN, "The clocks differ", "err", problem.text, NULL);
	atomic_store_explicit(&agent->holding, gatherer->held_count > 0, memory_order_relaxed);
}

static int64_t
turn(struct pitot_agent *agent)
{
	int64_t now_ms = agent->clock->mono_ms(agent->clock);
	atomic_store_explicit(&agent->turned_ms, now_ms, memory_order_relaxed);
	take_next(agent);
	pt_inputs_run(&agent->inputs, now_ms);
	if (now_ms >= pt_own_due(&agent->own))
		pt_own_run(&agent->own, &agent->inputs, now_ms);
	if (agent->config->spool.directory != NULL && now_ms >= agent->look_ms) {
		pt_outputs_look_around(&agent->outputs);
		agent->look_ms = now_ms + LOOK_MS;
	}
	release(agent);
	int64_t next_ms = sooner(pt_inputs_due(&agent->inputs), pt_own_due(&agent->own));
	if (agent->config->spool.directory != NULL)
		next_ms = sooner(next_ms, agent->look_ms);
	if (agent->outputs.gatherer.held_count > 0)
		next_ms = sooner(next_ms, now_ms + HOLD_MS);
	/* So that a watchdog sees that it goes round. */
	return sooner(next_ms, now_ms + LOOK_MS);
}

/* Targets count what they told: a page that is on its way is waited for, but not long. */
static void
finish_scrapes(struct pitot_agent *agent)
{
	const struct pt_clock *clock = agent->clock;
	int64_t until_ms = clock->mono_ms(clock) + LAST_MS;
	while (pt_fetcher_is_busy(agent->fetcher) && clock->mono_ms(clock) < until_ms)
		pt_fetcher_wait(agent->fetcher, until_ms, pt_scrape_done);
}

void *
pt_agent_run(void *context)
{
	struct pitot_agent *agent = context;
	while (!is_stopping(agent)) {
		int64_t next_ms = turn(agent);
		if (!is_stopping(agent))
			pt_fetcher_wait(agent->fetcher, next_ms, pt_scrape_done);
	}
	finish_scrapes(agent);
	/* Pushes that came meanwhile, and how things stood at the end. */
	int64_t now_ms = agent->clock->mono_ms(agent->clock);
	pt_inputs_run_pushes(&agent->inputs, now_ms);
	pt_own_run(&agent->own, &agent->inputs, now_ms);
	return NULL;
}

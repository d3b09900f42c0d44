/* SPDX-License-Identifier: MIT */
/*
 * The outlet: what a config asks for, started and stopped by one call each. It fails as the pusher
 * and the endpoint do, and then neither of them is left.
 */
#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "drive/pusher.h"
#include "drive/serve_inside.h"
#include "metrics/registry.h"
#include "net/url.h"
#include <pitot/config.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pitot_outlet {
	struct pitot_pusher *pusher; /* NULL: none is asked for */
	struct pitot_server *server; /* likewise */
};

/* ---- constant labels ---- */

static bool
is_among(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

int
pitot_config_own_labels(const struct pitot_config *config, const char *const *names, size_t count,
	struct pitot_error *why)
{
	/* Of pitot's own metrics and of those of the process, of buckets and of quantiles. */
	static const char *const ours[] = {"destination", "result", "reason", "type", "mode",
		"forced", "pitot_destination_state", "quantile", "le"};
	const char *from = config->labels_variable;
	for (size_t i = 0; i < config->registry.label_count; i++) {
		const char *name = config->registry.labels[i].name;
		if (is_among(name, names, count) ||
			is_among(name, ours, sizeof ours / sizeof ours[0]))
			return pt_error_set(why, PITOT_BAD_CONFIG,
				"%s: \"%s\" is a label that metrics have themselves: give it "
				"another "
				"name, for example \"my_%s\"",
				from == NULL ? "constant labels" : from, name, name);
	}
	return 0;
}

/* ---- starting ---- */

/* Tells what is there, with the port that it really is; what is not asked for is left out. */
static void
tell(const struct pitot_config *config, const struct pitot_server *server)
{
	struct pitot_label fields[4];
	struct pitot_log_entry entry = {PITOT_LOG_INFO, "prometheus metrics enabled", fields, 0};
	struct pt_buf url;
	char port[8];
	const char *path = config->server.path == NULL ? "/metrics" : config->server.path;
	if (config->server.log == NULL)
		return;
	pt_buf_init(&url, PT_LIMIT_URL);
	if (config->push.url != NULL) {
		pt_url_redact(&url, config->push.url);
		fields[entry.field_count++] = (struct pitot_label){"url", pt_buf_text(&url)};
	}
	if (config->serve) {
		(void)snprintf(port, sizeof port, "%u", (unsigned)pitot_server_port(server));
		fields[entry.field_count++] = (struct pitot_label){"port", port};
		fields[entry.field_count++] = (struct pitot_label){"path", path};
	}
	if (config->registry.prefix != NULL)
		fields[entry.field_count++] =
			(struct pitot_label){"prefix", config->registry.prefix};
	config->server.log(config->server.log_context, &entry);
	pt_buf_clear(&url);
}

static int
start(struct pitot_outlet *outlet, struct pitot_registry *registry,
	const struct pitot_config *config, struct pitot_error *why)
{
	int code = pitot_config_own_labels(config, NULL, 0, why);
	if (code != 0)
		return code;
	if (config->collect_default) {
		pitot_collect_process(registry);
		pitot_collect_malloc(registry);
	}
	if (config->push.url == NULL && !config->serve)
		return pt_error_set(why, PITOT_USAGE, "neither push.url nor serve is set");
	/* The endpoint first: what can be in its way is known at once, and leaves nothing. */
	if (config->serve) {
		outlet->server = pt_serve_start(registry, &config->server, why);
		if (outlet->server == NULL)
			return PITOT_FAILED;
	}
	tell(config, outlet->server);
	if (config->serve)
		pt_serve_tell_started(outlet->server);
	if (config->push.url != NULL) {
		outlet->pusher = pitot_pusher_start(registry, &config->push, why);
		if (outlet->pusher == NULL)
			return PITOT_FAILED;
	}
	return 0;
}

struct pitot_outlet *
pitot_outlet_start(
	struct pitot_registry *registry, const struct pitot_config *config, struct pitot_error *why)
{
	struct pitot_outlet *outlet = calloc(1, sizeof *outlet);
	if (outlet == NULL) {
		(void)pt_error_memory(why);
		return NULL;
	}
	if (!config->enabled || pt_registry_disabled(registry) ||
		start(outlet, registry, config, why) == 0)
		return outlet;
	/* The pusher is the last to start, so that it is never there now. */
	(void)pitot_server_stop(outlet->server, NULL); /* fails only on its own thread */
	free(outlet);
	return NULL;
}

/* ---- from the program ---- */

struct pitot_pusher *
pitot_outlet_pusher(const struct pitot_outlet *outlet)
{
	return outlet == NULL ? NULL : outlet->pusher;
}

struct pitot_server *
pitot_outlet_server(const struct pitot_outlet *outlet)
{
	return outlet == NULL ? NULL : outlet->server;
}

int
pitot_outlet_stop(struct pitot_outlet *outlet, struct pitot_error *why)
{
	if (outlet == NULL)
		return 0;
	if (pt_pusher_is_self(outlet->pusher) || pt_serve_is_self(outlet->server))
		return pt_error_set(why, PITOT_USAGE,
			"stop: the outlet's own threads cannot stop it: stop it from another one");
	(void)pitot_server_stop(outlet->server, NULL); /* fails only on its own thread */
	int code = pitot_pusher_stop(outlet->pusher, why);
	free(outlet);
	return code;
}

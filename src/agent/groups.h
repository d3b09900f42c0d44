/* SPDX-License-Identifier: MIT */
/*
 * Groups of metrics as a Pushgateway keeps them, but for a time: what was pushed to the agent's
 * socket, repeated in an interval until the group's time to live is over or it is deleted.
 *
 * Pushing and deleting are for any thread; the rest is the agent's.
 */
#ifndef PT_AGENT_GROUPS_H
#define PT_AGENT_GROUPS_H

#include "agent/feed.h"

struct pt_groups;

struct pt_groups_options {
	struct pt_outputs *outputs;
	int64_t ttl_ms, interval_ms;
	const char *instance;        /* of groups that have none; copied */
	void (*wake)(void *context); /* there is something to bring to the destinations */
	void *context;
};

/* NULL if memory is out. */
struct pt_groups *pt_groups_new(const struct pt_groups_options *options);
void pt_groups_free(struct pt_groups *groups);

/* What a push says. */
struct pt_group_push {
	struct pt_labels *key;           /* the grouping key; its reference is taken over */
	struct pitot_snapshot *snapshot; /* likewise; NULL: nothing was in it */
	bool replace;   /* the group becomes this; otherwise families are replaced */
	int64_t ttl_ms; /* of the group from now on; 0: as configured */
};

/* PITOT_NO_MEMORY; a failure that has to do with the group is remembered in it. */
int pt_groups_push(struct pt_groups *groups, const struct pt_group_push *push);
/* A push to this group was refused. Takes the key's reference over. */
void pt_groups_refused(struct pt_groups *groups, struct pt_labels *key);
/* Takes the key's reference over. False: there is no such group. */
bool pt_groups_delete(struct pt_groups *groups, struct pt_labels *key);
size_t pt_groups_count(struct pt_groups *groups);

/* When the groups are to be repeated. */
int64_t pt_groups_due(const struct pt_groups *groups);
/* Brings what changed to the destinations, and when it is due all; ends what is over. */
void pt_groups_run(struct pt_groups *groups, int64_t now_ms);
/* All series end. */
void pt_groups_end(struct pt_groups *groups, int64_t now_ms);
/* The configuration changed these. */
void pt_groups_set(struct pt_groups *groups, int64_t ttl_ms, int64_t interval_ms);

#endif

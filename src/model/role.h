/* SPDX-License-Identifier: MIT */
/*
 * What series have in common: their family, and within it their role, which is to be, say, the
 * bucket up to 0.5. Immutable; families are shared by reference count, from any thread.
 */
#ifndef PT_MODEL_ROLE_H
#define PT_MODEL_ROLE_H

#include <stdatomic.h>
#include <stdint.h>
#include "model/name.h"

/* ---- family: what all its series share ---- */

struct pt_family {
	atomic_uint references;
	enum pitot_type type;
	const char *name; /* without suffix; prefix included */
	const char *help; /* "" for none */
	const char *unit; /* "" for none */
	uint32_t name_length;
	uint32_t help_length;
	uint32_t unit_length;
	bool has_help; /* an empty help text is not the same as none */
	/*
	 * Its histograms have a series of PT_PART_NATIVE each; the classic series beside it are for
	 * formats and receivers that do not take it. False until whoever makes the family sets it.
	 */
	bool is_native;
	struct pt_roles *roles; /* see role.c */
	char text[];
};

/* `help` and `unit` may be NULL. NULL if memory is out. */
struct pt_family *pt_family_new(const char *name, size_t name_length, enum pitot_type type,
	const char *help, size_t help_length, const char *unit, size_t unit_length);
struct pt_family *pt_family_ref(struct pt_family *family);
void pt_family_unref(struct pt_family *family);

/* ---- role: what a family's series of one part, with one bound or state, have in common ---- */

struct pt_role {
	struct pt_family *family; /* referenced while a series has the role */
	struct pt_role *next;     /* of the same family, made after this one; the model's lock */
	uint32_t series;          /* that have it; the model's lock */
	enum pt_part part;
	bool is_shared;          /* false: of one series, with which it goes */
	uint32_t extra_length;   /* of extra_value */
	const char *extra_name;  /* "le", "quantile", the family's name, or NULL */
	const char *extra_value; /* canonical for le and quantile; NULL without extra_name */
	double bound;            /* of le or quantile, 0 otherwise */
	uint64_t hash;           /* of all that, the same in every process */
	uint64_t place;          /* likewise, for tables: nobody outside can tell it */
	char text[];
};

/* What is asked for. */
struct pt_role_key {
	enum pt_part part;
	double bound;
	const char *state; /* of PT_PART_STATE, otherwise NULL */
};
/* Where a role is, or one like it in another family. */
struct pt_role_key pt_role_key(const struct pt_role *role);
/*
 * For a series, and to be dropped when that goes; the model's lock is held. NULL if memory is out.
 */
struct pt_role *pt_role_get(struct pt_family *family, const struct pt_role_key *key);
void pt_role_drop(struct pt_role *role);

#endif

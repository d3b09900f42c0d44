/* SPDX-License-Identifier: MIT */
/*
 * Families and their roles. A family keeps the roles that its series ever had, so that all of a
 * kind share one; what others send may have any number of them, and beyond some thousands each
 * series has one to itself, which goes with it.
 *
 * Making fails only when memory is out. Reference counts are taken relaxed (whoever copies a
 * reference holds one) and dropped with release/acquire, so that the last one sees all earlier use
 * before freeing.
 */
#include "model/role.h"

#include "base/hash.h"
#include "base/number.h"
#include <stdlib.h>
#include <string.h>

static const char *
append(char **at, const char *text, uint32_t length)
{
	char *copy = *at;
	memcpy(copy, text, length);
	copy[length] = '\0';
	*at += length + 1;
	return copy;
}

/* ---- roles ---- */

/* More parts than any instrument of ours has; what others send may have any number. */
enum { most_shared = 4096 };

/* The model's lock guards them. */
struct pt_roles {
	struct pt_role **slots;
	size_t capacity; /* a power of two, at most half full */
	size_t count;
	struct pt_role *first, *last;
	struct pt_role *recent; /* the last one that was got: series come in the order of roles */
};

static void
free_roles(struct pt_roles *roles)
{
	for (struct pt_role *role = roles->first, *next; role != NULL; role = next) {
		next = role->next;
		free(role);
	}
	free(roles->slots);
	free(roles);
}

static bool
is_role(const struct pt_role *role, const struct pt_role_key *key)
{
	return role != NULL && role->part == key->part &&
		pt_number_bits(role->bound) == pt_number_bits(key->bound) &&
		(key->state == NULL || strcmp(role->extra_value, key->state) == 0);
}

static const char *
extra_name_of(const struct pt_family *family, enum pt_part part)
{
	switch (part) {
	case PT_PART_BUCKET:
		return "le";
	case PT_PART_QUANTILE:
		return "quantile";
	case PT_PART_STATE:
		return family->name;
	default:
		return NULL;
	}
}

static uint64_t
hash_role(const struct pt_role *role, uint64_t seed)
{
	const struct pt_family *family = role->family;
	uint64_t hash = pt_hash(family->name, family->name_length, seed ^ (uint64_t)role->part);
	return role->extra_value == NULL ? hash
					 : pt_hash(role->extra_value, role->extra_length, hash);
}

static struct pt_role *
new_role(struct pt_family *family, const struct pt_role_key *key)
{
	char number[PT_NUMBER_TEXT];
	const char *value = key->state, *name = extra_name_of(family, key->part);
	size_t length = 0;
	if (key->part == PT_PART_BUCKET || key->part == PT_PART_QUANTILE) {
		length = pt_number_format(number, key->bound, PT_NUMBER_OPEN);
		value = number;
	} else if (name != NULL) {
		length = strlen(value);
	}
	struct pt_role *role = malloc(sizeof *role + length + 1);
	if (role == NULL)
		return NULL;
	*role = (struct pt_role){
		.family = family,
		.part = key->part,
		.extra_length = (uint32_t)length,
		.extra_name = name,
		.bound = key->bound,
	};
	char *text = role->text;
	if (name != NULL)
		role->extra_value = append(&text, value, role->extra_length);
	role->hash = hash_role(role, 0);
	role->place = hash_role(role, pt_hash_secret());
	return role;
}

struct pt_role_key
pt_role_key(const struct pt_role *role)
{
	return (struct pt_role_key){
		.part = role->part,
		.bound = role->bound,
		.state = role->part == PT_PART_STATE ? role->extra_value : NULL,
	};
}

static size_t
slot_of(const struct pt_roles *roles, const struct pt_role_key *key)
{
	uint64_t bits = pt_number_bits(key->bound);
	uint64_t hash = pt_hash(&bits, sizeof bits, pt_hash_secret() ^ (uint64_t)key->part);
	if (key->state != NULL)
		hash = pt_hash(key->state, strlen(key->state), hash);
	size_t at = (size_t)hash & (roles->capacity - 1);
	while (roles->slots[at] != NULL && !is_role(roles->slots[at], key))
		at = (at + 1) & (roles->capacity - 1);
	return at;
}

static bool
has_room(struct pt_roles *roles)
{
	if ((roles->count + 1) * 2 <= roles->capacity)
		return true;
	struct pt_roles grown = {.capacity = roles->capacity == 0 ? 2 : roles->capacity * 2};
	grown.slots = calloc(grown.capacity, sizeof grown.slots[0]);
	if (grown.slots == NULL)
		return false;
	for (size_t i = 0; i < roles->capacity; i++) {
		struct pt_role *role = roles->slots[i];
		if (role == NULL)
			continue;
		const struct pt_role_key key = pt_role_key(role);
		grown.slots[slot_of(&grown, &key)] = role;
	}
	free(roles->slots);
	roles->slots = grown.slots;
	roles->capacity = grown.capacity;
	return true;
}

static struct pt_role *
find_or_add(struct pt_family *family, const struct pt_role_key *key)
{
	struct pt_roles *roles = family->roles;
	if (!has_room(roles))
		return NULL;
	size_t at = slot_of(roles, key);
	struct pt_role *role = roles->slots[at];
	if (role != NULL)
		return role;
	role = new_role(family, key);
	if (role == NULL || roles->count == most_shared)
		return role;
	role->is_shared = true;
	roles->slots[at] = role;
	roles->count++;
	*(roles->last == NULL ? &roles->first : &roles->last->next) = role;
	roles->last = role;
	return role;
}

struct pt_role *
pt_role_get(struct pt_family *family, const struct pt_role_key *key)
{
	struct pt_roles *roles = family->roles;
	struct pt_role *role = roles->recent;
	if (!is_role(role, key)) {
		role = role == NULL || role->next == NULL ? roles->first : role->next;
		if (!is_role(role, key))
			role = find_or_add(family, key);
		if (role == NULL)
			return NULL;
		if (role->is_shared)
			roles->recent = role;
	}
	if (role->series++ == 0)
		(void)pt_family_ref(family);
	return role;
}

void
pt_role_drop(struct pt_role *role)
{
	if (--role->series > 0)
		return;
	struct pt_family *family = role->family;
	if (!role->is_shared)
		free(role);
	pt_family_unref(family);
}

/* ---- family ---- */

struct pt_family *
pt_family_new(const char *name, size_t name_length, enum pitot_type type, const char *help,
	size_t help_length, const char *unit, size_t unit_length)
{
	if (help == NULL)
		help_length = 0;
	if (unit == NULL)
		unit_length = 0;
	struct pt_family *family =
		malloc(sizeof *family + name_length + help_length + unit_length + 3);
	if (family == NULL)
		return NULL;
	atomic_init(&family->references, 1);
	family->type = type;
	family->name_length = (uint32_t)name_length;
	family->help_length = (uint32_t)help_length;
	family->unit_length = (uint32_t)unit_length;
	family->has_help = help != NULL;
	family->is_native = false;
	family->roles = calloc(1, sizeof *family->roles);
	if (family->roles == NULL) {
		free(family);
		return NULL;
	}
	char *text = family->text;
	family->name = append(&text, name, family->name_length);
	family->help = append(&text, help == NULL ? "" : help, family->help_length);
	family->unit = append(&text, unit == NULL ? "" : unit, family->unit_length);
	return family;
}

struct pt_family *
pt_family_ref(struct pt_family *family)
{
	atomic_fetch_add_explicit(&family->references, 1, memory_order_relaxed);
	return family;
}

void
pt_family_unref(struct pt_family *family)
{
	if (family == NULL ||
		atomic_fetch_sub_explicit(&family->references, 1, memory_order_acq_rel) != 1)
		return;
	free_roles(family->roles);
	free(family);
}

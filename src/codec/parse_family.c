/* SPDX-License-Identifier: MIT */
/*
 * Which family a sample's name belongs to: the one that a TYPE line gave just this name, else the
 * one it is a suffixed name of, else one of its own. Once the first sample of a name has been read
 * its family does not change. It fails where a family cannot have such a sample, and out of memory.
 */
#include "codec/parse.h"

#include "base/hash.h"
#include <string.h>

/* ---- names ---- */

static bool
is_name(const void *item, const void *key)
{
	const struct pt_parse_name *name = item;
	const struct pt_parse_text *text = key;
	return name->text.length == text->length &&
		memcmp(name->text.bytes, text->bytes, text->length) == 0;
}

struct pt_parse_name *
pt_parse_intern(struct pt_parse *parse, struct pt_parse_text text)
{
	/* Mostly that of the line before. */
	if (parse->last_name != NULL && is_name(parse->last_name, &text))
		return parse->last_name;
	uint64_t hash = pt_hash(text.bytes, text.length, pt_hash_secret());
	struct pt_parse_name *name = pt_parse_table_find(&parse->names, hash, is_name, &text);
	if (name != NULL)
		return parse->last_name = name;
	name = pt_arena_alloc(&parse->arena, sizeof *name);
	if (name == NULL || !pt_parse_table_add(&parse->names, hash, name)) {
		(void)pt_parse_memory(parse);
		return NULL;
	}
	*name = (struct pt_parse_name){.text = text, .hash = hash};
	return parse->last_name = name;
}

static struct pt_parse_name *
find(const struct pt_parse *parse, struct pt_parse_text text)
{
	uint64_t hash = pt_hash(text.bytes, text.length, pt_hash_secret());
	return pt_parse_table_find(&parse->names, hash, is_name, &text);
}

struct pt_parse_name *
pt_parse_lookup(struct pt_parse *parse, struct pt_parse_text text, const char *suffix)
{
	enum { longest_suffix = 16 };
	char bytes[PT_LIMIT_NAME + longest_suffix];
	size_t length = strlen(suffix);
	memcpy(bytes, text.bytes, text.length);
	memcpy(bytes + text.length, suffix, length);
	return find(parse, (struct pt_parse_text){bytes, text.length + length});
}

/* ---- families ---- */

static struct pt_parse_family *
new_family(struct pt_parse *parse, struct pt_parse_name *name)
{
	struct pt_parse_family *family = pt_arena_alloc(&parse->arena, sizeof *family);
	if (family == NULL) {
		(void)pt_parse_memory(parse);
		return NULL;
	}
	*family = (struct pt_parse_family){.name = name, .line = parse->number};
	*(parse->last != NULL ? &parse->last->next : &parse->first) = family;
	parse->last = family;
	name->declared = family;
	return family;
}

static struct pt_parse_family *
family_of(struct pt_parse *parse, struct pt_parse_name *name)
{
	return name->declared != NULL ? name->declared : new_family(parse, name);
}

struct pt_parse_family *
pt_parse_declare(struct pt_parse *parse, struct pt_parse_text text)
{
	struct pt_parse_name *name = pt_parse_intern(parse, text);
	return name == NULL ? NULL : family_of(parse, name);
}

/* ---- samples ---- */

/* The family named `base` if it has samples of this part. */
static struct pt_parse_family *
owner_of_part(const struct pt_parse *parse, struct pt_parse_text base, enum pt_part part)
{
	const struct pt_parse_name *name = find(parse, base);
	if (name == NULL || name->declared == NULL || !name->declared->typed)
		return NULL;
	const char *suffix = pt_name_suffix(part);
	const char *const *reserved = pt_name_reserved(name->declared->type);
	while (*reserved != NULL && strcmp(*reserved, suffix) != 0)
		reserved++;
	return *reserved != NULL ? name->declared : NULL;
}

/* _created of a counter whose TYPE line has _total in the name. */
static struct pt_parse_family *
owner_of_created(struct pt_parse *parse, struct pt_parse_text base)
{
	const struct pt_parse_name *name = pt_parse_lookup(parse, base, "_total");
	if (name == NULL || name->declared == NULL || name->declared->type != PITOT_COUNTER)
		return NULL;
	return name->declared;
}

static bool
resolve_suffix(struct pt_parse *parse, struct pt_parse_name *name)
{
	static const enum pt_part parts[] = {PT_PART_TOTAL, PT_PART_BUCKET, PT_PART_SUM,
		PT_PART_COUNT, PT_PART_GSUM, PT_PART_GCOUNT, PT_PART_INFO, PT_PART_CREATED};
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		const char *suffix = pt_name_suffix(parts[i]);
		struct pt_parse_text base = name->text;
		base.length = pt_name_without(base.bytes, base.length, suffix);
		/* In 0.0.4 a _created is a metric like any other. */
		if (base.length == name->text.length ||
			(parts[i] == PT_PART_CREATED && !parse->open))
			continue;
		struct pt_parse_family *owner = owner_of_part(parse, base, parts[i]);
		if (owner == NULL && parts[i] == PT_PART_CREATED)
			owner = owner_of_created(parse, base);
		name->owner = owner;
		name->part = parts[i];
		return owner != NULL;
	}
	return false;
}

/* What samples of the very name of a family of this type are, where that is possible at all. */
static bool
resolve_own(struct pt_parse *parse, struct pt_parse_name *name, const char *at)
{
	struct pt_parse_text text = name->text;
	bool exact = parse->open && parse->strict, good = true;
	const char *wanted = "";
	name->part = PT_PART_VALUE;
	switch (name->declared->type) {
	case PITOT_COUNTER:
		good = !exact;
		wanted = "_total";
		break;
	case PITOT_INFO:
		good = !exact && pt_name_without(text.bytes, text.length, "_info") < text.length;
		wanted = "_info";
		break;
	case PITOT_SUMMARY:
		name->part = PT_PART_QUANTILE;
		break;
	case PITOT_STATESET:
		name->part = PT_PART_STATE;
		break;
	case PITOT_HISTOGRAM:
		good = false;
		wanted = "_bucket, _sum or _count";
		break;
	case PITOT_GAUGE_HISTOGRAM:
		good = false;
		wanted = "_bucket, _gsum or _gcount";
		break;
	default:
		break;
	}
	if (!good)
		return pt_parse_fail(parse, at,
			"\"%.*s\" is of type %s, so expected %s behind the name", (int)text.length,
			text.bytes, pitot_type_text(name->declared->type), wanted);
	name->owner = name->declared;
	return true;
}

bool
pt_parse_resolve(struct pt_parse *parse, struct pt_parse_name *name, const char *at)
{
	if (name->owner != NULL)
		return true;
	if (name->declared != NULL && name->declared->typed)
		return resolve_own(parse, name, at);
	if (resolve_suffix(parse, name)) {
		if (name->part != PT_PART_CREATED)
			name->owner->suffixed = true;
		return true;
	}
	name->part = PT_PART_VALUE;
	name->owner = family_of(parse, name);
	return name->owner != NULL;
}

/* ---- clashes ---- */

/* The family of which this one's name could be a sample's, or NULL. */
static const struct pt_parse_family *
clash_of(const struct pt_parse *parse, const struct pt_parse_family *family)
{
	for (enum pt_part part = PT_PART_TOTAL; part <= PT_PART_CREATED; part++) {
		struct pt_parse_text base = family->name->text;
		base.length = pt_name_without(base.bytes, base.length, pt_name_suffix(part));
		if (base.length == family->name->text.length)
			continue;
		const struct pt_parse_family *other = owner_of_part(parse, base, part);
		if (other != NULL)
			return other;
	}
	return NULL;
}

bool
pt_parse_check_clashes(struct pt_parse *parse)
{
	for (const struct pt_parse_family *family = parse->first; family != NULL;
		family = family->next) {
		const struct pt_parse_family *other = clash_of(parse, family);
		if (other == NULL)
			continue;
		const struct pt_parse_text *name = &family->name->text;
		return pt_parse_fail(parse, parse->at,
			"the name \"%.*s\" (line %u) is also that of a sample of the %s \"%.*s\" "
			"(line %u)",
			(int)name->length, name->bytes, family->line, pitot_type_text(other->type),
			(int)other->name->text.length, other->name->text.bytes, other->line);
	}
	return true;
}

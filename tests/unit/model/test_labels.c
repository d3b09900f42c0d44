/* SPDX-License-Identifier: MIT */
/* Labels, and the texts that all of them share. */
#include "model/labels.h"
#include "model/lock.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/poison.h"
#include "support/check.h"
#include "support/literal.h"

/* The child of a fork ends without the threads of its parent, which that sanitizer would miss. */
const char *__tsan_default_options(void);
const char *
__tsan_default_options(void)
{
	return "die_after_fork=0:report_thread_leaks=0";
}

static void
labels_are_sorted_and_empty_ones_dropped(void)
{
	static const char *const texts[] = {"b", "2", "a", "1", "z", "", "B", "0", "ab", "3"};
	static const char *const names[] = {"B", "a", "ab", "b"};
	struct pt_labels *labels = literal_labels(texts, 5);
	check_fatal(labels != NULL);
	check_size(pt_labels_count(labels), 4);
	for (size_t i = 0; i < 4; i++)
		check_text(pt_labels_at(labels, i).name, names[i]);
	check_text(pt_labels_find(labels, "b"), "2");
	check_true(pt_labels_find(labels, "z") == NULL);
	check_true(pt_labels_find(labels, "") == NULL);
	pt_labels_unref(labels);
}

static void
labels_are_copied(void)
{
	char name[] = "name", value[] = "value";
	struct pt_label pair = pt_label_of(name, value);
	struct pt_labels *labels = pt_labels_new(&pair, 1);
	check_fatal(labels != NULL);
	(void)memset(name, 'x', 4);
	(void)memset(value, 'x', 5);
	check_text(pt_labels_find(labels, "name"), "value");
	check_size(pt_labels_at(labels, 0).name_length, 4);
	check_size(pt_labels_at(labels, 0).value_length, 5);
	pt_labels_unref(labels);
}

static void
labels_are_equal_whatever_their_order_was(void)
{
	static const char *const one[] = {"a", "1", "b", "2"};
	static const char *const two[] = {"b", "2", "a", "1"};
	static const char *const others[][4] = {{"a", "1", "b", "3"}, {"a", "1", "c", "2"},
		{"a", "1", "b", "22"}, {"a", "1", "b", ""}};
	struct pt_labels *left = literal_labels(one, 2), *right = literal_labels(two, 2);
	check_fatal(left != NULL && right != NULL);
	check_true(pt_labels_equal(left, right));
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		struct pt_labels *other = literal_labels(others[i], 2);
		check_fatal(other != NULL);
		check_true(!pt_labels_equal(left, other));
		pt_labels_unref(other);
	}
	pt_labels_unref(left);
	pt_labels_unref(right);
	pt_labels_unref(NULL);
}

static void
no_labels_are_labels_too(void)
{
	struct pt_labels *labels = pt_labels_new(NULL, 0);
	check_fatal(labels != NULL);
	check_size(pt_labels_count(labels), 0);
	check_true(pt_labels_equal(labels, labels));
	pt_labels_unref(labels);
}

static void
a_name_that_stands_twice_is_found(void)
{
	struct pt_label pairs[] = {
		pt_label_of("a", "1"), pt_label_of("b", "2"), pt_label_of("a", "")};
	check_true(pt_labels_duplicate(pairs, 0) == NULL);
	check_true(pt_labels_duplicate(pairs, 2) == NULL);
	check_text(pt_labels_duplicate(pairs, 3), "a");
}

/* ---- from a pattern ---- */

/* c, p and q are common, or the family's own, whose values are given in this order: q, c. */
static void
labels_like_a_pattern_have_its_own_values(void)
{
	static const char *const texts[] = {"p", "common", "q", "any", "c", "any"};
	static const struct {
		const char *q, *c;
		size_t count;
	} rows[] = {{"1", "2", 3}, {"1", "3", 3}, {"", "3", 2}, {"4", "", 2}, {"", "", 1},
		{"a text of more than fifteen bytes", "2", 3}, {"1", "2", 3}};
	const uint8_t places[] = {2, 0};
	struct pt_labels *pattern = literal_labels(texts, 3), *near = NULL;
	check_fatal(pattern != NULL);
	pt_labels_blank(pattern, 2);
	pt_labels_blank(pattern, 0);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct pt_text values[] = {pt_text_of(rows[i].q, strlen(rows[i].q)),
			pt_text_of(rows[i].c, strlen(rows[i].c))};
		const struct pt_labels_own own = {places, values, 2};
		pt_model_lock();
		struct pt_labels *labels = pt_labels_like(pattern, near, &own);
		pt_model_unlock();
		const char *const same[] = {"p", "common", "q", rows[i].q, "c", rows[i].c};
		struct pt_labels *plain = literal_labels(same, 3);
		check_fatal(labels != NULL && plain != NULL);
		check_size(pt_labels_count(labels), rows[i].count);
		check_true(pt_labels_equal(labels, plain));
		check_true(pt_labels_hash(labels, 1) == pt_labels_hash(plain, 1));
		pt_labels_unref(plain);
		pt_labels_unref(near);
		near = labels;
	}
	pt_labels_unref(near);
	pt_labels_unref(pattern);
}

static void
labels_near_others_are_as_good(void)
{
	static const char *const texts[][4] = {{"a", "1", "b", "2"}, {"a", "1", "b", "3"},
		{"b", "1", "a", "2"}, {"a", "1", "z", ""}};
	for (size_t i = 0; i < 16; i++) {
		struct pt_label pairs[2];
		struct pt_labels *near = literal_labels(texts[i / 4], 2);
		struct pt_labels *plain = literal_labels(texts[i % 4], 2);
		for (size_t k = 0; k < 2; k++)
			pairs[k] = pt_label_of(texts[i % 4][2 * k], texts[i % 4][2 * k + 1]);
		struct pt_labels *labels = pt_labels_near(near, pairs, 2);
		check_fatal(near != NULL && plain != NULL && labels != NULL);
		check_true(pt_labels_equal(labels, plain));
		pt_labels_unref(near);
		pt_labels_unref(labels);
		pt_labels_unref(plain);
	}
}

/* As a parser has them: behind a name or a value stands no NUL, and something above digits. */
static void
labels_are_made_of_parts_of_a_text(void)
{
	static const char text[] = "a=12345678=a1=12345678901234=a=12345678!a1=12345678901234!";
	static const char *const plain_texts[] = {"a", "12345678", "a1", "12345678901234"};
	struct pt_labels *plain = literal_labels(plain_texts, 2);
	check_fatal(plain != NULL);
	for (size_t at = 0; at < sizeof text - 1; at += 29) {
		for (int turn = 0; turn < 2; turn++) {
			const struct pt_label a = {text + at, text + at + 2, 1, 8};
			const struct pt_label a1 = {text + at + 11, text + at + 14, 2, 14};
			const struct pt_label pairs[] = {turn == 0 ? a : a1, turn == 0 ? a1 : a};
			struct pt_labels *labels = pt_labels_new(pairs, 2);
			check_fatal(labels != NULL);
			check_text(pt_labels_at(labels, 0).name, "a");
			check_text(pt_labels_find(labels, "a"), "12345678");
			check_text(pt_labels_find(labels, "a1"), "12345678901234");
			check_true(pt_labels_equal(labels, plain));
			pt_labels_unref(labels);
		}
	}
	pt_labels_unref(plain);
}

static void
there_may_be_any_number_of_labels(void)
{
	enum { most = 200 };
	char names[most][8];
	struct pt_label pairs[most];
	for (size_t i = 0; i < most; i++) {
		(void)snprintf(names[i], sizeof names[i], "n%03zu", i);
		pairs[i] = pt_label_of(names[i], names[i]);
	}
	for (size_t count = 0; count <= most; count++) {
		struct pt_labels *labels = pt_labels_new(pairs, count);
		check_fatal(labels != NULL);
		check_size(pt_labels_count(labels), count);
		if (count > 0)
			check_text(pt_labels_find(labels, names[count - 1]), names[count - 1]);
		pt_labels_unref(labels);
	}
}

/* ---- interned texts ---- */

static uint32_t
taken(const char *text)
{
	const struct pt_text looked_for = pt_text_of(text, strlen(text));
	pt_model_lock();
	uint32_t number = pt_intern_take(&looked_for);
	pt_model_unlock();
	if (number == 0)
		abort();
	return number;
}

static void
dropped(uint32_t number)
{
	pt_model_lock();
	pt_intern_drop(number);
	pt_model_unlock();
}

static void
equal_texts_have_one_number(void)
{
	uint32_t a = taken("text"), b = taken("text"), c = taken("texts"), none = taken("");
	check_true(a == b && a != c && none != a);
	check_text(pt_intern_at(a)->text, "text");
	check_text(pt_intern_at(none)->text, "");
	const struct pt_text same = pt_text_of("text", 4);
	check_true(pt_intern_at(a)->place == pt_intern_place(&same));
	dropped(a);
	/* Somebody still counts on it. */
	check_text(pt_intern_at(b)->text, "text");
	dropped(b);
	dropped(c);
	dropped(none);
}

/* However they come about; and no text of a label is taken for names. */
static void
equal_names_have_one_number(void)
{
	static const char *const texts[] = {"b", "1", "a", "2", "c", ""};
	const struct pt_label near_ones[] = {pt_label_of("a", "3"), pt_label_of("b", "4")};
	const struct pt_label others[] = {pt_label_of("a", "\377"), pt_label_of("c", "\377")};
	struct pt_labels *first = literal_labels(texts, 3), *none = pt_labels_new(NULL, 0);
	struct pt_labels *second = pt_labels_near(first, near_ones, 2);
	struct pt_labels *third = pt_labels_near(first, others, 2);
	struct pt_labels *fewer = pt_labels_near(first, others, 1);
	struct pt_labels *no_more = pt_labels_near(first, NULL, 0);
	check_fatal(first != NULL && second != NULL && third != NULL && fewer != NULL);
	check_true(first->names == second->names && first->names != third->names);
	check_true(fewer->names != first->names && fewer->names != third->names);
	check_true(none != NULL && no_more != NULL && none->names == no_more->names);
	uint32_t empty = taken(""), marks = taken("\377");
	check_true(empty != none->names && marks != none->names && marks == third->values[0]);
	dropped(empty);
	dropped(marks);
	struct pt_labels *all[] = {first, second, third, fewer, none, no_more};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		pt_labels_unref(all[i]);
}

/* Short ones are compared as two words of their memory. */
static void
behind_a_short_text_stand_zeros(void)
{
	char text[20] = "";
	for (size_t length = 0; length < 20; length++) {
		uint32_t number = taken(text);
		const struct pt_interned *there = pt_intern_at(number);
		check_size(there->length, length);
		for (size_t i = length; i < pt_intern_short; i++)
			check_int(there->text[i], 0);
		dropped(number);
		text[length] = (char)('a' + length);
	}
}

/* Also of each length, beside the same text that ends in NUL. */
static void
a_text_is_the_same_whatever_stands_behind_it(void)
{
	char text[24] = "", behind[24] = "................";
	for (size_t length = 0; length < 20; length++) {
		const struct pt_text part = pt_text_of(behind, length);
		uint32_t number = taken(text);
		pt_model_lock();
		check_int(pt_intern_take(&part), number);
		pt_intern_drop(number);
		pt_model_unlock();
		dropped(number);
		text[length] = behind[length] = (char)('a' + length);
		behind[length + 1] = '"';
	}
}

/* As a table that grows and shrinks may lose what it moves. */
static void
texts_come_and_go(void)
{
	enum { count = 3000 };
	static uint32_t numbers[count];
	char text[40];
	srand(1);
	for (int step = 0; step < 60000; step++) {
		size_t i = (size_t)rand() % count;
		(void)snprintf(text, sizeof text, "come-and-go-%zu", i);
		if (numbers[i] == 0) {
			numbers[i] = taken(text);
		} else {
			check_text(pt_intern_at(numbers[i])->text, text);
			check_true(taken(text) == numbers[i]);
			dropped(numbers[i]);
			dropped(numbers[i]);
			numbers[i] = 0;
		}
	}
	for (size_t i = 0; i < count; i++)
		if (numbers[i] != 0)
			dropped(numbers[i]);
}

static void *
make_and_drop(void *context)
{
	char text[24];
	for (int i = 0; i < 3000; i++) {
		(void)snprintf(text, sizeof text, "thread-%d", i % 7);
		const struct pt_label pair = pt_label_of("name", text);
		struct pt_labels *labels = pt_labels_new(&pair, 1);
		if (labels == NULL || strcmp(pt_labels_find(labels, "name"), text) != 0)
			return context;
		pt_labels_unref(labels);
	}
	return NULL;
}

/* Also the child of a fork that comes while others hold the lock. */
static void
threads_and_forks_share_texts(void)
{
	pthread_t threads[3];
	void *failed = NULL;
	for (size_t i = 0; i < 3; i++)
		check_fatal(pthread_create(&threads[i], NULL, make_and_drop, threads) == 0);
	/* The address sanitizer's own allocator does not follow forks that others allocate in. */
	for (int i = 0; i < 20 && !PT_POISONS; i++) {
		pid_t child = fork();
		if (child == 0)
			_exit(make_and_drop(threads) == NULL ? 0 : 1);
		int status = -1;
		check_true(child > 0 && waitpid(child, &status, 0) == child && status == 0);
	}
	for (size_t i = 0; i < 3; i++) {
		check_int(pthread_join(threads[i], &failed), 0);
		check_true(failed == NULL);
	}
}

CHECK_MAIN("model/labels", TEST(labels_are_sorted_and_empty_ones_dropped), TEST(labels_are_copied),
	TEST(labels_are_equal_whatever_their_order_was), TEST(no_labels_are_labels_too),
	TEST(a_name_that_stands_twice_is_found), TEST(labels_like_a_pattern_have_its_own_values),
	TEST(labels_near_others_are_as_good), TEST(there_may_be_any_number_of_labels),
	TEST(labels_are_made_of_parts_of_a_text),
	TEST(a_text_is_the_same_whatever_stands_behind_it), TEST(equal_texts_have_one_number),
	TEST(equal_names_have_one_number), TEST(behind_a_short_text_stand_zeros),
	TEST(texts_come_and_go), TEST(threads_and_forks_share_texts))

/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <pthread.h>
#include <stdatomic.h>
#include "support/check.h"

/* Each question takes 10 ms. */
struct ticking {
	struct pt_clock clock;
	int64_t now;
};

static int64_t
tick(const struct pt_clock *clock)
{
	struct ticking *ticking = (struct ticking *)(uintptr_t)clock;
	return ticking->now += 10;
}

static struct ticking
virtual_clock(void)
{
	return (struct ticking){{tick, tick, NULL}, 0};
}

static void
the_real_clocks_run(void)
{
	const struct pt_clock *clock = pt_clock_real();
	int64_t before = clock->mono_ms(clock);
	check_true(clock->mono_ms(clock) >= before);
	check_true(clock->wall_ms(clock) > INT64_C(1600000000000));
}

static void
what_is_left_shrinks_to_zero_and_stays_there(void)
{
	struct ticking ticking = virtual_clock();
	struct pt_deadline *deadline = pt_deadline_new(&ticking.clock);
	check_fatal(deadline != NULL);
	check_true(pt_deadline_clock(deadline) == &ticking.clock);
	pt_deadline_set(deadline, 35);
	static const int64_t left[] = {25, 15, 5, 0, 0};
	for (size_t i = 0; i < sizeof left / sizeof left[0]; i++)
		check_int(pt_deadline_left(deadline), left[i]);
	pt_deadline_free(deadline);
}

static void
virtual_sleep_ends_at_the_earlier_of_both(void)
{
	struct ticking ticking = virtual_clock();
	struct pt_deadline *deadline = pt_deadline_new(&ticking.clock);
	check_fatal(deadline != NULL);
	pt_deadline_set(deadline, 1000);
	pt_deadline_sleep(deadline, 300);
	check_int(ticking.now, 300);
	pt_deadline_sleep(deadline, 5000);
	check_int(ticking.now, 1000);
	pt_deadline_free(deadline);
}

static void
hastening_only_brings_forward(void)
{
	struct ticking ticking = virtual_clock();
	struct pt_deadline *deadline = pt_deadline_new(&ticking.clock);
	check_fatal(deadline != NULL);
	pt_deadline_set(deadline, 100);
	pt_deadline_hasten(deadline, 500);
	check_int(pt_deadline_left(deadline), 90);
	pt_deadline_hasten(deadline, 40);
	check_int(pt_deadline_left(deadline), 20);
	pt_deadline_set(deadline, 500);
	check_int(pt_deadline_left(deadline), 470);
	pt_deadline_free(deadline);
}

static void
count_wake(void *context)
{
	++*(int *)context;
}

static void
the_hook_runs_when_it_is_brought_forward(void)
{
	int wakes = 0;
	struct pt_deadline *deadline = pt_deadline_new(pt_clock_real());
	check_fatal(deadline != NULL);
	pt_deadline_set(deadline, 1000);
	pt_deadline_on_hasten(deadline, count_wake, &wakes);
	pt_deadline_hasten(deadline, 1000);
	check_int(wakes, 0);
	pt_deadline_hasten(deadline, 999);
	check_int(wakes, 1);
	pt_deadline_on_hasten(deadline, NULL, NULL);
	pt_deadline_hasten(deadline, 0);
	check_int(wakes, 1);
	pt_deadline_free(deadline);
}

static void *
hasten(void *context)
{
	pt_deadline_hasten(context, 0);
	return NULL;
}

/* Without the wake-up this would hang: both points in time are a day away. */
static void
hastening_from_another_thread_wakes_the_sleeper(void)
{
	for (int i = 0; i < 50; i++) {
		const struct pt_clock *clock = pt_clock_real();
		struct pt_deadline *deadline = pt_deadline_new(clock);
		check_fatal(deadline != NULL);
		int64_t tomorrow = clock->mono_ms(clock) + 86400000;
		pt_deadline_set(deadline, tomorrow);
		pthread_t thread;
		check_fatal(pthread_create(&thread, NULL, hasten, deadline) == 0);
		pt_deadline_sleep(deadline, tomorrow);
		(void)pthread_join(thread, NULL);
		check_int(pt_deadline_left(deadline), 0);
		pt_deadline_free(deadline);
	}
}

static void
real_sleep_lasts_until_its_time(void)
{
	const struct pt_clock *clock = pt_clock_real();
	struct pt_deadline *deadline = pt_deadline_new(clock);
	check_fatal(deadline != NULL);
	int64_t now = clock->mono_ms(clock);
	pt_deadline_set(deadline, now + 86400000);
	pt_deadline_sleep(deadline, now + 20);
	check_true(clock->mono_ms(clock) >= now + 20);
	pt_deadline_sleep(deadline, now);
	pt_deadline_free(deadline);
	pt_deadline_free(NULL);
}

CHECK_MAIN("base/clock", TEST(the_real_clocks_run),
	TEST(what_is_left_shrinks_to_zero_and_stays_there),
	TEST(virtual_sleep_ends_at_the_earlier_of_both), TEST(hastening_only_brings_forward),
	TEST(the_hook_runs_when_it_is_brought_forward),
	TEST(hastening_from_another_thread_wakes_the_sleeper),
	TEST(real_sleep_lasts_until_its_time))

/* SPDX-License-Identifier: MIT */
/* The library as a guest: loaded, used by a thread, and closed before that thread ends. */
#include <dlfcn.h>
#include <pitot/metrics.h>
#include <pthread.h>
#include "support/check.h"

struct guest {
	void *library;
	struct pitot_registry *(*new)(const struct pitot_registry_options *options);
	void (*free)(struct pitot_registry *registry);
	struct pitot_counter *(*counter)(
		struct pitot_registry *registry, const char *name, const char *help);
	void (*inc)(struct pitot_counter *counter);
};

static bool
load(struct guest *guest)
{
	guest->library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (guest->library == NULL)
		return false;
	/* ISO C does not say that a function's address fits; POSIX does. */
	*(void **)&guest->new = dlsym(guest->library, "pitot_registry_new");
	*(void **)&guest->free = dlsym(guest->library, "pitot_registry_free");
	*(void **)&guest->counter = dlsym(guest->library, "pitot_counter");
	*(void **)&guest->inc = dlsym(guest->library, "pitot_counter_inc");
	return guest->new != NULL && guest->free != NULL && guest->counter != NULL &&
		guest->inc != NULL;
}

/* Returns its argument if all went well, and ends after the library was closed. */
static void *
use(void *context)
{
	struct guest guest;
	if (!load(&guest))
		return NULL;
	struct pitot_registry *m = guest.new(NULL);
	guest.inc(guest.counter(m, "c", "x"));
	guest.free(m);
	return dlclose(guest.library) == 0 ? context : NULL;
}

static void
a_thread_may_end_after_the_library_was_closed(void)
{
	for (int i = 0; i < 100; i++) {
		pthread_t thread;
		void *result = NULL;
		check_fatal(pthread_create(&thread, NULL, use, &i) == 0);
		check_int(pthread_join(thread, &result), 0);
		check_true(result == &i);
	}
}

CHECK_MAIN("metrics/unload", TEST(a_thread_may_end_after_the_library_was_closed))

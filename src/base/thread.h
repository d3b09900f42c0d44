/* SPDX-License-Identifier: MIT */
/* Threads of the library's own: they take none of the program's signals. */
#ifndef PT_THREAD_H
#define PT_THREAD_H

#include <pthread.h>

/* As pthread_create(), with every signal blocked in the new thread; 0 or an error number. */
int pt_thread_start(pthread_t *thread, void *(*run)(void *context), void *context);

#endif

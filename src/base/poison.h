/* SPDX-License-Identifier: MIT */
/*
 * For memory that is handed out in pieces and kept when a piece is given back: while it is
 * nobody's, the address sanitizer takes every use of it for the fault that it is. Nothing without
 * one.
 */
#ifndef PT_BASE_POISON_H
#define PT_BASE_POISON_H

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define PT_HAS_POISON 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(PT_HAS_POISON)
#include <sanitizer/asan_interface.h>
#define PT_POISONS 1
#define PT_POISON(at, size) ASAN_POISON_MEMORY_REGION(at, size)
#define PT_UNPOISON(at, size) ASAN_UNPOISON_MEMORY_REGION(at, size)
#else
#define PT_POISONS 0
#define PT_POISON(at, size) ((void)(at), (void)(size))
#define PT_UNPOISON(at, size) ((void)(at), (void)(size))
#endif

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What every harness defines: libFuzzer calls it with inputs that it makes up, main.c with those
 * kept under seeds/. It aborts when something is wrong.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif

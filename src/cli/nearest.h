/* SPDX-License-Identifier: MIT */
/* The known word that a mistyped one was probably meant to be. */
#ifndef CLI_NEAREST_H
#define CLI_NEAREST_H

#include <stddef.h>

/* NULL if none is near. */
const char *cli_nearest(const char *word, const char *const *known, size_t count);

#endif

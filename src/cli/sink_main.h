/* SPDX-License-Identifier: MIT */
/* The subcommand `pitot sink`. */
#ifndef SINK_MAIN_H
#define SINK_MAIN_H

/* argv[0] is "sink"; returns the exit status. */
int cli_sink(int argc, char **argv);

#endif

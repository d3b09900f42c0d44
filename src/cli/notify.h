/* SPDX-License-Identifier: MIT */
/* Telling systemd how a service is, by its socket in $NOTIFY_SOCKET (sd_notify(3)). */
#ifndef CLI_NOTIFY_H
#define CLI_NOTIFY_H

/* Sends the assignment; does nothing where nobody listens. */
void cli_notify(const char *state);
/* RELOADING=1 with the time that systemd asks for. */
void cli_notify_reloading(void);

#endif

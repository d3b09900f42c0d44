/* SPDX-License-Identifier: MIT */
/*
 * Signals that are sent to us alone are passed on; those of a terminal went to the whole process
 * group, and the child has them already. As process 1 of a container we get orphans, which are
 * reaped like the child. What fails is told by errno.
 */
#include "cli/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static const int passed_on[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH};

static void
signals_of(sigset_t *set)
{
	(void)sigemptyset(set);
	(void)sigaddset(set, SIGCHLD);
	for (size_t i = 0; i < sizeof passed_on / sizeof passed_on[0]; i++)
		(void)sigaddset(set, passed_on[i]);
}

/* In the child: never returns. `told` is closed by a successful exec. */
static void
execute(char **argv, int lines, int told, const sigset_t *mask, pid_t parent)
{
	char number[16];
	(void)snprintf(number, sizeof number, "%d", lines);
	(void)sigprocmask(SIG_SETMASK, mask, NULL);
	/* Whoever kills us means the command: it must not run on unseen. */
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(128 + SIGTERM);
	if (setenv("PITOT_FD", number, 1) == 0)
		(void)execvp(argv[0], argv);
	int failure = errno;
	(void)!write(told, &failure, sizeof failure);
	_exit(failure == ENOENT ? 127 : 126);
}

static void
close_all(const int *files, size_t count)
{
	int saved = errno;
	for (size_t i = 0; i < count; i++)
		if (files[i] >= 0)
			(void)close(files[i]);
	errno = saved;
}

/* The same file under a number that is not that of a standard stream, which may be closed. */
static int
above_streams(int file)
{
	if (file < 0 || file > STDERR_FILENO)
		return file;
	int higher = fcntl(file, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	close_all(&file, 1);
	return higher;
}

static bool
make_pipe(int ends[2])
{
	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	ends[0] = above_streams(ends[0]);
	ends[1] = above_streams(ends[1]);
	return ends[0] >= 0 && ends[1] >= 0;
}

/* For us only: streams that are closed lead nowhere, so that no socket gets their numbers. */
static void
settle_streams(void)
{
	for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++)
		if (fcntl(stream, F_GETFD) < 0)
			(void)!open("/dev/null", O_RDWR);
	/* A reader of ours that is gone must not end us before the last push. */
	(void)signal(SIGPIPE, SIG_IGN);
}

bool
cli_child_start(struct cli_child *child, char **argv)
{
	int files[] = {-1, -1, -1, -1, -1}; /* lines: read, write; failure: read, write; signals */
	sigset_t signals, before;
	*child = (struct cli_child){.lines = -1, .signals = -1};
	signals_of(&signals);
	if (!make_pipe(files) || !make_pipe(files + 2) || fcntl(files[1], F_SETFD, 0) != 0 ||
		fcntl(files[0], F_SETFL, O_NONBLOCK) != 0 ||
		(files[4] = above_streams(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK))) <
			0 ||
		sigprocmask(SIG_BLOCK, &signals, &before) != 0) {
		close_all(files, 5);
		return false;
	}
	pid_t self = getpid();
	child->pid = fork();
	if (child->pid == 0)
		execute(argv, files[1], files[3], &before, self);
	close_all((int[]){files[1], files[3]}, 2);
	if (child->pid < 0) {
		close_all((int[]){files[0], files[2], files[4]}, 3);
		return false;
	}
	settle_streams();
	while (read(files[2], &child->failure, sizeof child->failure) < 0 && errno == EINTR)
		continue;
	(void)close(files[2]);
	child->lines = files[0];
	child->signals = files[4];
	return true;
}

static void
reap(struct cli_child *child)
{
	for (;;) {
		int status;
		struct rusage usage;
		pid_t pid = wait4(-1, &status, WNOHANG, &usage);
		if (pid <= 0)
			return;
		if (pid != child->pid)
			continue;
		child->ended = true;
		child->status = status;
		child->usage = usage;
	}
}

static void
take_signals(struct cli_child *child)
{
	struct signalfd_siginfo info;
	while (read(child->signals, &info, sizeof info) == (ssize_t)sizeof info) {
		if (info.ssi_signo == SIGCHLD)
			continue;
		bool from_terminal = info.ssi_code > 0; /* by the kernel, to the whole group */
		if (!from_terminal && !child->ended)
			(void)kill(child->pid, (int)info.ssi_signo);
	}
	reap(child);
}

bool
cli_child_wait(struct cli_child *child, int timeout_ms)
{
	struct pollfd files[] = {
		{.fd = child->signals, .events = POLLIN}, {.fd = child->lines, .events = POLLIN}};
	if (poll(files, 2, timeout_ms) < 0)
		return false;
	if (files[0].revents != 0)
		take_signals(child);
	return files[1].revents != 0;
}

bool
cli_child_is_over(struct cli_child *child, int timeout_ms)
{
	struct pollfd file = {.fd = child->signals, .events = POLLIN};
	struct signalfd_siginfo info;
	bool over = false;
	if (poll(&file, 1, timeout_ms) <= 0)
		return false;
	while (read(child->signals, &info, sizeof info) == (ssize_t)sizeof info)
		over |= info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT ||
			info.ssi_signo == SIGHUP || info.ssi_signo == SIGQUIT;
	reap(child); /* orphans, of which we were told */
	return over;
}

void
cli_child_close(struct cli_child *child)
{
	close_all((int[]){child->lines, child->signals}, 2);
	child->lines = child->signals = -1;
}

/* SPDX-License-Identifier: MIT */
#include <err.h>
#include <pitot.h>
#include <unistd.h>

int
main(void)
{
	struct pitot_registry *m = pitot_registry_new(NULL);
	struct pitot_counter *sent = pitot_counter(m, "mail_sent", "Messages handed over.");
	struct pitot_counters *failed = pitot_counters(m, "mail_failed", "Given up on.", "reason");
	struct pitot_histogram *took =
		pitot_histogram(m, "mail_seconds", "Time per message.", NULL);
	pitot_collect_process(m);

	struct pitot_error why;
	struct pitot_pusher *pusher = pitot_pusher_start(m,
		&(struct pitot_push_options){
			.url = "http://localhost:9090/api/v1/write", /* or http://localhost:9091 */
			.job = "mailer",
		},
		&why);
	if (pusher == NULL)
		errx(1, "metrics: %s", why.text);

	for (int message = 1; message <= 100; message++) {
		double start = pitot_timer_start();
		(void)usleep(10000); /* the work */
		pitot_histogram_observe_since(took, start);
		if (message % 50 == 0)
			pitot_counter_inc(pitot_counters_get(failed, "timeout"));
		else
			pitot_counter_inc(sent);
	}

	int code = pitot_pusher_stop(pusher, &why); /* one last push, then joins its thread */
	if (code != PITOT_OK)
		warnx("metrics: %s", why.text);
	pitot_registry_free(m);
	return code == PITOT_OK ? 0 : 1;
}

/* SPDX-License-Identifier: MIT */
/*
 * pitot: an OpenMetrics push client. Metrics are accumulated in the process and pushed to a
 * Prometheus Pushgateway or by remote write. This header includes all others.
 */
#ifndef PITOT_H
#define PITOT_H

#include <pitot/error.h>
#include <pitot/metrics.h>
#include <pitot/exposition.h>
#include <pitot/push.h>
#include <pitot/spool.h>
#include <pitot/log.h>
#include <pitot/serve.h>
#include <pitot/agent.h>
#include <pitot/config.h>

#endif

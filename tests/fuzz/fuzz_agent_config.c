/* SPDX-License-Identifier: MIT */
/* Fuzzes the agent's configuration: any text is one, or a mistake with its line. */
#include "config/agent_config.h"
#include "fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pitot_error why = {0};
	struct pt_agent_config *config =
		pt_agent_config_parse((const char *)data, size, "fuzz", NULL, NULL, &why);
	if (config == NULL && (why.code == 0 || strncmp(why.text, "fuzz:", 5) != 0) &&
		why.code != PITOT_NO_MEMORY)
		abort();
	if (config != NULL && config->global.scrape_interval_ms <= 0)
		abort();
	pt_agent_config_free(config);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a configuration: taken whole, or refused with a reason. */
#include <stdlib.h>

#include "run/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct problems problems;
	struct config *config = NULL;
	int r = config_parse("f", (struct str){ (const char *)bytes, n }, CONFIG_LINT, NULL, &config, &problems);

	if ((r == 0) != (config != NULL) || (r == -22) != (problems.count[PROBLEM_ERROR] > 0))
		abort();
	problems_done(&problems);
	config_free(config);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What every dialect wants counted, beyond its own wants: the texts of which tokens are made. */
#ifndef AITAP_AI_TEXT_WANTS_H
#define AITAP_AI_TEXT_WANTS_H

#include "ai/skim.h"

/* Of a dialect by its name; never NULL. */
const struct want *text_wants(const char *dialect, enum side side);

#endif

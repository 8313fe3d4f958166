/* SPDX-License-Identifier: Apache-2.0 */
/* Tells the service manager how things stand, as sd_notify(3) specifies it; does nothing where nobody asked. */
#ifndef AITAP_RUN_NOTIFY_H
#define AITAP_RUN_NOTIFY_H

void notify(const char *state);		/* "READY=1", "STOPPING=1", "STATUS=..." */

#endif

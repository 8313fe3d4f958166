/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line a message on standard error. Only run/, pipeline/worker and
 * tap/attach speak; library rooms return errors.
 */
#ifndef AITAP_BASE_LOG_H
#define AITAP_BASE_LOG_H

#include "base/str.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

int log_level_parse(struct str, enum log_level *ret);	/* error, warn, info, debug; else -EINVAL */
void log_level_set(enum log_level);
void log_line(enum log_level, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* error: a negative errno whose text ends the line, or 0; log_error returns it */
#define log_error(error, ...) ({ int e_ = (error); log_line(LOG_ERROR, e_, __VA_ARGS__); e_; })
#define log_warn(error, ...) log_line(LOG_WARN, (error), __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, 0, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, 0, __VA_ARGS__)

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sink that writes records as lines of JSON, to a file (appended) or to
 * standard output ("-"). Lines are kept until they are flushed; what could not
 * be written is reported by that flush and dropped, but a line whose beginning
 * is out is finished before another one begins. Belongs to one thread.
 */
#ifndef AITAP_OUT_JSONL_H
#define AITAP_OUT_JSONL_H

#include "out/sink.h"

extern const struct sink_ops jsonl_ops;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files, read into a buffer that has a ceiling. */
#ifndef AITAP_BASE_FILE_H
#define AITAP_BASE_FILE_H

#include "base/buf.h"

/* -EFBIG above the buffer's ceiling; -EISDIR. */
int file_read(const char *path, struct buf *ret);

#endif

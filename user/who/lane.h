/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounded queue of pointers from one thread to one other, without locks; the
 * reader may sleep on it. What is still inside when it is done with belongs to
 * whoever drains it.
 */
#ifndef AITAP_WHO_LANE_H
#define AITAP_WHO_LANE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct lane {
	void **slots;
	size_t size;			/* a power of two */
	int wake;			/* eventfd */
	_Alignas(64) atomic_size_t head;	/* written by the writer */
	_Alignas(64) atomic_size_t tail;	/* written by the reader */
};

int lane_init(struct lane *, size_t size);
void lane_done(struct lane *);		/* a zeroed lane is fine */
bool lane_put(struct lane *, void *);	/* false: full */
void *lane_get(struct lane *);		/* NULL: empty */
/* 1: something is there; 0: timeout_ms passed; negative errno */
int lane_wait(struct lane *, int timeout_ms);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger: every record in a SQLite file, and the sink that writes it. One
 * process writes (a lock beside the file says which), any number read meanwhile.
 *
 * A record is safe when flush() has returned 0 after its put(): from then on it
 * survives the death of this process (of the machine, but for the last moments).
 * put() adds to an open transaction and says nothing of failures; the flush()
 * that ends the transaction does, once and for all of it, and the next put()
 * begins anew: so a full disk costs what came while it was full. A record whose
 * id is there already changes nothing.
 *
 * Opened and closed by one thread, used by one at a time.
 */
#ifndef AITAP_BOOK_LEDGER_H
#define AITAP_BOOK_LEDGER_H

#include <stdint.h>

#include "book/store.h"
#include "noun/memory.h"
#include "out/sink.h"

struct ledger_config {
	const char *path;
	uint32_t keep_days;	/* 0: for ever */
	uint64_t max_bytes;	/* what calls and lines may take; 0: no ceiling */
};

/*
 * Creates the file where there is none. ret_why says what is wrong, and the mend:
 * -EBUSY another aitap writes it, -EPROTO it is of a newer version, -EBADMSG it
 * is no ledger, or damaged; others as the system has them.
 */
int ledger_open(const struct ledger_config *, struct sink **ret, char ret_why[static STORE_WHY]);

/*
 * What earlier calls left. Belongs to the ledger, and lives as long. A put is part
 * of the batch that is open, and is gone with it where its flush() fails.
 */
struct memory *ledger_memory(struct sink *ledger);

/* For the table of sinks: kept for ever. */
extern const struct sink_ops sink_ledger;

#endif

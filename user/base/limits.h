/* SPDX-License-Identifier: Apache-2.0 */
/* Every ceiling of the program, in one place. Sizes in bytes unless the name says otherwise. */
#ifndef AITAP_BASE_LIMITS_H
#define AITAP_BASE_LIMITS_H

#define KIB(n) ((size_t)(n) << 10)
#define MIB(n) ((size_t)(n) << 20)

/* one worker */
#define LIMIT_CONNS 262144		/* open connections a worker keeps */
#define LIMIT_REORDER_BYTES MIB(4)	/* out-of-order bytes kept per direction of a connection */
#define LIMIT_REORDER_TOTAL MIB(48)	/* and per worker */
#define LIMIT_REORDER_NS 500000000ull	/* how long a gap may wait for its bytes before it is a hole */
#define LIMIT_PIPELINE 64		/* requests of one connection that wait for their answer */
#define LIMIT_DECODER_BUDGET MIB(48)	/* zlib, brotli and zstd windows of one worker */
#define LIMIT_QUEUE MIB(8)		/* messages from one worker to the cold half: some 8,000 calls */
#define LIMIT_ENVIRONS 64		/* environments that a worker puts together at one time */

/* HTTP */
#define LIMIT_HEAD KIB(256)		/* a whole message head (RFC 9112 names no limit; servers use 8 to 128 KiB) */
#define LIMIT_HEADS MIB(32)		/* and what a worker keeps of heads that come in parts */
#define LIMIT_SPARE_HEADS 8		/* buffers that a worker keeps for the next head that comes in parts */
#define LIMIT_SPARE_HEAD KIB(16)	/* and how large they may be */
#define LIMIT_HEADERS 256		/* fields kept of one head; more are counted */
#define LIMIT_HEADER_TABLE KIB(64)	/* an HPACK table */
#define LIMIT_HEADER_TABLES MIB(32)	/* and what those of a worker take: some 8 KiB a connection, 50 where it was met late */
#define LIMIT_STREAMS 1024		/* of one HTTP/2 connection at one time; further ones are not read */
#define LIMIT_STREAMS_TOTAL 131072	/* and of a worker's connections together */
#define LIMIT_STREAM_DOUBT_NS 30000000000ull	/* an answer whose end may have been lost, and of which nothing comes any more, is over */
#define LIMIT_CHUNK_LINE KIB(16)	/* a chunk-size line with its extensions */
#define LIMIT_ENCODINGS 4		/* stacked content codings */
#define LIMIT_INFLATERS 16		/* zlib states that a worker keeps for the next body */
#define LIMIT_IGZIPS 64			/* bodies that a worker inflates fast at one time, 86 KiB each */
#define LIMIT_GROWN MIB(64)		/* bytes that come out of a body's codings, all of them together, */
#define LIMIT_GROWTH 256		/* and so many more for each byte of the body: codings of codings grow without end */
#define LIMIT_SSE_FIELD 256		/* an event's name */
#define LIMIT_EVENT_MESSAGE (MIB(24) + KIB(129))	/* of an AWS event stream, as botocore has it: payload and headers */
#define LIMIT_EVENT_HEADERS KIB(128)
#define LIMIT_FORM_NAME 128		/* a multipart field's name */

/* JSON as it is skimmed */
#define LIMIT_JSON_DEPTH 10000		/* nesting followed; deeper text is skipped, not refused */
#define LIMIT_PICK 4096			/* one wanted scalar */

/* one call, not two */
#define LIMIT_ATTEMPTS 8192		/* calls that a later one may be a retry of */
#define LIMIT_FORGETFUL 16384		/* rows of a memory without a ledger */
#define LIMIT_FORGETFUL_BYTES MIB(8)	/* and their text */
#define LIMIT_SERVING 4096		/* requests being served on this host, and served lately */
#define LIMIT_PARTIES 8192		/* calls held, or told lately, that belong to such requests */
#define LIMIT_PARTY_BYTES MIB(16)	/* what is kept of all those */
#define LIMIT_HELD_NS 5000000000ull	/* how long a call is held for what it may belong to */

/* trace files */
#define LIMIT_TRACE_BLOCK MIB(4)
#define LIMIT_TRACE_QUEUE MIB(16)	/* events of one ring on their way into the file */
#define LIMIT_TRACE_ANCHORS 262144	/* half a year of one a minute */

/* configuration and tables */
#define LIMIT_CONFIG MIB(4)
#define LIMIT_PRICES MIB(64)
#define LIMIT_LABELS 16			/* dimensions of a record beyond the team */
#define LIMIT_WANTED 48			/* header names, body paths and environment names taken together */
#define LIMIT_SOURCES 16		/* of the team, or of one label */
#define LIMIT_TEAMS 65536
#define LIMIT_RULES 16384
#define LIMIT_PEOPLE 1048576
#define LIMIT_PEOPLE_FILE MIB(64)

/* what is served: /metrics, /healthz, /readyz */
#define LIMIT_METRICS_TEXT MIB(64)
#define LIMIT_LABEL_TEXT KIB(4)		/* the labels of one series, escaped */
#define LIMIT_HTTP_CONNS 32
#define LIMIT_HTTP_MEMORY KIB(16)	/* of each connection; a request head must fit */

/* what earlier calls left */
#define LIMIT_ANSWERS 1048576		/* kept with the ledger; then those that end first are given up, some at a time */
#define LIMIT_MEMORIES 65536		/* likewise, of each other kind */

/* how usage is estimated */
#define LIMIT_CALIBRATED_FAMILIES 256	/* providers whose relation of text to tokens is kept in memory */
#define LIMIT_CALIBRATED_MODELS 4096	/* models; of those that come later nothing is estimated */

/* reports */
#define LIMIT_REPORT_ROWS 200000	/* groups of one report */
#define LIMIT_REPORT MIB(256)		/* its text */

/* the host */
#define LIMIT_TASKS 65536		/* processes whose origin is remembered */
#define LIMIT_TASKS_BYTES MIB(24)	/* and what they may take in all */
#define LIMIT_QUESTIONS 1024		/* processes being looked up at one time */
#define LIMIT_SOURCE_MS 1000		/* what one source may take for one process */
#define LIMIT_CGROUPS 16384		/* cgroup paths remembered */
#define LIMIT_ENVIRON MIB(2)		/* read of one /proc/PID/environ */
#define LIMIT_TARGETS 4096		/* probed files */
#define LIMIT_FILES 65536		/* files whose verdict (probe or not) is remembered */
#define LIMIT_ELF ((uint64_t)MIB(2048))	/* a program or library that is looked into */
#define LIMIT_ELF_TABLE MIB(256)	/* one symbol or string table of it */
#define LIMIT_MMAP_RING KIB(128)	/* news of mappings, per processor */
#define LIMIT_LINKER_CACHE MIB(4)	/* of the dynamic linker */
#define LIMIT_FUNCTION KIB(4)		/* bytes of a function that are decoded */

#endif

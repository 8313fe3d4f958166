/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dummy software event that counts nothing still carries the side-band
 * records of perf: MMAP2 for each executable mapping (exec, ld.so, dlopen),
 * COMM at exec, FORK and EXIT. One for each processor and all processes.
 *
 * The record could bring the file's build id in place of its inode (5.12). We
 * do not ask for it: the kernel would read the file's notes in the mapping
 * process's time, and files are told apart by inode here, so device, inode and
 * generation answer "known already" with one look-up.
 */
#include "tap/mmap.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/mem.h"

#define RECORD_MAX 65536	/* perf_event_header.size has 16 bits */

struct cpu_ring {
	int fd;
	struct perf_event_mmap_page *page;
	size_t size;		/* of the data area, a power of two */
};

struct mmap_watch {
	int epoll_fd;
	size_t page_size;
	size_t n;
	struct cpu_ring *rings;
	char record[RECORD_MAX];	/* where one wraps around */
};

DEFINE_FREEP(struct mmap_watch, mmap_watch_close)

static int open_event(int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_DUMMY,
		.sample_type = PERF_SAMPLE_TIME,
		.exclude_kernel = 1,	/* perf_event_paranoid 2 asks for it */
		.mmap = 1,
		.mmap2 = 1,
		.comm = 1,
		.comm_exec = 1,
		.task = 1,
		.sample_id_all = 1,
		.watermark = 1,
		.wakeup_watermark = 1,
		.use_clockid = 1,
		.clockid = CLOCK_BOOTTIME,
	};
	long fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

/* The kernel charges rings against a limit of locked memory: smaller ones may still do. */
static int map_ring(struct mmap_watch *watch, struct cpu_ring *ring)
{
	void *p = MAP_FAILED;

	for (size_t size = LIMIT_MMAP_RING; size >= KIB(16); size /= 2) {
		p = mmap(NULL, watch->page_size + size, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
		if (p == MAP_FAILED && errno == EPERM)
			continue;
		ring->size = size;
		break;
	}
	if (p == MAP_FAILED)
		return -errno;
	ring->page = p;
	return 0;
}

static int add_cpu(struct mmap_watch *watch, int cpu)
{
	struct cpu_ring *ring = &watch->rings[watch->n];
	struct epoll_event event = { .events = EPOLLIN };
	int error;

	ring->fd = open_event(cpu);
	if (ring->fd < 0)
		return ring->fd;
	watch->n++;
	error = map_ring(watch, ring);
	if (error)
		return error;
	return epoll_ctl(watch->epoll_fd, EPOLL_CTL_ADD, ring->fd, &event) ? -errno : 0;
}

int mmap_watch_open(struct mmap_watch **ret)
{
	_cleanup_(mmap_watch_closep) struct mmap_watch *watch = mem_new(sizeof(*watch));
	long cpus = sysconf(_SC_NPROCESSORS_CONF);

	if (!watch)
		return -ENOMEM;
	watch->epoll_fd = -1;
	watch->page_size = (size_t)sysconf(_SC_PAGESIZE);
	watch->rings = mem_array((size_t)cpus, sizeof(*watch->rings));
	if (!watch->rings)
		return -ENOMEM;
	watch->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (watch->epoll_fd < 0)
		return -errno;
	for (int cpu = 0; cpu < cpus; cpu++) {
		int error = add_cpu(watch, cpu);

		if (error && error != -ENODEV)	/* -ENODEV: it is offline */
			return error;
	}
	if (!watch->n)
		return -ENODEV;
	*ret = TAKE_PTR(watch);
	return 0;
}

struct mmap_watch *mmap_watch_close(struct mmap_watch *watch)
{
	if (!watch)
		return NULL;
	for (size_t i = 0; i < watch->n; i++) {
		struct cpu_ring *ring = &watch->rings[i];

		if (ring->page)
			munmap(ring->page, watch->page_size + ring->size);
		close(ring->fd);
	}
	if (watch->epoll_fd >= 0)
		close(watch->epoll_fd);
	mem_free(watch->rings);
	return mem_free(watch);
}

int mmap_watch_fd(const struct mmap_watch *watch)
{
	return watch->epoll_fd;
}

/* ---- records (linux/perf_event.h, enum perf_event_type) */

struct record_mmap2 {
	struct perf_event_header header;
	uint32_t pid, tid;
	uint64_t address, length, offset;
	uint32_t major, minor;
	uint64_t inode, generation;
	uint32_t protection, flags;
	char name[];
};

struct record_task {	/* FORK and EXIT */
	struct perf_event_header header;
	uint32_t pid, parent, tid, parent_tid;
	uint64_t time;
};

struct record_comm {
	struct perf_event_header header;
	uint32_t pid, tid;
};

struct record_lost {
	struct perf_event_header header;
	uint64_t id, lost;
};

static bool read_mapped(const struct record_mmap2 *r, size_t size, struct mmap_event *event)
{
	struct mapping *m = &event->mapping;

	if (size <= sizeof(*r) || !r->inode || r->name[0] != '/')
		return false;
	event->what = MMAP_MAPPED;
	event->pid = (pid_t)r->pid;
	m->start = r->address;
	m->end = r->address + r->length;
	m->device = makedev(r->major, r->minor);
	m->inode = r->inode;
	m->generation = r->generation;
	m->path = (struct str){ r->name, strnlen(r->name, size - sizeof(*r)) };
	if (str_ends(m->path, STR(" (deleted)"))) {
		m->deleted = true;
		m->path.n -= 10;
	}
	return true;
}

static bool read_task(const struct record_task *r, size_t size, struct mmap_event *event)
{
	bool fork = r->header.type == PERF_RECORD_FORK;

	if (size < sizeof(*r) || r->tid != r->pid || (fork && r->pid == r->parent))
		return false;
	event->what = fork ? MMAP_FORK : MMAP_EXIT;
	event->pid = (pid_t)r->pid;
	event->parent = (pid_t)r->parent;
	return true;
}

static bool read_comm(const struct record_comm *r, size_t size, struct mmap_event *event)
{
	if (size < sizeof(*r) || !(r->header.misc & PERF_RECORD_MISC_COMM_EXEC))
		return false;
	event->what = MMAP_EXEC;
	event->pid = (pid_t)r->pid;
	return true;
}

/* Returns how many records it says were lost. */
static uint64_t take_record(const void *bytes, size_t size, mmap_fn fn, void *ctx)
{
	const struct perf_event_header *header = bytes;
	struct mmap_event event = { 0 };
	bool known = false;

	if (size >= sizeof(*header) + sizeof(event.boot_ns))	/* sample_id_all: the time stands last */
		memcpy(&event.boot_ns, (const char *)bytes + size - sizeof(event.boot_ns), sizeof(event.boot_ns));
	switch (header->type) {
	case PERF_RECORD_MMAP2:
		known = read_mapped(bytes, size, &event);
		break;
	case PERF_RECORD_FORK:
	case PERF_RECORD_EXIT:
		known = read_task(bytes, size, &event);
		break;
	case PERF_RECORD_COMM:
		known = read_comm(bytes, size, &event);
		break;
	case PERF_RECORD_LOST:
		return size < sizeof(struct record_lost) ? 0 : ((const struct record_lost *)bytes)->lost;
	}
	if (known)
		fn(ctx, &event);
	return 0;
}

static uint64_t read_ring(struct mmap_watch *watch, struct cpu_ring *ring, mmap_fn fn, void *ctx)
{
	const char *data = (const char *)ring->page + watch->page_size;
	uint64_t head = __atomic_load_n(&ring->page->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = ring->page->data_tail, lost = 0;

	while (tail < head) {
		size_t at = tail & (ring->size - 1), whole = ring->size - at;
		const struct perf_event_header *header = (const void *)(data + at);	/* aligned to 8: never split */
		size_t size = header->size;

		if (size < sizeof(*header) || size > head - tail)
			break;
		if (size > whole) {
			memcpy(watch->record, data + at, whole);
			memcpy(watch->record + whole, data, size - whole);
			lost += take_record(watch->record, size, fn, ctx);
		} else {
			lost += take_record(header, size, fn, ctx);
		}
		tail += size;
	}
	__atomic_store_n(&ring->page->data_tail, head, __ATOMIC_RELEASE);
	return lost;
}

int64_t mmap_watch_read(struct mmap_watch *watch, mmap_fn fn, void *ctx)
{
	struct epoll_event events[16];
	uint64_t lost = 0;

	/* clears what made the descriptors readable; the rings are looked at whatever it says */
	if (epoll_wait(watch->epoll_fd, events, 16, 0) < 0 && errno != EINTR)
		return -errno;
	for (size_t i = 0; i < watch->n; i++)
		lost += read_ring(watch, &watch->rings[i], fn, ctx);
	return (int64_t)lost;
}

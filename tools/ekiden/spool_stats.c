/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/ekiden/spool_stats.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/map.h"
#include "lib/base/text.h"
#include "lib/store/check.h"
#include "lib/store/message.h"
#include "lib/store/spool.h"

enum { SLICE = 4096 };

struct queue_sum {
	struct span name; /* in the map of sums */
	uint64_t messages, bytes;
};

static int
sum_slice(struct spool *sp, struct sched_scan *scan, struct map *queues,
    bool *more_out)
{
	struct sched_slice slice;
	struct arena a = { 0 };
	struct queue_sum *q;
	uint32_t i;

	if (spool_read_begin(sp) != 0)
		return -1;
	if (message_scan(sp, scan, &a, &slice) != 0) {
		spool_read_end(sp);
		return -1;
	}
	for (i = 0; i < slice.n; i++) {
		q = map_get(queues, slice.entries[i].queue);
		if (q == NULL) {
			q = xcalloc(1, sizeof(*q));
			map_set(queues, slice.entries[i].queue, q);
		}
		q->messages++;
		q->bytes += slice.entries[i].size;
	}
	scan->after = slice.upto;
	*more_out = slice.more;
	spool_read_end(sp);
	arena_free(&a);
	return 0;
}

static int
by_messages(const void *pa, const void *pb)
{
	const struct queue_sum *a = *(struct queue_sum *const *)pa;
	const struct queue_sum *b = *(struct queue_sum *const *)pb;

	return a->messages < b->messages ? 1 : a->messages > b->messages ? -1 :
	    0;
}

static void
print_queues(const struct map *queues, size_t top)
{
	struct queue_sum **all = xcalloc(queues->count + 1, sizeof(*all));
	size_t at = 0, n = 0, i;
	struct span name;
	char text[256];
	void *value;

	while (map_next(queues, &at, &name, &value)) {
		all[n] = value;
		all[n++]->name = name;
	}
	qsort(all, n, sizeof(*all), by_messages);
	printf("queues %zu\n", n);
	for (i = 0; i < n && i < top; i++)
		printf("  %10llu messages %14llu bytes  %s\n",
		    (unsigned long long)all[i]->messages,
		    (unsigned long long)all[i]->bytes,
		    text_printable(all[i]->name, text, sizeof(text)));
	free(all);
}

static int
print_databases(struct spool *sp)
{
	struct spool_counts counts[SPOOL_DATABASES];
	struct spool_space space;
	uint64_t free_bytes;
	size_t i;

	if (spool_count(sp, counts) != 0 || spool_space(sp, &space) != 0 ||
	    spool_free_bytes(sp, &free_bytes) != 0)
		return -1;
	for (i = 0; i < SPOOL_DATABASES; i++)
		printf("%-8s %12llu rows %14llu bytes\n", counts[i].name,
		    (unsigned long long)counts[i].rows,
		    (unsigned long long)(counts[i].pages * space.page_bytes));
	printf("file     %14llu bytes, of them free pages %llu\n"
	    "map      %14llu bytes\n"
	    "disk     %14llu bytes, free %llu\n",
	    (unsigned long long)space.map_used,
	    (unsigned long long)free_bytes,
	    (unsigned long long)space.map_bytes,
	    (unsigned long long)space.disk_bytes,
	    (unsigned long long)space.disk_free);
	printf("commit   %llu\njournal  %llu\n",
	    (unsigned long long)spool_commit_number(sp),
	    (unsigned long long)spool_last_seq(sp));
	return 0;
}

int
spool_stats_print(struct spool *sp, size_t top)
{
	struct sched_scan scan = { .limit = SLICE };
	struct map queues = { 0 };
	bool more = true;
	int rc = print_databases(sp);

	while (rc == 0 && more)
		rc = sum_slice(sp, &scan, &queues, &more);
	if (rc == 0)
		print_queues(&queues, top);
	map_free(&queues, free);
	return rc;
}

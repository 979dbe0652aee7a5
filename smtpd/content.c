/* SPDX-License-Identifier: Apache-2.0 */
#include "smtpd/content.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/ipc/store.h"
#include "smtpd/store.h"

static const struct refusal no_memory = { 452, "4.3.1",
	"No room for a message of this size now, try again later" };

void
content_begin(struct content *c, enum line_endings mode, size_t line_max,
    uint64_t size_max, uint64_t *held)
{
	data_in_init(&c->in, mode, line_max, size_max);
	c->fd = -1;
	c->held = held;
}

static void
content_count(struct content *c)
{
	uint64_t now = c->in_file + buf_len(&c->bytes);

	*c->held = *c->held - c->counted + now;
	c->counted = now;
}

static int
file_write(struct content *c)
{
	ssize_t n;

	while (buf_len(&c->bytes) > 0) {
		n = write(c->fd, buf_data(&c->bytes), buf_len(&c->bytes));
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		c->in_file += (uint64_t)n;
		buf_take(&c->bytes, (size_t)n);
	}
	return 0;
}

/* From here on the content is only counted, not kept. */
static void
content_fail(struct content *c)
{
	c->failed = true;
	if (c->fd != -1)
		close(c->fd);
	c->fd = -1;
	c->in_file = 0;
	buf_free(&c->bytes);
}

/* What no longer fits in a frame goes to the memory file. */
static void
content_spill(struct content *c)
{
	if (c->failed) {
		buf_clear(&c->bytes, STORE_INLINE_MAX);
		return;
	}
	if (c->fd == -1 && buf_len(&c->bytes) <= STORE_INLINE_MAX)
		return;
	if (*c->held > (uint64_t)2 * OUTBOX_HELD_MAX) {
		content_fail(c);
		return;
	}
	if (c->fd == -1) {
		c->fd = memfd_create("message", MFD_CLOEXEC |
		    MFD_ALLOW_SEALING);
		if (c->fd == -1)
			log_warn("memory file");
	}
	if (c->fd == -1 || file_write(c) != 0)
		content_fail(c);
}

enum parse
content_line(struct content *c, struct span in, size_t *used_out)
{
	enum parse p = data_in_feed(&c->in, in, &c->bytes, used_out);

	content_spill(c);
	content_count(c);
	return p;
}

enum parse
content_chunk(struct content *c, struct span in)
{
	enum parse p = data_in_chunk(&c->in, in, &c->bytes);

	content_spill(c);
	content_count(c);
	return p;
}

static const struct refusal *
content_seal(struct content *c)
{
	if (c->failed)
		return &no_memory;
	if (c->fd != -1 && fcntl(c->fd, F_ADD_SEALS, F_SEAL_WRITE |
	    F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == -1) {
		log_warn("sealing a memory file");
		return &no_memory;
	}
	return NULL;
}

const struct refusal *
content_end(struct content *c, bool chunked)
{
	const struct refusal *why;

	if (chunked)
		data_in_chunk_last(&c->in, &c->bytes);
	content_spill(c);
	content_count(c);
	why = data_in_refusal(&c->in);
	return why != NULL ? why : content_seal(c);
}

const struct refusal *
content_put(struct content *c, struct span whole, uint64_t *held)
{
	content_begin(c, LINE_ENDINGS_ALLOW, 0, 0, held);
	buf_add_span(&c->bytes, whole);
	content_spill(c);
	content_count(c);
	return content_seal(c);
}

struct span
content_span(struct content *c)
{
	if (c->fd == -1)
		return buf_span(&c->bytes);
	if (c->map == NULL) {
		c->map_len = (size_t)c->in_file;
		c->map = mmap(NULL, c->map_len, PROT_READ, MAP_PRIVATE, c->fd,
		    0);
		if (c->map == MAP_FAILED)
			fatal("mapping a memory file");
	}
	return span_make(c->map, c->map_len);
}

void
content_drop(struct content *c)
{
	if (c->map != NULL)
		munmap(c->map, c->map_len);
	if (c->fd != -1)
		close(c->fd);
	buf_free(&c->bytes);
	if (c->held != NULL)
		*c->held -= c->counted;
	*c = (struct content){ .fd = -1 };
}

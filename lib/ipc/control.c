/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/ipc/control.h"

#include "lib/ipc/tally.h"

enum { CONTROL_INDEX_MAX = 1024, CONTROL_PATH_MAX = 4096,
	CONTROL_KEYS_MAX = 128 * 1024 * 1024 };

static enum role
role_get(struct reader *r)
{
	return (enum role)reader_u32_max(r, ROLE_COUNT - 1);
}

void
control_peer_put(struct buf *b, const struct control_peer *p)
{
	put_u32(b, (uint32_t)p->role);
	put_u32(b, p->index);
}

void
control_peer_get(struct reader *r, struct control_peer *out)
{
	out->role = role_get(r);
	out->index = reader_u32_max(r, CONTROL_INDEX_MAX);
}

void
control_listener_put(struct buf *b, const struct control_listener *l)
{
	put_u32(b, l->index);
	put_u32(b, l->row);
}

void
control_listener_get(struct reader *r, struct control_listener *out)
{
	out->index = reader_u32_max(r, CONTROL_INDEX_MAX);
	out->row = reader_u32_max(r, TALLY_ROWS - 1);
}

void
control_keys_put(struct buf *b, const struct control_keys *k)
{
	put_u32(b, (uint32_t)k->role);
	put_u64(b, k->len);
}

void
control_keys_get(struct reader *r, struct control_keys *out)
{
	out->role = role_get(r);
	out->len = reader_u64_max(r, CONTROL_KEYS_MAX);
}

void
control_setup_put(struct buf *b, const struct control_setup *s)
{
	put_u64(b, s->config_len);
	put_u32(b, s->epoch);
}

void
control_setup_get(struct reader *r, struct control_setup *out)
{
	out->config_len = reader_u64_max(r, (uint64_t)1 << 30);
	out->epoch = reader_u32(r);
}

void
control_bind_put(struct buf *b, const struct control_bind *c)
{
	put_u32(b, (uint32_t)c->kind);
	put_u32(b, c->index);
	ip_put(b, &c->at);
}

void
control_bind_get(struct reader *r, struct control_bind *out)
{
	out->kind = (enum control_listener_kind)reader_u32_max(r,
	    LISTENER_KINDS - 1);
	out->index = reader_u32_max(r, CONTROL_INDEX_MAX);
	ip_get(r, &out->at);
}

void
control_folder_put(struct buf *b, const struct control_folder *f)
{
	put_u32(b, (uint32_t)f->owner);
	put_str(b, f->path);
}

void
control_folder_get(struct reader *r, struct control_folder *out)
{
	out->owner = role_get(r);
	out->path = reader_str(r, CONTROL_PATH_MAX);
}

void
control_count_put(struct buf *b, const struct control_count *c)
{
	put_u32(b, (uint32_t)c->role);
	put_u32(b, c->n);
}

void
control_count_get(struct reader *r, struct control_count *out)
{
	out->role = role_get(r);
	out->n = reader_u32_max(r, CONTROL_INDEX_MAX);
}

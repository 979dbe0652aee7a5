/* SPDX-License-Identifier: Apache-2.0 */
#include "lookupd/websocket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <wslay/wslay.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/io/stream.h"
#include "lib/io/tls_client.h"
#include "lib/web/url.h"
#include "lookupd/dial.h"

enum { PENDING_MAX = 64 * 1024, WHY_MAX = 600 };

#define BROKEN_RULES "the server broke the rules of WebSocket (RFC 6455)"

struct message {
	struct message *next;
	size_t len;
	char p[];
};

struct websocket {
	struct loop *loop;
	struct tls_client *tls;
	const struct websocket_events *events;
	void *arg;
	struct arena arena;
	struct url url;
	struct span authorization;
	char key[UPGRADE_KEY + 1];
	enum websocket_state state;
	struct dial dial;
	struct timer deadline;
	struct deferred settle; /* events are told at the end of a turn */
	struct stream stream;
	bool streaming;         /* there is a stream */
	size_t scanned;         /* of the head, for its lines */
	bool lined;             /* the first one was seen */
	wslay_event_context_ptr frames;
	struct message *first, **last, *taken;
	size_t waiting, bytes;
	char why[WHY_MAX];
};

/* ---- the end ------------------------------------------------------------- */

static void
connection_close(struct websocket *ws)
{
	dial_stop(&ws->dial);
	timer_cancel(&ws->deadline);
	if (ws->streaming)
		stream_close(&ws->stream);
	ws->streaming = false;
}

/* "ws://host/path: why", without what may be secret. */
static void
why_set(struct websocket *ws, const char *why)
{
	struct buf shown = { .base = NULL };
	char place[300], text[256];

	url_put_shown(&shown, &ws->url);
	text_printable(buf_span(&shown), place, sizeof(place));
	text_printable(span_of(why), text, sizeof(text));
	snprintf(ws->why, sizeof(ws->why), "%s: %s", place, text);
	buf_free(&shown);
}

/* The owner hears of it at the end of the turn, whatever the state was. */
static void
fail(struct websocket *ws, const char *why)
{
	if (ws->state == WEBSOCKET_CLOSED || ws->state == WEBSOCKET_BROKEN)
		return;
	why_set(ws, why);
	if (ws->state == WEBSOCKET_OPEN)
		ws->state = WEBSOCKET_BROKEN;
	connection_close(ws);
	loop_defer(ws->loop, &ws->settle);
}

static void
on_settle(void *arg)
{
	struct websocket *ws = arg;

	if (ws->state == WEBSOCKET_OPENING) {
		ws->state = WEBSOCKET_BROKEN;
		ws->events->opened(ws->arg, NULL, ws->why);
	} else {
		ws->events->changed(ws->arg);
	}
}

static void
on_deadline(void *arg)
{
	fail(arg, "the server took more than 60 seconds to open it");
}

/* ---- frames -------------------------------------------------------------- */

static ssize_t
want_bytes(wslay_event_context_ptr ctx, uint8_t *p, size_t len, int flags,
    void *arg)
{
	struct websocket *ws = arg;
	struct buf *in = &ws->stream.in;

	(void)flags;
	if (buf_len(in) == 0) {
		wslay_event_set_error(ctx, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	if (len > buf_len(in))
		len = buf_len(in);
	memcpy(p, buf_data(in), len);
	buf_take(in, len);
	return (ssize_t)len;
}

static ssize_t
have_bytes(wslay_event_context_ptr ctx, const uint8_t *p, size_t len,
    int flags, void *arg)
{
	struct websocket *ws = arg;

	(void)ctx;
	(void)flags;
	stream_write(&ws->stream, p, len);
	return (ssize_t)len;
}

static int
want_mask(wslay_event_context_ptr ctx, uint8_t *p, size_t len, void *arg)
{
	(void)ctx;
	(void)arg;
	return getrandom(p, len, 0) == (ssize_t)len ? 0 : -1;
}

static void
on_message(wslay_event_context_ptr ctx,
    const struct wslay_event_on_msg_recv_arg *m, void *arg)
{
	struct websocket *ws = arg;
	struct message *one;

	(void)ctx;
	if (wslay_is_ctrl_frame(m->opcode))
		return;
	one = xmalloc(sizeof(*one) + m->msg_length);
	one->next = NULL;
	one->len = m->msg_length;
	if (one->len != 0)
		memcpy(one->p, m->msg, one->len);
	*ws->last = one;
	ws->last = &one->next;
	ws->waiting++;
	ws->bytes += one->len;
	loop_defer(ws->loop, &ws->settle);
}

/* The server's good-bye, or its breach of the rules. */
static void
closed(struct websocket *ws)
{
	unsigned code = wslay_event_get_status_code_received(ws->frames);
	bool told = wslay_event_get_close_received(ws->frames);
	char text[80];

	/* The good-bye is answered. */
	stream_flush(&ws->stream);
	if (ws->state != WEBSOCKET_OPEN)
		return;
	if (told && (code == WSLAY_CODE_NORMAL_CLOSURE ||
	    code == WSLAY_CODE_GOING_AWAY ||
	    code == WSLAY_CODE_NO_STATUS_RCVD)) {
		ws->state = WEBSOCKET_CLOSED;
		connection_close(ws);
		loop_defer(ws->loop, &ws->settle);
	} else if (told) {
		snprintf(text, sizeof(text), "the server closed it with code "
		    "%u", code);
		fail(ws, text);
	} else if (wslay_event_get_status_code_sent(ws->frames) ==
	    WSLAY_CODE_MESSAGE_TOO_BIG) {
		fail(ws, "the server sent a message of more than 4 MB");
	} else {
		fail(ws, BROKEN_RULES);
	}
}

bool
websocket_is_full(const struct websocket *ws)
{
	return ws->bytes >= WEBSOCKET_QUEUE_BYTES ||
	    ws->waiting >= WEBSOCKET_QUEUE_MAX;
}

/* All that is at hand becomes messages. */
static void
take_frames(struct websocket *ws)
{
	if (buf_len(&ws->stream.in) != 0 &&
	    (wslay_event_recv(ws->frames) != 0 ||
	    wslay_event_send(ws->frames) != 0)) {
		fail(ws, BROKEN_RULES);
		return;
	}
	if (!wslay_event_get_read_enabled(ws->frames) ||
	    wslay_event_get_close_received(ws->frames))
		closed(ws);
}

/* As long as there is room for messages, and our answers are taken. */
static void
pump(struct websocket *ws)
{
	if (websocket_is_full(ws) ||
	    stream_pending(&ws->stream) >= PENDING_MAX)
		stream_pause(&ws->stream);
	else
		take_frames(ws);
}

static const struct wslay_event_callbacks callbacks = {
	.recv_callback = want_bytes,
	.send_callback = have_bytes,
	.genmask_callback = want_mask,
	.on_msg_recv_callback = on_message,
};

/* ---- the handshake ------------------------------------------------------- */

static void
opened(struct websocket *ws, const struct upgrade *head)
{
	const char *why = upgrade_refusal(head, ws->key);
	char text[WHY_MAX];

	if (why != NULL) {
		snprintf(text, sizeof(text), "%s (it answers %u): check the "
		    "address", why, head->status);
		fail(ws, text);
		return;
	}
	timer_cancel(&ws->deadline);
	if (wslay_event_context_client_init(&ws->frames, &callbacks, ws) != 0)
		abort();
	wslay_event_config_set_max_recv_msg_length(ws->frames,
	    WEBSOCKET_MESSAGE_MAX);
	buf_take(&ws->stream.in, head->len);
	ws->state = WEBSOCKET_OPEN;
	ws->events->opened(ws->arg, head, NULL);
	pump(ws);
}

/*
 * Is a head worth reading: is its first line there, or the empty one that ends
 * it? Bytes are looked at once.
 */
static bool
head_has_come(struct websocket *ws)
{
	struct span in = buf_span(&ws->stream.in);
	bool come = in.len >= UPGRADE_HEAD_MAX;
	size_t i;

	for (i = ws->scanned; i < in.len && !come; i++) {
		if (in.p[i] != '\n')
			continue;
		come = !ws->lined || (i > 0 && in.p[i - 1] == '\n') ||
		    (i > 1 && in.p[i - 1] == '\r' && in.p[i - 2] == '\n');
		ws->lined = true;
	}
	ws->scanned = i;
	return come;
}

static void
read_head(struct websocket *ws)
{
	struct arena a = { .blocks = NULL };
	struct upgrade head;
	const char *why;

	while (ws->state == WEBSOCKET_OPENING && head_has_come(ws)) {
		switch (upgrade_read(buf_span(&ws->stream.in), &a, &head,
		    &why)) {
		case PARSE_DONE:
			opened(ws, &head);
			break;
		case PARSE_BAD:
			fail(ws, why);
			break;
		case PARSE_MORE:
			arena_reset(&a);
			continue;
		}
		break;
	}
	arena_free(&a);
}

static void
send_request(struct websocket *ws)
{
	struct buf b = { .base = NULL };

	upgrade_put(&b, &ws->url, ws->key, ws->authorization);
	stream_write(&ws->stream, buf_data(&b), buf_len(&b));
	buf_free(&b);
}

/* ---- the connection ------------------------------------------------------ */

static void
on_readable(void *arg)
{
	struct websocket *ws = arg;

	if (ws->state == WEBSOCKET_OPEN)
		pump(ws);
	else if (ws->state == WEBSOCKET_OPENING)
		read_head(ws);
}

/* What was said is with the kernel: there is room for more of it. */
static void
on_drained(void *arg)
{
	struct websocket *ws = arg;

	if (ws->state == WEBSOCKET_OPEN && !websocket_is_full(ws))
		stream_resume(&ws->stream);
}

static void
on_closed(void *arg, bool eof, const char *why)
{
	struct websocket *ws = arg;

	/* What came before it counts, room or not: no more will come. */
	if (ws->state == WEBSOCKET_OPEN && buf_len(&ws->stream.in) != 0)
		take_frames(ws);
	fail(ws, eof ? "the server broke off; its own log may say why" : why);
}

static void
on_secured(void *arg, const char *why)
{
	struct websocket *ws = arg;
	const char *better;
	char text[WHY_MAX];

	if (why == NULL) {
		send_request(ws);
		return;
	}
	better = tls_client_why(ws->stream.ssl);
	snprintf(text, sizeof(text), "no TLS: %s: %s", better != NULL ?
	    better : why, better != NULL ? "its certificate must be for this "
	    "name and of an authority that this host knows" : "check that "
	    "the server speaks TLS there");
	fail(ws, text);
}

static const struct stream_events stream_events = {
	.readable = on_readable,
	.drained = on_drained,
	.closed = on_closed,
	.secured = on_secured,
};

static void
on_dialled(void *arg, int fd, const char *why)
{
	static const struct tls_options options = { .verify = true };
	struct websocket *ws = arg;
	struct ssl_st *ssl;
	int on = 1;

	if (fd == -1) {
		fail(ws, why);
		return;
	}
	/* Nothing is sent for hours: a dead peer shows all the same. */
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	stream_init(&ws->stream, ws->loop, fd, &stream_events, ws);
	ws->stream.in_max = UPGRADE_HEAD_MAX;
	ws->streaming = true;
	if (!url_is_secure(&ws->url)) {
		send_request(ws);
		return;
	}
	ssl = tls_client_start(ws->tls, &options, ws->url.host,
	    span_of(NULL), &why);
	if (ssl == NULL)
		fail(ws, why);
	else
		stream_connect_tls(&ws->stream, ssl);
}

struct websocket *
websocket_new(struct loop *loop, struct dns *dns, struct tls_client *tls,
    struct span url, struct span authorization,
    const struct websocket_events *events, void *arg, const char **why_out)
{
	struct websocket *ws = xcalloc(1, sizeof(*ws));

	ws->loop = loop;
	ws->tls = tls;
	ws->events = events;
	ws->arg = arg;
	ws->last = &ws->first;
	if (url_parse(url, &ws->arena, &ws->url, why_out) == -1 ||
	    ws->url.scheme < URL_WS) {
		*why_out = "this is no ws or wss address";
		arena_free(&ws->arena);
		free(ws);
		return NULL;
	}
	ws->authorization = arena_span(&ws->arena, authorization);
	upgrade_key(ws->key);
	ws->settle = (struct deferred){ .run = on_settle, .arg = ws };
	timer_init(&ws->deadline, loop, on_deadline, ws);
	timer_set(&ws->deadline, WEBSOCKET_OPEN_MS);
	dial_start(&ws->dial, loop, dns, ws->url.host, ws->url.port,
	    on_dialled, ws);
	return ws;
}

void
websocket_free(struct websocket **wsp)
{
	struct websocket *ws = *wsp;
	struct message *m;

	*wsp = NULL;
	if (ws == NULL)
		return;
	if (ws->state == WEBSOCKET_OPEN && ws->streaming) {
		wslay_event_queue_close(ws->frames,
		    WSLAY_CODE_NORMAL_CLOSURE, NULL, 0);
		wslay_event_send(ws->frames);
	}
	connection_close(ws);
	if (ws->frames != NULL)
		wslay_event_context_free(ws->frames);
	loop_undefer(ws->loop, &ws->settle);
	timer_done(&ws->deadline);
	while ((m = ws->first) != NULL) {
		ws->first = m->next;
		free(m);
	}
	free(ws->taken);
	arena_free(&ws->arena);
	free(ws);
}

/* ---- what came ----------------------------------------------------------- */

enum websocket_state
websocket_state(const struct websocket *ws)
{
	return ws->state;
}

const char *
websocket_why(const struct websocket *ws)
{
	return ws->why;
}

size_t
websocket_waiting(const struct websocket *ws)
{
	return ws->waiting;
}

bool
websocket_take(struct websocket *ws, struct span *out)
{
	struct message *m = ws->first;

	free(ws->taken);
	ws->taken = m;
	if (m == NULL)
		return false;
	ws->first = m->next;
	if (ws->first == NULL)
		ws->last = &ws->first;
	ws->waiting--;
	ws->bytes -= m->len;
	*out = span_make(m->p, m->len);
	if (ws->streaming && ws->stream.paused && !websocket_is_full(ws) &&
	    stream_pending(&ws->stream) < PENDING_MAX)
		stream_resume(&ws->stream);
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "qmgr/policy/question.h"

#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/ipc/channel.h"
#include "qmgr/policy/policyd.h"

struct question *
question_new(struct policyd *pd, struct channel *ch, uint64_t id,
    enum message type, enum message answer, struct reader *body)
{
	struct question *q = xcalloc(1, sizeof(*q));

	q->pd = pd;
	q->channel = ch;
	q->id = id;
	q->type = type;
	q->answer = answer;
	q->body = arena_span(&q->arena, reader_take(body, reader_left(body)));
	if ((q->next = pd->questions) != NULL)
		q->next->prev = q;
	pd->questions = q;
	/* Whoever asks faster than can be answered is read more slowly. */
	if (++pd->n_questions >= QUESTIONS_MAX) {
		channel_pause(ch);
		pd->paused = true;
	}
	return q;
}

struct buf *
question_answer(struct question *q)
{
	if (q->channel == NULL)
		return NULL;
	return channel_begin(q->channel, q->answer, q->id);
}

static void
peers_resume(struct policyd *pd)
{
	unsigned i;

	pd->paused = false;
	for (i = 0; i < pd->daemon.n_peers; i++)
		channel_resume(pd->daemon.peers[i]);
}

static void
question_free(struct question *q)
{
	struct policyd *pd = q->pd;

	if (q->prev != NULL)
		q->prev->next = q->next;
	else
		pd->questions = q->next;
	if (q->next != NULL)
		q->next->prev = q->prev;
	if (--pd->n_questions < QUESTIONS_MAX / 2 && pd->paused)
		peers_resume(pd);
	if (q->timed)
		timer_done(&q->deadline);
	arena_free(&q->arena);
	free(q);
}

void
question_sent(struct question *q)
{
	if (q->channel != NULL)
		channel_end(q->channel);
	question_free(q);
}

void
questions_forget_peer(struct policyd *pd, const struct channel *ch)
{
	struct question *q;

	for (q = pd->questions; q != NULL; q = q->next) {
		if (q->channel == ch)
			q->channel = NULL;
	}
}

void
question_wait(struct question *q, void (*fire)(void *arg))
{
	if (q->timed)
		return;
	timer_init(&q->deadline, q->pd->daemon.loop, fire, q);
	timer_set(&q->deadline, QUESTION_WAIT_MS);
	q->timed = true;
}

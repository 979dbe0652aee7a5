/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a whole transaction to stored messages: one per recipient or per
 * domain, each with an id, a queue and header fields of its own, all sharing
 * one body; and the client's answer, once the spool's writer has spoken.
 */
#ifndef SMTPD_MESSAGE_H
#define SMTPD_MESSAGE_H

#include <stdbool.h>

#include "lib/ipc/store.h"

struct processing;
struct session;

/* The content is whole: check it, make the messages, store them. */
void messages_make(struct session *s, bool chunked);
/* The writer has answered one of the session's requests. */
void messages_stored(struct session *s, enum stored_result result);
/* It took too long: the client is told to come again. */
void messages_overdue(struct session *s);
/* What is not in the transaction's arena. NULL is accepted. */
void processing_done(struct processing *p);

#endif

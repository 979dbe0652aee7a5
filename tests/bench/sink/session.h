/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection to the sink. It frees itself when it ends; the state keeps
 * it only in the lists of sessions to send for and to answer late.
 */
#ifndef TESTS_BENCH_SINK_SESSION_H
#define TESTS_BENCH_SINK_SESSION_H

#include <stdint.h>

struct sink;
struct sink_session;

void sink_session_open(struct sink *k, int fd);
void sink_session_event(struct sink_session *s, uint32_t events);
/* When a late session is to be resumed. */
int64_t sink_session_due_ms(const struct sink_session *s);
/* Give the late reply of the first late session and read on. */
void sink_session_resume(struct sink_session *s);
/* Send what the first dirty session has to say. */
void sink_session_send(struct sink_session *s);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* From a connection, or its change of addresses, to the banner. */
#ifndef SMTPD_GREETING_H
#define SMTPD_GREETING_H

struct session;

/*
 * The connection is new: a policy may set its options and turn it away; then
 * the PROXY header is awaited, or the client greeted.
 */
void greeting_begin(struct session *s);
/*
 * The ends are other ones than before: options anew, then the banner. The
 * policy hears of the connection here when PROXY brought the change.
 */
void greeting_again(struct session *s);
/* The PROXY header is there and changed nothing. */
void greeting_accept(struct session *s);

#endif

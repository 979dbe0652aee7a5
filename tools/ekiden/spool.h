/* SPDX-License-Identifier: Apache-2.0 */
/* ekiden spool check|stats|export|compact: the spool seen from outside. */
#ifndef TOOLS_EKIDEN_SPOOL_H
#define TOOLS_EKIDEN_SPOOL_H

/* argv[0] is "spool". The exit status: 0, 1 (problems, failure), 2 (usage). */
int spool_command(int argc, char **argv);

#endif

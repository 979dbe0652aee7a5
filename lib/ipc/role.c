/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/ipc/role.h"

static const struct {
	const char *name, *program, *user;
} roles[ROLE_COUNT] = {
	[ROLE_MASTER] = { "master", "master", "root" },
	[ROLE_LOADER] = { "loader", "loader", "ekiden-policy" },
	[ROLE_SMTPD] = { "smtpd", "smtpd", "ekiden-smtpd" },
	[ROLE_SPOOLD] = { "spoold", "spoold", "ekiden-spool" },
	[ROLE_READER] = { "spoold-reader", "spoold-reader", "ekiden-spool" },
	[ROLE_LOGGER] = { "spoold-logger", "spoold-logger", "ekiden-log" },
	[ROLE_QMGR] = { "qmgr", "qmgr", "ekiden-qmgr" },
	[ROLE_POLICY] = { "policy", "policy", "ekiden-policy" },
	[ROLE_OUT] = { "smtp-out", "smtp-out", "ekiden-out" },
	[ROLE_LOCAL] = { "local", "smtp-out", "ekiden-local" },
	[ROLE_LOOKUP] = { "lookupd", "lookupd", "ekiden-policy" },
	[ROLE_KEYS] = { "keys", "keys", NULL },
};

static const struct {
	enum role a, b;
} pairs[] = {
	{ ROLE_SMTPD, ROLE_SPOOLD },
	{ ROLE_SPOOLD, ROLE_QMGR },
	{ ROLE_SPOOLD, ROLE_LOGGER },
	{ ROLE_READER, ROLE_LOGGER },
	{ ROLE_READER, ROLE_QMGR },
	{ ROLE_READER, ROLE_OUT },
	{ ROLE_READER, ROLE_LOCAL },
	{ ROLE_QMGR, ROLE_OUT },
	{ ROLE_QMGR, ROLE_LOCAL },
	{ ROLE_QMGR, ROLE_POLICY },
	{ ROLE_OUT, ROLE_POLICY },
	{ ROLE_SMTPD, ROLE_LOOKUP },
	{ ROLE_POLICY, ROLE_LOOKUP },
};

const char *
role_name(enum role role)
{
	return role < ROLE_COUNT ? roles[role].name : "unknown";
}

const char *
role_program(enum role role)
{
	return roles[role].program;
}

const char *
role_user(enum role role)
{
	return roles[role].user;
}

bool
role_talks(enum role a, enum role b)
{
	size_t i;

	for (i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		if ((pairs[i].a == a && pairs[i].b == b) ||
		    (pairs[i].a == b && pairs[i].b == a))
			return true;
	}
	return false;
}

enum role
role_less_trusted(enum role a, enum role b)
{
	/* From those who read strangers' bytes up to those who hold mail. */
	static const unsigned trust[ROLE_COUNT] = {
		[ROLE_SMTPD] = 1, [ROLE_OUT] = 2, [ROLE_LOOKUP] = 3,
		[ROLE_LOCAL] = 4, [ROLE_LOADER] = 5, [ROLE_POLICY] = 6,
		[ROLE_QMGR] = 7, [ROLE_LOGGER] = 8, [ROLE_READER] = 9,
		[ROLE_SPOOLD] = 10, [ROLE_MASTER] = 11,
	};

	return trust[a] < trust[b] ? a : b;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "master/users.h"

#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/base/span.h"
#include "lib/base/text.h"

static int
users_range(struct users *u, struct span text, size_t dash)
{
	uint64_t first, last;
	int role;

	if (text_u64(span_make(text.p, dash), 1, 0x7fffffff, &first) != 0 ||
	    text_u64(span_from(text, dash + 1), first, 0x7fffffff, &last) != 0)
		return -1;
	if (last - first + 1 < ROLE_COUNT) {
		fprintf(stderr, "ekiden: --user %.*s: the range needs %d "
		    "numbers, one for each role\n", SPAN_FMT(text),
		    ROLE_COUNT);
		return -1;
	}
	for (role = 0; role < ROLE_COUNT; role++) {
		u->uid[role] = (uid_t)(first + (uint64_t)role);
		u->gid[role] = (gid_t)(first + (uint64_t)role);
	}
	/* The reader maps what the writer owns. */
	u->uid[ROLE_READER] = u->uid[ROLE_SPOOLD];
	u->gid[ROLE_READER] = u->gid[ROLE_SPOOLD];
	return 0;
}

static int
users_named(struct users *u, enum role role, const char *name, bool own)
{
	struct passwd *pw = getpwnam(name);

	if (pw == NULL) {
		fprintf(stderr, "ekiden: the account '%s' does not exist; "
		    "%s\n", name, own ? "create it, or start with --user NAME "
		    "(one account for all) or --user FIRST-LAST (a range of "
		    "numbers)" : "create it or name another");
		return -1;
	}
	if (pw->pw_uid == 0) {
		fprintf(stderr, "ekiden: '%s' is root; the daemons need an "
		    "account without rights\n", name);
		return -1;
	}
	u->uid[role] = pw->pw_uid;
	u->gid[role] = pw->pw_gid;
	return 0;
}

int
users_resolve(struct users *u, const char *user)
{
	struct span text = span_of(user);
	ptrdiff_t dash = span_find(text, '-');
	int role;

	*u = (struct users){ .change = geteuid() == 0 };
	if (!u->change) {
		if (user != NULL) {
			fprintf(stderr,
			    "ekiden: --user needs a start as root\n");
			return -1;
		}
		return 0;
	}
	if (user != NULL && text.len > 0 && ascii_digit(text.p[0]) && dash > 0)
		return users_range(u, text, (size_t)dash);
	for (role = ROLE_LOADER; role < ROLE_COUNT; role++) {
		if (role_user((enum role)role) == NULL)
			continue;
		if (users_named(u, (enum role)role, user != NULL ? user :
		    role_user((enum role)role), user == NULL) != 0)
			return -1;
	}
	return 0;
}

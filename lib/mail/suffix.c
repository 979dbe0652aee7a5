/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mail/suffix.h"

#include <libpsl.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/mail/domain.h"

/* Of the process, for good. */
static psl_ctx_t *list;

void
suffix_prepare(void)
{
	if (list != NULL)
		return;
	list = psl_latest(NULL);
	if (list == NULL)
		log_warnx("there is no Public Suffix List: install the "
		    "package publicsuffix");
}

/* The end of name that `look` finds in its lower-case form. */
static struct span
end_of(struct span name, const char *(*look)(const psl_ctx_t *, const char *))
{
	char text[DOMAIN_MAX + 1];
	const char *found;
	size_t len = name.len;

	if (len > 0 && name.p[len - 1] == '.')
		len--;
	if (list == NULL || len == 0 || len > DOMAIN_MAX ||
	    memchr(name.p, '\0', len) != NULL ||
	    memmem(name.p, len, "..", 2) != NULL || name.p[0] == '.' ||
	    name.p[len - 1] == '.')
		return span_of(NULL);
	memcpy(text, name.p, len);
	text[len] = '\0';
	ascii_lower_all(text, len);
	found = look(list, text);
	if (found == NULL)
		return span_of(NULL);
	return span_from(name, (size_t)(found - text));
}

struct span
suffix_of(struct span name)
{
	return end_of(name, psl_unregistrable_domain);
}

struct span
suffix_domain_of(struct span name)
{
	return end_of(name, psl_registrable_domain);
}

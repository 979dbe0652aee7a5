/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/dns/resolv_conf.h"

#include <string.h>

#include "lib/base/text.h"

enum { DNS_PORT = 53, NUMBER_MAX = 100 };

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The next word of the line, or the empty one. */
static struct span
word_take(struct span *line)
{
	struct span word;
	size_t i = 0;

	while (line->len > 0 && is_blank(line->p[0]))
		*line = span_from(*line, 1);
	while (i < line->len && !is_blank(line->p[i]))
		i++;
	word = span_make(line->p, i);
	*line = span_from(*line, i);
	return word;
}

static const char *
server_read(struct span line, struct resolv_conf *out)
{
	struct ip *ip = &out->servers[out->n_servers];
	struct span word = word_take(&line);

	if (out->n_servers == RESOLV_SERVERS_MAX)
		return "there are too many name servers";
	if (ip_parse(word, ip) == -1)
		return "a nameserver is an IP address";
	ip->port = DNS_PORT;
	out->n_servers++;
	return NULL;
}

/* The last such line counts. */
static const char *
search_read(struct span line, struct resolv_conf *out)
{
	struct span word;

	out->n_search = 0;
	while ((word = word_take(&line)).len != 0) {
		if (out->n_search == RESOLV_SEARCH_MAX)
			return "there are too many domains to search";
		out->search[out->n_search++] = word;
	}
	return NULL;
}

/* What is no number, or too large a one, is as good as not said. */
static void
number_read(struct span word, const char *name, int32_t *out)
{
	uint64_t n;

	if (span_starts(word, name) && text_u64(span_from(word, strlen(name)),
	    0, NUMBER_MAX, &n) == 0)
		*out = (int32_t)n;
}

static void
options_read(struct span line, struct resolv_conf *out)
{
	struct span word;

	while ((word = word_take(&line)).len != 0) {
		number_read(word, "ndots:", &out->ndots);
		number_read(word, "timeout:", &out->timeout);
		number_read(word, "attempts:", &out->attempts);
		if (span_eq_str(word, "edns0"))
			out->edns0 = true;
	}
}

static const char *
line_read(struct span line, struct resolv_conf *out)
{
	struct span word = word_take(&line);

	if (span_eq_str(word, "nameserver"))
		return server_read(line, out);
	if (span_eq_str(word, "search"))
		return search_read(line, out);
	if (span_eq_str(word, "domain"))
		out->domain = word_take(&line);
	if (span_eq_str(word, "options"))
		options_read(line, out);
	return NULL;
}

int
resolv_conf_read(struct span text, struct resolv_conf *out, int *line_out,
    const char **why_out)
{
	struct span line;
	ptrdiff_t end;

	memset(out, 0, sizeof(*out));
	out->ndots = out->timeout = out->attempts = -1;
	for (*line_out = 1; text.len > 0; ++*line_out) {
		end = span_find(text, '\n');
		line = text;
		if (end != -1)
			line.len = (size_t)end;
		text = span_from(text, end == -1 ? text.len :
		    (size_t)end + 1);
		if (line.len == 0 || line.p[0] == '#' || line.p[0] == ';')
			continue;
		*why_out = line_read(line, out);
		if (*why_out != NULL)
			return -1;
	}
	return 0;
}

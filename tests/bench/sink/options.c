/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/sink/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/log.h"
#include "tests/bench/common/process.h"
#include "tests/bench/sink/behaviour.h"

static const char usage[] =
    "usage: smtp-sink [options]\n"
    "An SMTP server that counts what it takes and keeps nothing.\n"
    "  --listen ADDR:PORT   default 127.0.0.1:0; the line 'listening on\n"
    "                       ADDR:PORT' on stdout tells the port\n"
    "  --hostname NAME      in banner and replies (sink.test)\n"
    "  --ledger FILE        a line per message taken: its X-Transmission\n"
    "                       (or X-Seq, or Message-ID, or -), the recipients\n"
    "                       and the time in microseconds, written before the\n"
    "                       message is acknowledged\n"
    "  --store DIR          a file per message taken\n"
    "  --tls                offer STARTTLS, with a fresh certificate\n"
    "  --cert, --key FILE   offer STARTTLS with these (PEM)\n"
    "  --without WORD,...   EHLO keywords not to offer\n"
    "  --reject-rcpt CODE   answer every RCPT so\n"
    "  --fail-percent N     answer 451 to N of 100 messages\n"
    "  --slow-percent N     answer N of 100 messages late\n"
    "  --slow-ms N          how late 'slow' is (1000)\n"
    "  --max-messages N     end after N messages taken\n"
    "SIGUSR1 prints the counters on stdout as a line of JSON, SIGUSR2 prints\n"
    "and clears them; they are printed at the end too (SIGTERM, SIGINT).\n";

static const struct extension {
	unsigned bit;
	const char *name;
} extensions[] = {
	{ EXT_PIPELINING, "PIPELINING" },
	{ EXT_8BITMIME, "8BITMIME" },
	{ EXT_SMTPUTF8, "SMTPUTF8" },
	{ EXT_SIZE, "SIZE" },
	{ EXT_ENHANCED, "ENHANCEDSTATUSCODES" },
	{ EXT_STARTTLS, "STARTTLS" },
};

enum { EXTENSIONS = sizeof(extensions) / sizeof(extensions[0]) };

const char *
sink_extension_name(unsigned bit)
{
	for (int i = 0; i < EXTENSIONS; i++)
		if (extensions[i].bit == bit)
			return extensions[i].name;
	return NULL;
}

static unsigned
extension_bit(struct span name)
{
	for (int i = 0; i < EXTENSIONS; i++)
		if (span_ieq_str(name, extensions[i].name))
			return extensions[i].bit;
	fatalx("--without does not know '%.*s'", SPAN_FMT(name));
}

static void
take_away(struct sink_options *o, struct span list)
{
	while (list.len > 0) {
		ptrdiff_t comma = span_find(list, ',');
		struct span one = list;

		if (comma != -1)
			one.len = (size_t)comma;
		o->extensions &= ~extension_bit(one);
		list = span_from(list, one.len + (comma != -1));
	}
}

enum { O_LISTEN = 256, O_HOSTNAME, O_LEDGER, O_STORE, O_TLS, O_CERT, O_KEY,
	O_WITHOUT, O_REJECT_RCPT, O_FAIL_PERCENT, O_SLOW_PERCENT, O_SLOW_MS,
	O_MAX_MESSAGES,
	O_HELP };

static const struct option long_options[] = {
	{ "listen", required_argument, NULL, O_LISTEN },
	{ "hostname", required_argument, NULL, O_HOSTNAME },
	{ "ledger", required_argument, NULL, O_LEDGER },
	{ "store", required_argument, NULL, O_STORE },
	{ "tls", no_argument, NULL, O_TLS },
	{ "cert", required_argument, NULL, O_CERT },
	{ "key", required_argument, NULL, O_KEY },
	{ "without", required_argument, NULL, O_WITHOUT },
	{ "reject-rcpt", required_argument, NULL, O_REJECT_RCPT },
	{ "fail-percent", required_argument, NULL, O_FAIL_PERCENT },
	{ "slow-percent", required_argument, NULL, O_SLOW_PERCENT },
	{ "slow-ms", required_argument, NULL, O_SLOW_MS },
	{ "max-messages", required_argument, NULL, O_MAX_MESSAGES },
	{ "help", no_argument, NULL, O_HELP },
	{ NULL, 0, NULL, 0 },
};

static void
sink_option(struct sink_options *o, int which, const char *arg)
{
	switch (which) {
	case O_LISTEN:
		if (ip_port_parse(span_of(arg), &o->listen) == -1)
			fatalx("--listen wants ADDR:PORT, not '%s'", arg);
		break;
	case O_HOSTNAME:
		o->hostname = arg;
		break;
	case O_LEDGER:
		o->ledger = arg;
		break;
	case O_STORE:
		o->store = arg;
		break;
	case O_CERT:
		o->cert = arg;
		o->extensions |= EXT_STARTTLS;
		break;
	case O_KEY:
		o->key = arg;
		break;
	case O_TLS:
		o->extensions |= EXT_STARTTLS;
		break;
	case O_WITHOUT:
		take_away(o, span_of(arg));
		break;
	case O_REJECT_RCPT:
		o->reject_rcpt = (unsigned)process_number("reject-rcpt", arg,
		    400, 599);
		break;
	case O_FAIL_PERCENT:
		o->fail_percent = (unsigned)process_number("fail-percent", arg,
		    0, 100);
		break;
	case O_SLOW_PERCENT:
		o->slow_percent = (unsigned)process_number("slow-percent", arg,
		    0, 100);
		break;
	case O_SLOW_MS:
		o->slow_ms = process_number("slow-ms", arg, 0, 3600000);
		break;
	case O_MAX_MESSAGES:
		o->max_messages = process_number("max-messages", arg, 1,
		    UINT64_MAX);
		break;
	case O_HELP:
		printf("%s\n%s", usage, behaviour_help);
		exit(0);
	default:
		exit(2);
	}
}

void
sink_options_read(struct sink_options *o, int argc, char **argv)
{
	int which;

	*o = (struct sink_options){
		.hostname = "sink.test",
		.extensions = EXT_PIPELINING | EXT_8BITMIME | EXT_SMTPUTF8 |
		    EXT_SIZE | EXT_ENHANCED,
		.slow_ms = 1000,
	};
	ip_port_parse(SPAN_LIT("127.0.0.1:0"), &o->listen);
	while ((which = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		sink_option(o, which, optarg);
	if (optind != argc)
		fatalx("what is '%s'? see --help", argv[optind]);
	if ((o->cert == NULL) != (o->key == NULL))
		fatalx("--cert and --key go together");
}

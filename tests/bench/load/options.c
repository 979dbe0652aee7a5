/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/load/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "tests/bench/common/process.h"

static const char usage[] =
    "usage: smtp-load --target ADDR:PORT [options]\n"
    "Sends messages back to back over kept connections and measures.\n"
    "  --sessions N       connections (50)\n"
    "  --messages N       how many to send (1000, or no end with --duration)\n"
    "  --duration S       stop after S seconds\n"
    "  --size BYTES       of a message, header included (10240)\n"
    "  --domains N        recipients in d0.test ... d(N-1).test (1)\n"
    "  --domain-suffix T  instead of 'test'\n"
    "  --recipient ADDR   instead; further ones of a message are user+N@\n"
    "  --recipients N     per message (1)\n"
    "  --sender ADDR      sender@load.test; an empty one is the null sender\n"
    "  --hostname NAME    in EHLO (load.test)\n"
    "  --ledger FILE      a line per acknowledged message: its X-Transmission\n"
    "                     and the reply\n"
    "  --keep-going       reconnect and send again after lost connections\n"
    "                     and 4xx replies, until all are acknowledged\n"
    "  --retry-ms N       the wait before that (100)\n"
    "  --timeout S        how long a reply may take (120)\n"
    "  --rate N           messages per second, of all sessions\n"
    "  --no-pipelining    one command at a time (else when offered)\n"
    "  --tls              use STARTTLS; certificates are not verified\n"
    "  --json             the summary as one line of JSON\n"
    "  --quiet            no progress on the terminal\n"
    "Exits 0 when every message was acknowledged, else 1.\n";

enum { O_TARGET = 256, O_SESSIONS, O_MESSAGES, O_DURATION, O_SIZE, O_DOMAINS,
	O_SUFFIX, O_RECIPIENT, O_RECIPIENTS, O_SENDER, O_HOSTNAME, O_LEDGER,
	O_KEEP_GOING, O_RETRY_MS, O_TIMEOUT, O_RATE, O_PIPELINING,
	O_NO_PIPELINING, O_TLS, O_JSON, O_QUIET, O_HELP };

static const struct option long_options[] = {
	{ "target", required_argument, NULL, O_TARGET },
	{ "sessions", required_argument, NULL, O_SESSIONS },
	{ "messages", required_argument, NULL, O_MESSAGES },
	{ "duration", required_argument, NULL, O_DURATION },
	{ "size", required_argument, NULL, O_SIZE },
	{ "domains", required_argument, NULL, O_DOMAINS },
	{ "domain-suffix", required_argument, NULL, O_SUFFIX },
	{ "recipient", required_argument, NULL, O_RECIPIENT },
	{ "recipients", required_argument, NULL, O_RECIPIENTS },
	{ "sender", required_argument, NULL, O_SENDER },
	{ "hostname", required_argument, NULL, O_HOSTNAME },
	{ "ledger", required_argument, NULL, O_LEDGER },
	{ "keep-going", no_argument, NULL, O_KEEP_GOING },
	{ "retry-ms", required_argument, NULL, O_RETRY_MS },
	{ "timeout", required_argument, NULL, O_TIMEOUT },
	{ "rate", required_argument, NULL, O_RATE },
	{ "pipelining", no_argument, NULL, O_PIPELINING },
	{ "no-pipelining", no_argument, NULL, O_NO_PIPELINING },
	{ "tls", no_argument, NULL, O_TLS },
	{ "json", no_argument, NULL, O_JSON },
	{ "quiet", no_argument, NULL, O_QUIET },
	{ "help", no_argument, NULL, O_HELP },
	{ NULL, 0, NULL, 0 },
};

/* The options that are a number within bounds. */
static uint64_t *
number_field(struct load_options *o, int which, uint64_t *min, uint64_t *max)
{
	*min = 1;
	*max = UINT32_MAX;
	switch (which) {
	case O_SESSIONS:
		*max = 1000000;
		return &o->sessions;
	case O_MESSAGES:
		return &o->messages;
	case O_SIZE:
		*max = 1 << 28;
		return &o->size;
	case O_DOMAINS:
		return &o->domains;
	case O_RECIPIENTS:
		*max = 10000;
		return &o->recipients;
	case O_RATE:
		*max = 10000000;
		return &o->rate;
	case O_RETRY_MS:
		*min = 0;
		return &o->retry_ms;
	}
	return NULL;
}

static void
seconds(int64_t *ms, uint64_t *out, const char *name, const char *arg)
{
	if (text_duration_ms(span_of(arg), ms) == -1 || *ms <= 0)
		fatalx("--%s wants a duration, not '%s'", name, arg);
	*out = (uint64_t)*ms;
}

static void
load_option(struct load_options *o, int which, const char *arg)
{
	uint64_t min, max, *number = number_field(o, which, &min, &max);
	const char *name = long_options[which - O_TARGET].name;
	int64_t ms;

	if (number != NULL) {
		*number = process_number(name, arg, min, max);
		return;
	}
	switch (which) {
	case O_TARGET:
		if (ip_port_parse(span_of(arg), &o->target) == -1)
			fatalx("--target wants ADDR:PORT, not '%s'", arg);
		break;
	case O_DURATION:
		seconds(&ms, &o->duration_ms, name, arg);
		break;
	case O_TIMEOUT:
		seconds(&ms, &o->timeout_ms, name, arg);
		break;
	case O_SUFFIX:
		o->suffix = arg;
		break;
	case O_RECIPIENT:
		o->recipient = arg;
		break;
	case O_SENDER:
		o->sender = arg;
		break;
	case O_HOSTNAME:
		o->hostname = arg;
		break;
	case O_LEDGER:
		o->ledger = arg;
		break;
	case O_KEEP_GOING:
		o->keep_going = true;
		break;
	case O_PIPELINING:
		o->pipelining = true;
		break;
	case O_NO_PIPELINING:
		o->pipelining = false;
		break;
	case O_TLS:
		o->tls = true;
		break;
	case O_JSON:
		o->json = true;
		break;
	case O_QUIET:
		o->quiet = true;
		break;
	default:
		break;
	}
}

void
load_options_read(struct load_options *o, int argc, char **argv)
{
	int which;

	*o = (struct load_options){
		.sender = "sender@load.test", .suffix = "test",
		.hostname = "load.test", .sessions = 50, .size = 10240,
		.domains = 1, .recipients = 1, .retry_ms = 100,
		.timeout_ms = 120000, .pipelining = true,
	};
	while ((which = getopt_long(argc, argv, "", long_options, NULL)) !=
	    -1) {
		if (which == '?')
			exit(2);
		if (which == O_HELP) {
			fputs(usage, stdout);
			exit(0);
		}
		load_option(o, which, optarg);
	}
	if (optind != argc)
		fatalx("what is '%s'? see --help", argv[optind]);
	if (o->target.family == IP_NONE)
		fatalx("--target is missing; see --help");
	if (o->messages == 0 && o->duration_ms == 0)
		o->messages = 1000;
	if (o->messages != 0 && o->sessions > o->messages)
		o->sessions = o->messages;
}

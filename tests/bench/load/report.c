/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/load/report.h"

#include <stdio.h>

#include "lib/base/clock.h"
#include "tests/bench/common/process.h"
#include "tests/bench/load/load.h"

static double
seconds_taken(const struct load *l)
{
	int64_t end = l->last_us != 0 ? l->last_us : clock_mono_us();

	return end > l->start_us ? (double)(end - l->start_us) / 1e6 : 1e-6;
}

static double
percentile_ms(const struct load *l, double percent)
{
	return (double)latency_at_us(&l->latency, percent) / 1e3;
}

void
report_progress(const struct load *l)
{
	fprintf(stderr, "\r%ju acknowledged, %ju errors, %.0f/s   ",
	    (uintmax_t)l->acknowledged, (uintmax_t)l->errors,
	    (double)l->acknowledged * 1e6 /
		(double)(clock_mono_us() - l->start_us + 1));
}

static void
summary_text(const struct load *l)
{
	double s = seconds_taken(l);

	printf("acknowledged  %ju of %ju bytes in %.3f s\n"
	       "rate          %.0f msg/s, %.1f MB/s\n"
	       "latency       p50 %.2f ms, p90 %.2f ms, p99 %.2f ms, "
	       "max %.2f ms\n"
	       "connections   %ju\n"
	       "refused       %ju messages, %ju recipients of others\n"
	       "errors        %ju%s%s\n"
	       "cpu           %.3f s, %.1f us per message\n",
	    (uintmax_t)l->acknowledged, (uintmax_t)l->opt->size, s,
	    (double)l->acknowledged / s,
	    (double)l->acknowledged * (double)l->opt->size / s / 1e6,
	    percentile_ms(l, 50), percentile_ms(l, 90), percentile_ms(l, 99),
	    (double)l->latency.max_us / 1e3, (uintmax_t)l->connections,
	    (uintmax_t)l->refused, (uintmax_t)l->rcpt_refused,
	    (uintmax_t)l->errors, l->error[0] != '\0' ? ", first: " : "",
	    l->error, (double)process_cpu_us() / 1e6,
	    (double)process_cpu_us() /
		(double)(l->acknowledged != 0 ? l->acknowledged : 1));
}

static void
summary_json(const struct load *l)
{
	struct buf out = { 0 };
	struct jout j;
	double s = seconds_taken(l);

	jout_init(&j, &out);
	jout_object(&j);
	jout_key_uint(&j, "acknowledged", l->acknowledged);
	jout_key_uint(&j, "refused", l->refused);
	jout_key_uint(&j, "rcpt_refused", l->rcpt_refused);
	jout_key_uint(&j, "errors", l->errors);
	jout_key_text(&j, "first_error", span_of(l->error));
	jout_key_uint(&j, "connections", l->connections);
	jout_key_uint(&j, "size", l->opt->size);
	process_json_decimal(&j, "seconds", s);
	process_json_decimal(&j, "rate", (double)l->acknowledged / s);
	process_json_decimal(&j, "p50_ms", percentile_ms(l, 50));
	process_json_decimal(&j, "p90_ms", percentile_ms(l, 90));
	process_json_decimal(&j, "p99_ms", percentile_ms(l, 99));
	process_json_decimal(&j, "max_ms", (double)l->latency.max_us / 1e3);
	process_json_decimal(&j, "cpu_seconds", (double)process_cpu_us() / 1e6);
	jout_object_end(&j);
	buf_add_byte(&out, '\n');
	fwrite(buf_data(&out), 1, buf_len(&out), stdout);
	buf_free(&out);
}

void
report_summary(const struct load *l)
{
	if (l->opt->json)
		summary_json(l);
	else
		summary_text(l);
	fflush(stdout);
}

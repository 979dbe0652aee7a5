/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/ip.h"

#include "tests/support/check.h"

static const struct {
	const char *in, *out; /* out NULL: refused */
} addresses[] = {
	{ "192.0.2.1", "192.0.2.1" }, { "::1", "::1" }, { "[::1]", "::1" },
	{ "2001:DB8:0:0:0:0:0:1", "2001:db8::1" },
	{ "::ffff:192.0.2.1", "::ffff:192.0.2.1" },
	{ "", NULL }, { "[192.0.2.1]", NULL }, { "192.0.2", NULL },
	{ "192.0.2.256", NULL }, { "192.0.2.1 ", NULL }, { "[::1", NULL },
	{ "fe80::1%eth0", NULL }, { "1.2.3.4.5", NULL },
	{ "0000:0000:0000:0000:0000:ffff:192.168.100.228.1111111111", NULL },
};

static const struct {
	const char *in, *out;
} with_ports[] = {
	{ "192.0.2.1:25", "192.0.2.1:25" }, { "[::1]:25", "[::1]:25" },
	{ "192.0.2.1:0", "192.0.2.1:0" }, { "192.0.2.1:65535",
	    "192.0.2.1:65535" },
	{ "192.0.2.1", NULL }, { "192.0.2.1:", NULL }, { "::1:25", NULL },
	{ "192.0.2.1:65536", NULL }, { "192.0.2.1:+5", NULL }, { ":25", NULL },
	{ "[::1]25", NULL }, { "[::1]", NULL }, { "[]:25", NULL },
};

static void
has_texts(void **state)
{
	char text[IP_TEXT_MAX];
	struct ip a;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(addresses); i++) {
		check_int(addresses[i].in,
		    ip_parse(span_of(addresses[i].in), &a),
		    addresses[i].out != NULL ? 0 : -1);
		if (addresses[i].out != NULL)
			check_str(addresses[i].in, ip_format(&a, text),
			    addresses[i].out);
	}
	for (i = 0; i < COUNT(with_ports); i++) {
		check_int(with_ports[i].in,
		    ip_port_parse(span_of(with_ports[i].in), &a),
		    with_ports[i].out != NULL ? 0 : -1);
		if (with_ports[i].out != NULL)
			check_str(with_ports[i].in, ip_port_format(&a, text),
			    with_ports[i].out);
	}
	check_int("with NUL", ip_parse(SPAN_LIT("::1\0"), &a), -1);
}

static void
goes_through_sockets_and_frames(void **state)
{
	static const char *const texts[] = { "192.0.2.1:25",
		"[2001:db8::1]:587" };
	struct sockaddr_storage ss;
	struct buf b = { 0 };
	struct reader r;
	struct ip a, back;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(texts); i++) {
		ip_port_parse(span_of(texts[i]), &a);
		ip_to_sockaddr(&a, &ss);
		check_int(texts[i], ip_from_sockaddr((struct sockaddr *)&ss,
		    &back), 0);
		assert_true(ip_eq(&a, &back) && a.port == back.port);
		buf_clear(&b, 100);
		ip_put(&b, &a);
		reader_init(&r, buf_span(&b));
		ip_get(&r, &back);
		assert_true(reader_end(&r) && ip_eq(&a, &back));
	}
	ip_port_parse(SPAN_LIT("[::ffff:192.0.2.7]:25"), &a);
	ip_to_sockaddr(&a, &ss);
	ip_from_sockaddr((struct sockaddr *)&ss, &back);
	check_int("mapped", back.family, IP_V4);
	check_int("mapped", back.b[3], 7);
	reader_init(&r, SPAN_LIT("\5\0\0"));
	ip_get(&r, &back);
	assert_false(reader_ok(&r));
	check_int("family", back.family, IP_NONE);
	buf_free(&b);
}

static const struct {
	const char *net, *address;
	bool has;
} nets[] = {
	{ "10.0.0.0/8", "10.255.0.1", true },
	{ "10.0.0.0/8", "11.0.0.1", false },
	{ "10.1.2.3/8", "10.9.9.9", true },
	{ "192.0.2.128/25", "192.0.2.129", true },
	{ "192.0.2.128/25", "192.0.2.127", false },
	{ "192.0.2.1", "192.0.2.1", true },
	{ "192.0.2.1", "192.0.2.2", false },
	{ "0.0.0.0/0", "203.0.113.9", true },
	{ "0.0.0.0/0", "::1", false },
	{ "::/0", "2001:db8::1", true },
	{ "::/0", "192.0.2.1", false },
	{ "2001:db8::/33", "2001:db8:7fff::1", true },
	{ "2001:db8::/33", "2001:db8:8000::1", false },
	{ "10.0.0.0/8", "::ffff:10.1.1.1", true },
	{ "::ffff:10.0.0.0/104", "10.1.1.1", true },
	{ "::ffff:10.0.0.0/104", "11.1.1.1", false },
};

static void
matches_networks(void **state)
{
	struct cidr_set set = { 0 };
	struct cidr c;
	struct ip a;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(nets); i++) {
		check_int(nets[i].net, cidr_parse(span_of(nets[i].net), &c), 0);
		check_int(nets[i].address,
		    ip_parse(span_of(nets[i].address), &a), 0);
		cidr_set_add(&set, &c);
		if (cidr_set_has(&set, &a) != nets[i].has)
			fail_msg("%s in %s: want %d", nets[i].address,
			    nets[i].net, nets[i].has);
		cidr_set_free(&set);
	}
}

static void
networks_have_texts(void **state)
{
	static const char *const refused[] = { "", "10.0.0.0/33", "10.0.0.0/",
		"::/129", "10.0.0.0/-1", "10/8", "192.0.2.0-192.0.2.255",
		"10.0.0.0/8/8" };
	char text[IP_TEXT_MAX];
	struct cidr c;
	size_t i;

	(void)state;
	cidr_parse(SPAN_LIT("10.1.2.3/8"), &c);
	check_str("net", cidr_format(&c, text), "10.0.0.0/8");
	cidr_parse(SPAN_LIT("::1/128"), &c);
	check_str("host", cidr_format(&c, text), "::1");
	for (i = 0; i < COUNT(refused); i++)
		check_int(refused[i], cidr_parse(span_of(refused[i]), &c), -1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_texts),
		cmocka_unit_test(goes_through_sockets_and_frames),
		cmocka_unit_test(matches_networks),
		cmocka_unit_test(networks_have_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Which keys a configuration names, for whom, and what is said of bad ones. */
#include "lib/settings/key_list.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/settings/key_check.h"
#include "lib/settings/suite.h"
#include "lib/settings/suite_keys.h"
#include "tests/support/check.h"

/* ---- names --------------------------------------------------------------- */

/* "name uses[?]" of all items, then "chain+key" of all pairs. */
static void
describe(const struct key_list *l, struct buf *out)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		buf_addf(out, "%s%s %u%s%s", i > 0 ? ", " : "", l->v[i].name,
		    l->v[i].uses, l->v[i].guess ? "?" : "",
		    l->v[i].known ? "=" : "");
	for (i = 0; i < l->n_pairs; i++)
		buf_addf(out, " %u+%u", l->pairs[i].chain, l->pairs[i].key);
}

static const struct {
	const char *yaml, *listeners, *delivery;
} suites[] = {
	{ "hostname: x\n", "", "" },
	{ "listeners: [{tls_certificate: /c, tls_private_key: /k}]\n",
	  "/c 1, /k 2 0+1", "" },
	{ "listeners: [{tls_certificate: /ck, tls_private_key: /ck,\n"
	  "  tls_required_client_ca: /ca}]\n", "/ck 3, /ca 4 0+0", "" },
	/* A half of its own, checked with the other half of the outer one. */
	{ "listeners: [{tls_certificate: /c, tls_private_key: /k,\n"
	  "  peer: {10.0.0.0/8: {tls_certificate: /d,\n"
	  "    via: {10.0.0.1: {tls_private_key: /l}}}}}]\n",
	  "/c 1, /k 2, /d 1, /l 2 0+1 2+1 2+3", "" },
	{ "paths:\n  '*': {tls_certificate: /c}\n"
	  "  x.test: {tls_certificate: /d, tls_private_key: /l}\n", "",
	  "/c 1, /d 1, /l 2 1+2" },
	{ "listeners:\n  - tls_certificate: {key_data: text}\n"
	  "    tls_private_key: {key_data: text}\n"
	  "paths: {'*': {tls_certificate: {key_data: other}}}\n",
	  "key_data:", "key_data:" },
};

static void
suite_read(struct suite *s, const char *yaml)
{
	struct problems problems = { .file = "f" };

	if (suite_load_text(span_of(yaml), s, &problems) != 0 ||
	    suite_finish(s, &problems) != 0)
		fail_msg("%s: %s", yaml, problems.v[0].text);
	problems_free(&problems);
}

static void
check_names(const char *row, const struct key_list *l, const char *want)
{
	struct buf got = { 0 };

	/* Which number a text has is no matter, that it has one is. */
	if (strncmp(want, "key_data:", 9) == 0) {
		check_int(row, l->n, 1);
		assert_int_equal(strncmp(l->v[0].name, "key_data:", 9), 0);
		assert_true(l->v[0].known);
	} else {
		describe(l, &got);
		check_span(row, buf_span(&got), span_of(want));
	}
	buf_free(&got);
}

static void
test_names(void **state)
{
	struct key_list listeners, delivery;
	struct suite s;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(suites); i++) {
		suite_read(&s, suites[i].yaml);
		listeners = delivery = (struct key_list){ 0 };
		suite_keys(&s, &listeners, &delivery);
		check_names(suites[i].yaml, &listeners, suites[i].listeners);
		check_names(suites[i].yaml, &delivery, suites[i].delivery);
		key_list_free(&listeners);
		key_list_free(&delivery);
		suite_free(&s);
	}
}

/* The text goes into the list, and stays nowhere else. */
static void
test_text_moves(void **state)
{
	static const char yaml[] =
	    "paths: {'*': {tls_private_key: {key_data: swordfish}}}\n";
	struct key_list list = { 0 }, none = { 0 };
	struct buf wire = { 0 };
	struct suite s;

	(void)state;
	suite_read(&s, yaml);
	suite_keys(&s, &none, &list);
	check_span("text", span_make(list.v[0].p, list.v[0].len),
	    SPAN_LIT("swordfish"));
	check_str("where", list.v[0].where,
	    "f:1: option 'tls_private_key' of kumo.make_egress_path");
	suite_put(&wire, &s);
	assert_null(memmem(buf_data(&wire), buf_len(&wire), "swordfish", 9));
	assert_non_null(memmem(buf_data(&wire), buf_len(&wire),
	    list.v[0].name, strlen(list.v[0].name)));
	buf_free(&wire);
	key_list_free(&list);
	suite_free(&s);
}

/* A guess is nobody's if the other one surely has it; a sure name is. */
static void
test_guesses(void **state)
{
	static const char yaml[] =
	    "listeners: [{tls_certificate: /c, tls_private_key: /k}]\n"
	    "paths: {'*': {tls_certificate: /p}}\n";
	struct key_list listeners = { 0 }, delivery = { 0 };
	struct key_list *l, *d;
	struct suite s;

	(void)state;
	suite_read(&s, yaml);
	l = &s.script_keys.listeners;
	d = &s.script_keys.delivery;
	key_list_add(d, SPAN_LIT("/c"), TLS_PEM_CHAIN, true, "");
	key_list_add(d, SPAN_LIT("/k"), TLS_PEM_KEY, true, "");
	key_list_add(d, SPAN_LIT("/m"), TLS_PEM_KEY, true, "");
	key_list_pair(d, 0, 1, "");
	key_list_pair(d, 0, 2, "");
	key_list_add(l, SPAN_LIT("/p"), TLS_PEM_CHAIN, true, "");
	key_list_add(l, SPAN_LIT("/q"), TLS_PEM_CHAIN, true, "");
	suite_keys(&s, &listeners, &delivery);
	check_names("guessed", &delivery, "/p 1, /m 2?");
	check_names("guessed", &listeners, "/c 1, /k 2, /q 1? 0+1");
	key_list_free(&listeners);
	key_list_free(&delivery);
	key_list_add(d, SPAN_LIT("/c"), TLS_PEM_CHAIN, false, "");
	suite_keys(&s, &listeners, &delivery);
	check_names("sure", &delivery, "/p 1, /c 1, /m 2? 1+2");
	key_list_free(&listeners);
	key_list_free(&delivery);
	suite_free(&s);
}

/* ---- what is in them ----------------------------------------------------- */

static struct {
	struct buf a, b; /* certificate and key, each, of two pairs */
	struct span a_cert, a_key, b_cert, b_key;
	struct buf locked, cut;
} pem;

static void
pem_add(struct buf *out, BIO *bio)
{
	char *p;
	long n = BIO_get_mem_data(bio, &p);

	buf_add(out, p, (size_t)n);
	BIO_free(bio);
}

static void
pair_make(struct buf *out, struct span *cert, struct span *key)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	BIO *bio = BIO_new(BIO_s_mem());
	size_t split;

	X509_set_version(x, 2);
	X509_gmtime_adj(X509_getm_notBefore(x), -60);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, pkey);
	assert_true(X509_sign(x, pkey, EVP_sha256()) > 0);
	PEM_write_bio_X509(bio, x);
	pem_add(out, bio);
	split = buf_len(out);
	bio = BIO_new(BIO_s_mem());
	PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL);
	pem_add(out, bio);
	*cert = span_make(buf_data(out), split);
	*key = span_from(buf_span(out), split);
	if (buf_len(&pem.locked) == 0) {
		bio = BIO_new(BIO_s_mem());
		PEM_write_bio_PrivateKey(bio, pkey, EVP_aes_128_cbc(), NULL,
		    0, NULL, (char []){ "secret" });
		pem_add(&pem.locked, bio);
	}
	X509_free(x);
	EVP_PKEY_free(pkey);
}

static int
pem_make(void **state)
{
	(void)state;
	pair_make(&pem.a, &pem.a_cert, &pem.a_key);
	pair_make(&pem.b, &pem.b_cert, &pem.b_key);
	/* A good certificate, then half of another one. */
	buf_add_span(&pem.cut, pem.a_cert);
	buf_add_span(&pem.cut, span_make(pem.b_cert.p, pem.b_cert.len / 2));
	return 0;
}

static int
pem_free(void **state)
{
	(void)state;
	buf_free(&pem.a);
	buf_free(&pem.b);
	buf_free(&pem.locked);
	buf_free(&pem.cut);
	return 0;
}

static void
check_pair(const char *row, struct span chain, struct span key,
    const char *want)
{
	struct problems problems = { 0 };
	struct key_list l = { 0 };
	uint32_t c, k;

	c = key_list_add(&l, SPAN_LIT("/c"), TLS_PEM_CHAIN, false, "f:1: c");
	k = key_list_add(&l, SPAN_LIT("/k"), TLS_PEM_KEY, false, "f:2: k");
	key_list_pair(&l, c, k, "f:2: k");
	key_item_fill(&l.v[c], chain);
	key_item_fill(&l.v[k], key);
	check_int(row, key_list_check(&l, &problems), want == NULL ? 0 : -1);
	check_int(row, problems.n, want == NULL ? 0 : 1);
	if (want != NULL && strstr(problems.v[0].text, want) == NULL)
		fail_msg("%s: got \"%s\", want \"%s\"", row,
		    problems.v[0].text, want);
	problems_free(&problems);
	key_list_free(&l);
}

static void
test_check(void **state)
{
	(void)state;
	check_pair("good", pem.a_cert, pem.a_key, NULL);
	check_pair("both in each", buf_span(&pem.a), buf_span(&pem.a), NULL);
	check_pair("swapped", pem.a_cert, pem.b_key,
	    "f:2: k: '/k' does not serve with the certificate in '/c': the key "
	    "does not belong to the certificate; renew both together");
	check_pair("no certificate", pem.a_key, pem.a_key,
	    "f:1: c: '/c' holds no certificate: ");
	check_pair("cut", buf_span(&pem.cut), pem.a_key,
	    "f:1: c: '/c' holds a damaged certificate: ");
	check_pair("no key", pem.a_cert, pem.a_cert,
	    "f:2: k: '/k' holds no private key: ");
	check_pair("nothing", pem.a_cert, SPAN_LIT(""),
	    "f:2: k: '/k' holds no private key: ");
	check_pair("locked", pem.a_cert, buf_span(&pem.locked),
	    "f:2: k: '/k' holds a key that is locked by a passphrase: ");
	check_pair("damaged", pem.a_cert,
	    span_make(pem.a_key.p, pem.a_key.len / 2),
	    "f:2: k: '/k' holds a damaged private key: ");
}

/* A list from another process may leave the uses out. */
static void
test_no_use(void **state)
{
	struct problems problems = { 0 };
	struct key_list l = { 0 };

	(void)state;
	key_list_add(&l, SPAN_LIT("/c"), TLS_PEM_CHAIN, false, "");
	key_item_fill(&l.v[0], pem.a_cert);
	l.v[0].uses = 0;
	assert_int_equal(key_list_check(&l, &problems), -1);
	assert_non_null(strstr(problems.v[0].text, "'/c' is wanted for "
	    "nothing"));
	problems_free(&problems);
	key_list_free(&l);
}

/* Only what is known is handed on, and nothing of it but its bytes. */
static void
test_handed_on(void **state)
{
	struct key_list l = { 0 }, got;
	struct buf wire = { 0 };
	struct reader r;

	(void)state;
	key_list_add(&l, SPAN_LIT("/absent"), TLS_PEM_KEY, true, "f:1: x");
	key_list_add(&l, SPAN_LIT("/c"), TLS_PEM_CHAIN, false, "f:2: y");
	key_item_fill(&l.v[1], SPAN_LIT("bytes"));
	key_list_pair(&l, 1, 0, "f:3: z");
	key_list_put_known(&wire, &l);
	reader_init(&r, buf_span(&wire));
	key_list_get(&r, &got);
	assert_true(reader_end(&r));
	check_names("got", &got, "/c 0=");
	check_str("where", got.v[0].where, "");
	assert_null(key_list_find(&got, SPAN_LIT("/absent")));
	assert_non_null(key_list_find(&got, SPAN_LIT("/c")));
	key_list_free(&got);
	key_list_free(&l);
	buf_wipe(&wire);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_text_moves),
		cmocka_unit_test(test_guesses),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_no_use),
		cmocka_unit_test(test_handed_on),
	};

	return cmocka_run_group_tests(tests, pem_make, pem_free);
}

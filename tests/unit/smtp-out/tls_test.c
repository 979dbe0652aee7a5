/* SPDX-License-Identifier: Apache-2.0 */
/* The ways of enable_tls, against servers with good, bad and no TLS. */
#include "tests/support/out_rig.h"

static struct {
	EVP_PKEY *ca_key, *key;
	X509 *ca, *good, *bad, *client;
	struct buf client_pem, key_pem;
	char ca_file[64];
} pki;

static X509 *
make_cert(const char *cn, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key,
    bool is_ca)
{
	static long serial;
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);
	X509_EXTENSION *ext;
	char san[128];

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(name, "C", MBSTRING_ASC,
	    (const unsigned char *)"XX", -1, -1, 0);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)cn, -1, -1, 0);
	X509_set_issuer_name(x, issuer != NULL ?
	    X509_get_subject_name(issuer) : name);
	snprintf(san, sizeof(san), "DNS:%s", cn);
	ext = is_ca ? X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints,
	    "critical,CA:TRUE") : X509V3_EXT_conf_nid(NULL, NULL,
	    NID_subject_alt_name, san);
	X509_add_ext(x, ext, -1);
	X509_EXTENSION_free(ext);
	assert_true(X509_sign(x, issuer_key != NULL ? issuer_key : key,
	    EVP_sha256()) > 0);
	return x;
}

static void
pem(BIO *bio, struct buf *out)
{
	char *p;
	long n = BIO_get_mem_data(bio, &p);

	buf_add(out, p, (size_t)n);
	BIO_free(bio);
}

static int
pki_make(void **state)
{
	BIO *bio;
	FILE *f;

	(void)state;
	pki.ca_key = EVP_EC_gen("P-256");
	pki.key = EVP_EC_gen("P-256");
	pki.ca = make_cert("test authority", pki.ca_key, NULL, NULL, true);
	pki.good = make_cert("mx.test", pki.key, pki.ca, pki.ca_key, false);
	pki.bad = make_cert("mx.test", pki.key, NULL, NULL, false);
	pki.client = make_cert("out.test", pki.key, pki.ca, pki.ca_key, false);
	bio = BIO_new(BIO_s_mem());
	PEM_write_bio_X509(bio, pki.client);
	pem(bio, &pki.client_pem);
	bio = BIO_new(BIO_s_mem());
	PEM_write_bio_PrivateKey(bio, pki.key, NULL, NULL, 0, NULL, NULL);
	pem(bio, &pki.key_pem);
	strcpy(pki.ca_file, "/tmp/ekiden-ca-XXXXXX");
	f = fdopen(mkstemp(pki.ca_file), "w");
	PEM_write_X509(f, pki.ca);
	fclose(f);
	setenv("SSL_CERT_FILE", pki.ca_file, 1);
	return 0;
}

static int
pki_free(void **state)
{
	(void)state;
	unlink(pki.ca_file);
	X509_free(pki.ca);
	X509_free(pki.good);
	X509_free(pki.bad);
	X509_free(pki.client);
	EVP_PKEY_free(pki.key);
	EVP_PKEY_free(pki.ca_key);
	buf_free(&pki.client_pem);
	buf_free(&pki.key_pem);
	return 0;
}

static int
any_cert(int ok, X509_STORE_CTX *ctx)
{
	(void)ok;
	(void)ctx;
	return 1;
}

static SSL_CTX *
server_tls(X509 *cert)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	assert_int_equal(SSL_CTX_use_certificate(ctx, cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, pki.key), 1);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, any_cert);
	SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"t", 1);
	return ctx;
}

enum offer { NONE, GOOD, BAD, WRONG_NAME };

struct row {
	const char *name;
	int mode;
	enum offer offer;
	struct line_rule rules[2];
	bool reconnect, tls_broken;
	/* what comes of it */
	bool delivered, secured, tls_broke;
	unsigned conns;
};

static const struct row rows[] = {
	{ "opportunistic, good", TLS_OPPORTUNISTIC, GOOD, { { NULL, NULL, 0 } },
	    false, false, true, true, false, 1 },
	{ "opportunistic, none", TLS_OPPORTUNISTIC, NONE, { { NULL, NULL, 0 } },
	    false, false, true, false, false, 1 },
	{ "opportunistic, bad", TLS_OPPORTUNISTIC, BAD, { { NULL, NULL, 0 } },
	    false, false, false, false, true, 1 },
	{ "opportunistic, other name", TLS_OPPORTUNISTIC, WRONG_NAME,
	    { { NULL, NULL, 0 } }, false, false, false, false, true, 1 },
	{ "opportunistic, bad, again in clear", TLS_OPPORTUNISTIC, BAD,
	    { { NULL, NULL, 0 } }, true, false, true, false, true, 2 },
	{ "opportunistic, remembered", TLS_OPPORTUNISTIC, GOOD,
	    { { NULL, NULL, 0 } }, false, true, true, false, false, 1 },
	{ "opportunistic, refused", TLS_OPPORTUNISTIC, GOOD,
	    { { "STARTTLS", "454 not now", 0 } },
	    false, false, false, false, true, 1 },
	{ "opportunistic, bytes behind STARTTLS", TLS_OPPORTUNISTIC, GOOD,
	    { { "STARTTLS", "220 go on\r\n250 injected", 0 } },
	    false, false, false, false, false, 1 },
	{ "insecure, bad", TLS_OPPORTUNISTIC_INSECURE, BAD,
	    { { NULL, NULL, 0 } }, false, false, true, true, false, 1 },
	{ "insecure, broken, on in clear", TLS_OPPORTUNISTIC_INSECURE, GOOD,
	    { { "STARTTLS", "!alert", 0 } },
	    false, false, true, false, true, 1 },
	{ "insecure, broken, again in clear", TLS_OPPORTUNISTIC_INSECURE, GOOD,
	    { { "STARTTLS", "!alert", 0 } },
	    true, false, true, false, true, 2 },
	{ "insecure, EHLO fails behind it", TLS_OPPORTUNISTIC_INSECURE, GOOD,
	    { { "TLS-EHLO", "502 no", 0 } },
	    false, false, false, false, true, 1 },
	{ "required, good", TLS_REQUIRED, GOOD, { { NULL, NULL, 0 } },
	    false, false, true, true, false, 1 },
	{ "required, none", TLS_REQUIRED, NONE, { { NULL, NULL, 0 } },
	    false, false, false, false, false, 1 },
	{ "required, bad", TLS_REQUIRED, BAD, { { NULL, NULL, 0 } },
	    true, false, false, false, true, 1 },
	{ "required, remembered", TLS_REQUIRED, GOOD, { { NULL, NULL, 0 } },
	    false, true, true, true, false, 1 },
	{ "required insecure, bad", TLS_REQUIRED_INSECURE, BAD,
	    { { NULL, NULL, 0 } }, false, false, true, true, false, 1 },
	{ "required insecure, none", TLS_REQUIRED_INSECURE, NONE,
	    { { NULL, NULL, 0 } }, false, false, false, false, false, 1 },
	{ "disabled", TLS_DISABLED, GOOD, { { NULL, NULL, 0 } },
	    false, false, true, false, false, 1 },
};

static void
begin(struct rig *r, struct server *s, struct rig_terms *t, enum offer offer)
{
	rig_start(r, ROLE_OUT);
	if (offer != NONE)
		s->tls = server_tls(offer == BAD ? pki.bad : pki.good);
	server_start(s, r->loop, "127.0.0.1");
	terms_defaults(t);
	terms_host(t, offer == WRONG_NAME ? "mx2.test" : "mx.test.", s);
	t->path.idle_timeout = 50;
}

static void
send_one(struct rig *r, uint64_t session, struct rig_terms *t)
{
	rig_open(r, session, t);
	rig_message(r, session, (uint8_t)session, "b@b.test", 0,
	    SPAN_LIT("Subject: hi\r\n\r\nhello\r\n"), false);
	assert_true(rig_run(r, until_ended, r->n_ended + 1));
}

static void
check_row(const struct row *row, const struct rig *r, const struct server *s)
{
	const struct record *rec = &r->outcomes[0].records[0];

	check_int(row->name, r->n_outcomes, 1);
	check_int(row->name, r->outcomes[0].o.result, row->delivered ?
	    OUTCOME_FINISHED : OUTCOME_UNREACHED);
	check_int(row->name, rec->tls_version.len > 0, row->secured);
	check_int(row->name, r->ended[0].e.tls_broke, row->tls_broke);
	check_int(row->name, s->n_conns, row->conns);
	check_int(row->name, s->messages, row->delivered);
	if (!row->secured)
		return;
	assert_true(rec->tls_cipher.len > 0);
	check_int(row->name, rec->n_tls_subject, 2);
	check_span(row->name, rec->tls_subject[1], SPAN_LIT("CN=mx.test"));
}

static void
test_modes(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		struct server s = { .rules = rows[i].rules };
		struct rig_terms t;
		struct rig r;

		begin(&r, &s, &t, rows[i].offer);
		t.path.enable_tls = rows[i].mode;
		t.path.opportunistic_tls_reconnect_on_failed_handshake =
		    rows[i].reconnect;
		t.tls_broken = rows[i].tls_broken;
		send_one(&r, 7, &t);
		check_row(&rows[i], &r, &s);
		rig_stop(&r);
		server_stop(&s);
	}
}

static void
test_resumption(void **state)
{
	struct server s = { 0 };
	struct rig_terms t;
	struct rig r;

	(void)state;
	begin(&r, &s, &t, GOOD);
	send_one(&r, 7, &t);
	terms_defaults(&t);
	t.path.idle_timeout = 50;
	terms_host(&t, "mx.test.", &s);
	send_one(&r, 8, &t);
	check_int("first", s.conns[0]->resumed, false);
	check_int("second", s.conns[1]->resumed, true);
	check_span("facts", r.outcomes[1].records[0].tls_subject[1],
	    SPAN_LIT("CN=mx.test"));
	rig_stop(&r);
	server_stop(&s);
}

static void
test_options(void **state)
{
	struct server s = { 0 };
	struct rig_terms t;
	struct rig r;

	(void)state;
	begin(&r, &s, &t, GOOD);
	t.path.openssl_options.v = xcalloc(1, sizeof(char *));
	t.path.openssl_options.v[0] = xstrdup("NO_TLSV1_3");
	t.path.openssl_options.n = 1;
	t.path.openssl_cipher_list = xstrdup("ECDHE-ECDSA-AES128-GCM-SHA256");
	t.path.tls_certificate.data = xmemdupz(buf_data(&pki.client_pem),
	    buf_len(&pki.client_pem));
	t.path.tls_certificate.data_len = buf_len(&pki.client_pem);
	t.path.tls_private_key.data = xmemdupz(buf_data(&pki.key_pem),
	    buf_len(&pki.key_pem));
	t.path.tls_private_key.data_len = buf_len(&pki.key_pem);
	send_one(&r, 7, &t);
	check_span("version", r.outcomes[0].records[0].tls_version,
	    SPAN_LIT("TLSv1.2"));
	check_span("cipher", r.outcomes[0].records[0].tls_cipher,
	    SPAN_LIT("ECDHE-ECDSA-AES128-GCM-SHA256"));
	check_str("client", s.conns[0]->client_cn, "out.test");
	rig_stop(&r);
	server_stop(&s);
}

static void
test_large_under_tls(void **state)
{
	struct server s = { 0 };
	struct buf body = { 0 };
	struct rig_terms t;
	struct rig r;
	int i;

	(void)state;
	for (i = 0; i < 40000; i++)
		buf_add_str(&body, "a line of a body that is large\r\n");
	begin(&r, &s, &t, GOOD);
	rig_open(&r, 7, &t);
	rig_message(&r, 7, 1, "b@b.test", 0, buf_span(&body), true);
	assert_true(rig_run(&r, until_outcomes, 1));
	check_int("result", r.outcomes[0].o.result, OUTCOME_FINISHED);
	check_int("bytes", buf_len(&s.conns[0]->content), buf_len(&body) +
	    strlen("Received: by us\r\n.\r\n"));
	buf_free(&body);
	rig_stop(&r);
	server_stop(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_resumption),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_large_under_tls),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, pki_make, pki_free);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/crypto/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "lib/base/log.h"

enum { BLOCK_MAX = 128 };

static const struct {
	const char *name;
	unsigned block; /* bytes; of HMAC */
} kinds[DIGEST_COUNT] = {
	[DIGEST_SHA1] = { "SHA1", 64 },
	[DIGEST_SHA224] = { "SHA2-224", 64 },
	[DIGEST_SHA256] = { "SHA2-256", 64 },
	[DIGEST_SHA384] = { "SHA2-384", 128 },
	[DIGEST_SHA512] = { "SHA2-512", 128 },
	[DIGEST_SHA512_256] = { "SHA2-512/256", 128 },
	[DIGEST_SHA3_256] = { "SHA3-256", 0 },
	[DIGEST_SHA3_384] = { "SHA3-384", 0 },
	[DIGEST_SHA3_512] = { "SHA3-512", 0 },
};

/* Of the process: what OpenSSL fetched, and the one context. */
static struct {
	EVP_MD *md[DIGEST_COUNT];
	EVP_MD_CTX *ctx;
} fetched;

void
digests_prepare(void)
{
	size_t i;

	if (fetched.ctx != NULL)
		return;
	for (i = 0; i < DIGEST_COUNT; i++) {
		fetched.md[i] = EVP_MD_fetch(NULL, kinds[i].name, NULL);
		if (fetched.md[i] == NULL)
			fatalx("OpenSSL has no %s", kinds[i].name);
	}
	fetched.ctx = EVP_MD_CTX_new();
	if (fetched.ctx == NULL)
		fatalx("OpenSSL has no memory");
}

void
digest_begin(enum digest digest)
{
	digests_prepare();
	if (EVP_DigestInit_ex2(fetched.ctx, fetched.md[digest], NULL) != 1)
		fatalx("OpenSSL cannot begin a %s", kinds[digest].name);
}

void
digest_add(struct span s)
{
	if (s.len > 0 && EVP_DigestUpdate(fetched.ctx, s.p, s.len) != 1)
		fatalx("OpenSSL cannot go on with a digest");
}

unsigned
digest_end(uint8_t out[DIGEST_LEN_MAX])
{
	unsigned len = 0;

	if (EVP_DigestFinal_ex(fetched.ctx, out, &len) != 1)
		fatalx("OpenSSL cannot end a digest");
	return len;
}

unsigned
digest_of(enum digest digest, struct span s, uint8_t out[DIGEST_LEN_MAX])
{
	digest_begin(digest);
	digest_add(s);
	return digest_end(out);
}

static void
add_padded(const uint8_t key[BLOCK_MAX], unsigned block, uint8_t pad)
{
	uint8_t bytes[BLOCK_MAX];
	unsigned i;

	for (i = 0; i < block; i++)
		bytes[i] = key[i] ^ pad;
	digest_add(span_make(bytes, block));
	OPENSSL_cleanse(bytes, sizeof(bytes));
}

unsigned
digest_hmac(enum digest digest, struct span key, struct span s,
    uint8_t out[DIGEST_LEN_MAX])
{
	unsigned block = kinds[digest].block, len;
	uint8_t bytes[BLOCK_MAX] = { 0 };

	if (block == 0)
		fatalx("HMAC is not made with %s", kinds[digest].name);
	if (key.len > block)
		digest_of(digest, key, bytes);
	else if (key.len > 0)
		memcpy(bytes, key.p, key.len);
	digest_begin(digest);
	add_padded(bytes, block, 0x36);
	digest_add(s);
	len = digest_end(out);
	digest_begin(digest);
	add_padded(bytes, block, 0x5c);
	digest_add(span_make(out, len));
	len = digest_end(out);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return len;
}

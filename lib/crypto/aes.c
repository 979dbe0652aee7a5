/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/crypto/aes.h"

#include <limits.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/random.h>

#include "lib/base/log.h"

/* Bytes in one call of OpenSSL, which counts in int. */
enum { STEP = 1 << 30 };

/* Of the process: what OpenSSL fetched, by mode and whether the key is long. */
static struct {
	EVP_CIPHER *cipher[2][2];
	EVP_CIPHER_CTX *ctx;
} fetched;

void
aes_prepare(void)
{
	static const char *const names[2][2] = {
		[AES_MODE_CBC] = { "AES-128-CBC", "AES-256-CBC" },
		[AES_MODE_ECB] = { "AES-128-ECB", "AES-256-ECB" },
	};
	int i;

	if (fetched.ctx != NULL)
		return;
	for (i = 0; i < 4; i++) {
		fetched.cipher[i / 2][i % 2] =
		    EVP_CIPHER_fetch(NULL, names[i / 2][i % 2], NULL);
		if (fetched.cipher[i / 2][i % 2] == NULL)
			fatalx("OpenSSL has no %s", names[i / 2][i % 2]);
	}
	fetched.ctx = EVP_CIPHER_CTX_new();
	if (fetched.ctx == NULL)
		fatalx("OpenSSL has no memory");
}

bool
aes_key_fits(struct span key)
{
	return key.len == 16 || key.len == 32;
}

size_t
aes_encrypted_len(enum aes_mode mode, size_t len)
{
	return (len / AES_BLOCK + 1) * AES_BLOCK +
	    (mode == AES_MODE_CBC ? AES_BLOCK : 0);
}

/* Whole; the length written, or -1 for padding that is none. */
static ssize_t
run(enum aes_mode mode, struct span key, const uint8_t *iv, struct span in,
    uint8_t *out, int encrypt)
{
	const EVP_CIPHER *cipher = fetched.cipher[mode][key.len == 32];
	uint8_t *at = out;
	size_t step;
	int n, ok;

	if (EVP_CipherInit_ex2(fetched.ctx, cipher, (const uint8_t *)key.p, iv,
	    encrypt, NULL) != 1)
		fatalx("OpenSSL cannot begin AES");
	for (; in.len > 0; in = span_from(in, step)) {
		step = in.len < STEP ? in.len : STEP;
		if (EVP_CipherUpdate(fetched.ctx, at, &n,
		    (const uint8_t *)in.p, (int)step) != 1)
			fatalx("OpenSSL cannot go on with AES");
		at += n;
	}
	ok = EVP_CipherFinal_ex(fetched.ctx, at, &n);
	EVP_CIPHER_CTX_reset(fetched.ctx);
	return ok == 1 ? at + n - out : -1;
}

void
aes_encrypt(enum aes_mode mode, struct span key, struct span in, uint8_t *out)
{
	uint8_t *iv = NULL;

	aes_prepare();
	if (mode == AES_MODE_CBC) {
		iv = out;
		if (getrandom(iv, AES_BLOCK, 0) != AES_BLOCK)
			fatal("getrandom");
		out += AES_BLOCK;
	}
	if (run(mode, key, iv, in, out, 1) == -1)
		fatalx("OpenSSL cannot end AES");
}

int
aes_decrypt(enum aes_mode mode, struct span key, struct span in, uint8_t *out,
    size_t *len_out)
{
	const uint8_t *iv = NULL;
	ssize_t n;

	aes_prepare();
	if (mode == AES_MODE_CBC) {
		if (in.len < AES_BLOCK)
			return -1;
		iv = (const uint8_t *)in.p;
		in = span_from(in, AES_BLOCK);
	}
	if (in.len == 0 || in.len % AES_BLOCK != 0)
		return -1;
	n = run(mode, key, iv, in, out, 0);
	if (n == -1)
		return -1;
	*len_out = (size_t)n;
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/template/chars.h"

#include <locale.h>
#include <wctype.h>

#include "lib/base/text.h"

/* Made once, before anything is rendered. */
static locale_t letters;

void
chars_prepare(void)
{
	if (letters == (locale_t)0)
		letters = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

uint32_t
chars_next(struct span s, size_t *at)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char c = (unsigned char)s.p[*at];
	uint32_t v;
	size_t n, i;

	if (c < 0x80) {
		(*at)++;
		return c;
	}
	n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
	v = c & (0x7fu >> n);
	if (c >= 0xc2 && c < 0xf5 && s.len - *at >= n) {
		for (i = 1; i < n; i++) {
			c = (unsigned char)s.p[*at + i];
			if ((c & 0xc0) != 0x80)
				break;
			v = v << 6 | (c & 0x3f);
		}
		if (i == n && v >= least[n] && v < 0x110000 &&
		    (v < 0xd800 || v > 0xdfff)) {
			*at += n;
			return v;
		}
	}
	(*at)++;
	return 0xfffd;
}

size_t
chars_last(struct span s, size_t end)
{
	size_t n, at;

	for (n = 1; n <= 4 && n <= end; n++) {
		at = end - n;
		if (((unsigned char)s.p[at] & 0xc0) == 0x80)
			continue;
		chars_next(span_make(s.p, end), &at);
		return at == end ? n : 1;
	}
	return end > 0 ? 1 : 0;
}

size_t
chars_count(struct span s)
{
	size_t at = 0, n = 0;

	while (at < s.len) {
		chars_next(s, &at);
		n++;
	}
	return n;
}

size_t
chars_skip(struct span s, size_t at, size_t n)
{
	size_t start = at;

	while (n-- > 0 && at < s.len)
		chars_next(s, &at);
	return at - start;
}

void
chars_put(struct buf *b, uint32_t c)
{
	if (c < 0x80) {
		buf_add_byte(b, (uint8_t)c);
		return;
	}
	if (c < 0x800) {
		buf_add_byte(b, (uint8_t)(0xc0 | c >> 6));
	} else if (c < 0x10000) {
		buf_add_byte(b, (uint8_t)(0xe0 | c >> 12));
		buf_add_byte(b, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
	} else {
		buf_add_byte(b, (uint8_t)(0xf0 | c >> 18));
		buf_add_byte(b, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
		buf_add_byte(b, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
	}
	buf_add_byte(b, (uint8_t)(0x80 | (c & 0x3f)));
}

/* White_Space of Unicode. */
bool
chars_is_blank(uint32_t c)
{
	return (c >= 9 && c <= 13) || c == ' ' || c == 0x85 || c == 0xa0 ||
	    c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
	    c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

bool
chars_is_letter(uint32_t c)
{
	if (c < 0x80)
		return ascii_digit((char)c) || (ascii_lower((char)c) >= 'a' &&
		    ascii_lower((char)c) <= 'z');
	return letters == (locale_t)0 || iswalnum_l((wint_t)c, letters) != 0;
}

bool
chars_is_upper(uint32_t c)
{
	if (c < 0x80)
		return c >= 'A' && c <= 'Z';
	return letters != (locale_t)0 && iswupper_l((wint_t)c, letters) != 0;
}

bool
chars_is_lower(uint32_t c)
{
	if (c < 0x80)
		return c >= 'a' && c <= 'z';
	return letters != (locale_t)0 && iswlower_l((wint_t)c, letters) != 0;
}

uint32_t
chars_upper(uint32_t c)
{
	if (c < 0x80)
		return c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c;
	return letters == (locale_t)0 ? c :
	    (uint32_t)towupper_l((wint_t)c, letters);
}

uint32_t
chars_lower(uint32_t c)
{
	if (c < 0x80)
		return (uint32_t)ascii_lower((char)c);
	return letters == (locale_t)0 ? c :
	    (uint32_t)towlower_l((wint_t)c, letters);
}

struct span
chars_trim(struct span s)
{
	size_t at = 0, next = 0, n;

	while (next < s.len && chars_is_blank(chars_next(s, &next)))
		at = next;
	s = span_from(s, at);
	while ((n = chars_last(s, s.len)) > 0) {
		at = s.len - n;
		next = at;
		if (!chars_is_blank(chars_next(s, &next)))
			break;
		s.len = at;
	}
	return s;
}

# SPDX-License-Identifier: Apache-2.0
"""Policies that look into mail and change it; Python's email is the judge."""
import email
import email.policy
import json
import random
from email.headerregistry import Address
from email.message import EmailMessage

import pytest

from test_policy import policy_suite

SCRIPT = """
local function describe(part, type, name)
  return { id = part.id, type = type or
    part.headers:content_type().value, name = name, size = #part.body }
end
local work = {}
function work.same(msg)
  msg:set_data(tostring(msg:parse_mime()))
end
function work.tell(msg)
  local s = msg:parse_mime():get_simple_structure()
  local out = {}
  if s.text_part then out[#out + 1] = describe(s.text_part) end
  if s.html_part then out[#out + 1] = describe(s.html_part) end
  for _, a in ipairs(s.attachments) do
    out[#out + 1] = describe(a.part, a.content_type, a.file_name)
  end
  local list = {}
  for i, d in ipairs(out) do
    -- A blank ends an entry.
    list[i] = ('%s|%s|%s|%d'):format(d.id, d.type,
      (d.name or ''):gsub(' ', '_'), d.size)
  end
  local from = msg:from_header()
  msg:append_header('X-Parts', table.concat(list, ' '), true)
  msg:append_header('X-From', tostring(from), true)
end
function work.rebuild(msg)
  msg:set_data(tostring(msg:parse_mime():rebuild()))
end
function work.append(msg)
  assert(msg:append_text_plain 'zus\\u{e4}tzlich')
  msg:append_text_html '<i>zus\\u{e4}tzlich</i>'
end
function work.fix(msg)
  assert(msg:check_fix_conformance('', 'LINE_TOO_LONG|MISSING_COLON_VALUE|' ..
    'NEEDS_TRANSFER_ENCODING|NON_CANONICAL_LINE_ENDINGS|' ..
    'NAME_ENDS_WITH_SPACE|MISSING_DATE_HEADER|MISSING_MESSAGE_ID_HEADER|' ..
    'MISSING_MIME_VERSION') == nil)
end
kumo.on('smtp_server_message_received', function(msg)
  work[msg:recipient().user](msg)
end)
"""

WORDS = ["plain", "grün", "δοκιμή", "пример", "日本語", "=", "--edge", "x" * 90,
         "tab\there", "dot.", ".", "“quotes”", "   ", "end"]
NAMES = ["a.txt", "größe.pdf", "very " * 20 + "long.bin", 'with "quotes".x',
         "日本語.png", "semi;colon.dat"]


def make_text(rng, charset):
    lines = []
    for _ in range(rng.randint(1, 12)):
        line = " ".join(rng.choices(WORDS, k=rng.randint(0, 8)))
        lines.append(line.encode(charset, "ignore").decode(charset))
    return "\n".join(lines) + "\n"


def make_message(seed):
    rng = random.Random(seed)
    m = EmailMessage(policy=email.policy.SMTP)
    m["Subject"] = " ".join(rng.choices(WORDS[:6], k=rng.randint(1, 12)))
    m["From"] = Address(rng.choice(["Jörg", "Ann Lee", "", "A, B."]),
                        "sender", "from.test")
    m["To"] = "user@to.test"
    charset = rng.choice(["utf-8", "iso-8859-1", "koi8-r", "iso-2022-jp",
                          "us-ascii", "windows-1252"])
    cte = rng.choice(["quoted-printable", "base64", "8bit"])
    if charset in ("us-ascii", "iso-2022-jp") and cte == "8bit":
        cte = "7bit"
    text = make_text(rng, charset)
    try:
        m.set_content(text, charset=charset, cte=cte)
    except ValueError:  # a line is too long for the encoding
        m.set_content(text, charset=charset, cte="base64")
    if rng.random() < .6:
        m.add_alternative("<html><body>" + make_text(rng, "utf-8") +
                          "</body></html>", subtype="html")
        if rng.random() < .4:
            m.get_payload()[-1].add_related(rng.randbytes(300), "image",
                                            "png", cid="<i@from.test>")
    for _ in range(rng.randint(0, 3)):
        kind = rng.randint(0, 2)
        if kind == 0:
            m.add_attachment(rng.randbytes(rng.randint(0, 5000)),
                             "application", "octet-stream",
                             filename=rng.choice(NAMES))
        elif kind == 1:
            m.add_attachment(make_text(rng, "utf-8"), subtype="csv",
                             filename=rng.choice(NAMES))
        else:
            inner = EmailMessage(policy=email.policy.SMTP)
            inner["Subject"] = "inner"
            inner.set_content("inner text")
            m.add_attachment(inner)
    return m.as_bytes()


def parse(data):
    return email.message_from_bytes(data, policy=email.policy.SMTP)


def is_leaf(part):
    return part.get_content_maintype() != "multipart"


def leaves(m):
    """Parts without parts, in order; a message in one is one."""
    if is_leaf(m):
        return [m]
    return [leaf for part in m.iter_parts() for leaf in leaves(part)]


def content(part):
    """What a script sees: text as UTF-8, else bytes."""
    if part.get_content_maintype() == "message":
        return part.get_payload(0).as_bytes()
    raw = part.get_payload(decode=True)
    if part.get_content_maintype() == "text":
        return raw.decode(part.get_content_charset("utf-8")).encode()
    return raw


def same_but_line_ends(a, b):
    def norm(data):
        return data.replace(b"\r\n", b"\n").rstrip(b"\n")
    return norm(a) == norm(b)


@pytest.fixture
def suite(make_suite, sink):
    return policy_suite(make_suite, sink, SCRIPT + """
kumo.on('get_queue_config', function()
  return kumo.make_queue_config { protocol = { smtp = {
    mx_list = { '127.0.0.1' } } } }
end)
""")


def pass_through(suite, sink, user, texts):
    """What the sink gets for each, without what was put in front."""
    for i, text in enumerate(texts):
        suite.send(recipients=f"{user}@to.test",
                   text=b"X-Number: %d\r\n" % i + text)
    suite.wait_records(len(texts), "Delivery")
    got = {}
    for message in sink.messages():
        at = message.index(b"X-Number: ")
        head, rest = message[at:].split(b"\r\n", 1)
        got[int(head.split()[1])] = rest
    return [got[i] for i in range(len(texts))]


def test_untouched(suite, sink):
    texts = [make_message(i) for i in range(20)]
    for text, got in zip(texts, pass_through(suite, sink, "same", texts)):
        assert got == text


def test_structure(suite, sink):
    texts = [make_message(i) for i in range(100, 125)]
    for text, got in zip(texts, pass_through(suite, sink, "tell", texts)):
        m, seen = parse(text), parse(got)
        told = [line.split("|") for line in seen["X-Parts"].split()]
        want = []
        for part in leaves(m):
            name = part.get_filename() or ""
            want.append([part.get_content_type(), name.replace(" ", "_"),
                         str(len(content(part)))])
        told = [t[1:] for t in told]
        if any(w[0] == "message/rfc822" for w in want):
            # Python writes these anew: compare all but their size.
            told = [t if t[0] != "message/rfc822" else t[:2] for t in told]
            want = [w if w[0] != "message/rfc822" else w[:2] for w in want]
        assert sorted(told) == sorted(want)
        [entry] = json.loads(seen["X-From"])
        address = m["From"].addresses[0]
        assert entry["Address"] == {
            "name": address.display_name or None,
            "address": address.addr_spec}


def check_same_parts(before, after):
    assert len(before) == len(after)
    for a, b in zip(before, after):
        assert a.get_content_type() == b.get_content_type()
        assert a.get_filename() == b.get_filename()
        if a.get_content_maintype() == "message":
            continue
        if a.get_content_disposition() == "attachment":
            assert a.get_payload(decode=True) == b.get_payload(decode=True)
        else:
            assert same_but_line_ends(content(a), content(b))


def test_rebuilt(suite, sink):
    texts = [make_message(i) for i in range(200, 220)]
    for text, got in zip(texts, pass_through(suite, sink, "rebuild", texts)):
        before, after = parse(text), parse(got)
        assert got.isascii()
        assert max(map(len, got.partition(b"\r\n\r\n")[2].split(b"\r\n"))) \
            <= 78
        assert not after.defects
        assert str(before["Subject"]) == str(after["Subject"])
        assert before["From"].addresses == after["From"].addresses
        check_same_parts(leaves(before), leaves(after))


def test_appended(suite, sink):
    texts = [make_message(i) for i in range(300, 320)]
    for text, got in zip(texts, pass_through(suite, sink, "append", texts)):
        before, after = leaves(parse(text)), leaves(parse(got))
        assert len(before) == len(after)
        assert same_but_line_ends(content(after[0]), content(before[0]) +
                                  b"\r\n" + "zusätzlich".encode())
        changed = 1
        if len(after) > 1 and after[1].get_content_type() == "text/html":
            want = content(before[1]).replace(
                b"</body>", b"\r\n" + "<i>zusätzlich</i></body>".encode())
            assert same_but_line_ends(content(after[1]), want)
            changed = 2
        for a, b in zip(before[changed:], after[changed:]):
            assert a.as_bytes() == b.as_bytes()


def test_fixed(suite, sink):
    texts = [
        b"Subject : caf\xc3\xa9\r\nFrom: J\xc3\xb6rg <a@b.test>\r\n\r\n"
        b"\xc3\xa9" * 3 + b"y" * 200 + b"\r\n",
        b"Subject\r\nDate: x\r\nMessage-ID: bad\r\n\r\nfine\r\n",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        b"Content-Disposition: attachment; filename=\"\xc3\xa9.ics\"\r\n"
        b"Content-Type: text/calendar\r\n\r\n\xc3\xa9\r\n\r\n--b--\r\n",
    ]
    got = [parse(m) for m in pass_through(suite, sink, "fix", texts)]
    for m in got:
        assert m.as_bytes().isascii() and not m.defects
        assert m["Mime-Version"] == "1.0"
        assert m["Date"] and len(m.get_all("Message-ID")) == 1
        assert m["Message-ID"].endswith("@from.test>")
    assert str(got[0]["Subject"]) == "café"
    assert str(got[0]["From"]) == "Jörg <a@b.test>"
    assert got[1].get_content() == "fine\r\n"
    [part] = leaves(got[2])
    assert part.get_filename() == "é.ics"
    assert part.get_payload(decode=True) == "é\r\n".encode()

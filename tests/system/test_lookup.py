# SPDX-License-Identifier: Apache-2.0
"""What scripts share over all processes, and ask of the outside."""

import os
import signal
import smtplib
from concurrent.futures import ThreadPoolExecutor

from suite import wait_for

from test_script import script  # noqa: F401 (a fixture)

THROTTLED = """
local t = kumo.make_throttle('probe', '3/h')
kumo.on('smtp_server_message_received', function(msg)
  local r = t:throttle()
  if r.throttled then
    kumo.reject(451, string.format('limit=%d left=%d again=%s', r.limit,
      r.remaining, r.retry_after > 1000))
  end
  kumo.reject(550, string.format('left=%d reset=%s', r.remaining,
    r.reset_after > 1000))
end)
"""


def answers(suite, n):
    out = []
    for _ in range(n):
        # A session each: the processes take turns.
        try:
            suite.send()
        except smtplib.SMTPResponseException as error:
            out.append((error.smtp_code, error.smtp_error.decode()))
        except smtplib.SMTPServerDisconnected:
            out.append((421, ""))
    return out


def test_a_throttle_is_one_for_all_processes(script):  # noqa: F811
    suite = script(THROTTLED)
    got = answers(suite, 5)
    assert got == [(550, "left=2 reset=true"), (550, "left=1 reset=true"),
                   (550, "left=0 reset=true")] + [
        (451, "limit=3 left=0 again=true")] * 2


def test_a_killed_lookupd_begins_anew(script):  # noqa: F811
    suite = script(THROTTLED)
    assert answers(suite, 1) == [(550, "left=2 reset=true")]
    os.kill(suite.pids("lookupd")[0], signal.SIGKILL)
    # Until the next one is up the event fails for now: 4xx, never a loss.
    got = []
    wait_for(lambda: got.extend(answers(suite, 1)) or
             got[-1] == (550, "left=2 reset=true"))
    assert all(code // 100 == 4 for code, _ in got[:-1]), got


# ---- memoize -------------------------------------------------------------------

MEMO = """
local count = kumo.counter_series.define { name = 'calls', num_buckets = 1,
  bucket_size = '1 day' }
local slow = kumo.memoize(function(a, b)
  if a == 'bad' then error('cannot') end
  count:increment(1)
  kumo.sleep(0.3)
  return { a = a, b = b, nested = { 1, 'two' } }, 'second'
end, { name = 'slow', ttl = '1 hour', capacity = 100 })
local object = kumo.memoize(function()
  count:increment(100)
  return kumo.make_egress_pool { name = 'p', entries = {} }
end, { name = 'object', ttl = '1 hour', capacity = 10 })
kumo.on('smtp_server_message_received', function(msg)
  local who = msg:recipient().user
  if who == 'count' then
    kumo.reject(550, tostring(count:sum()))
  elseif who == 'object' then
    local one, two = object(), object()
    kumo.reject(550, tostring(one == two and one.name == 'p'))
  end
  local r = slow(who, nil)
  kumo.reject(550, string.format('%s %s %s %s', r[1].a, r[1].b,
    r[1].nested[2], r[2]))
end)
"""


def ask(suite, who):
    try:
        suite.send(recipients=f"{who}@to.test")
    except smtplib.SMTPDataError as error:
        return error.smtp_code, error.smtp_error.decode()
    except smtplib.SMTPServerDisconnected:
        return 421, ""


def test_memoize_computes_once_for_all(script):  # noqa: F811
    suite = script(MEMO)
    with ThreadPoolExecutor(12) as pool:
        got = set(pool.map(lambda _: ask(suite, "x"), range(12)))
    assert got == {(550, "x nil two second")}
    assert ask(suite, "count") == (550, "1")
    assert ask(suite, "y") == (550, "y nil two second")
    assert ask(suite, "count") == (550, "2")
    # An error is nobody's value: each call tries again.
    assert ask(suite, "bad")[0] == 421
    assert ask(suite, "bad")[0] == 421
    # What is no data stays in its process, and is kept there.
    for _ in range(6):
        assert ask(suite, "object") == (550, "true")
    assert int(ask(suite, "count")[1]) in (102, 202)


def test_whoever_dies_computing_holds_up_nobody(script):  # noqa: F811
    suite = script("""
local stuck = kumo.memoize(function(a)
  if kumo.make_throttle('first', '1/d'):throttle().throttled then
    return 'done'
  end
  kumo.log_warn('computing')
  kumo.sleep(3600)
end, { name = 'stuck', ttl = '1 hour', capacity = 100 })
kumo.on('smtp_server_message_received', function(msg)
  kumo.reject(550, stuck('x'))
end)
""")
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(ask, suite, "a")
        wait_for(lambda: any("computing" in line for line in suite.stderr))
        for pid in suite.pids("smtpd"):
            os.kill(pid, signal.SIGKILL)
        first.result(20)
    got = []
    wait_for(lambda: got.append(ask(suite, "b")) or got[-1] == (550, "done"))


# ---- mpsc ----------------------------------------------------------------------

def test_mpsc(script):  # noqa: F811
    suite = script("""
local q = kumo.mpsc.define('q', 3)
kumo.on('smtp_server_message_received', function(msg)
  local who = msg:recipient().user
  local function say(v) kumo.reject(550, tostring(v)) end
  if who == 'send' then q:send { n = 7 } say('sent') end
  if who == 'try' then say(q:try_send 'x') end
  if who == 'late' then
    say(pcall(q.send_timeout, q, 'x', 0.05))
  end
  if who == 'recv' then local v = q:recv() say(v and (v.n or v)) end
  if who == 'tryrecv' then say(q:try_recv()) end
  if who == 'many' then say(#q:recv_many(10)) end
  if who == 'len' then say(q:len()) end
  if who == 'empty' then say(q:is_empty()) end
  if who == 'close' then q:close() say(q:is_closed()) end
end)
""")

    def say(who):
        return ask(suite, who)[1]
    with ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(say, "recv")
        assert say("send") == "sent"
        assert waiting.result(10) == "7"
        assert say("empty") == "true"
        assert say("tryrecv") == "nil"
        assert [say("try") for _ in range(4)] == ["true"] * 3 + ["false"]
        assert say("late") == "false"
        assert say("len") == "3"
        blocked = pool.submit(say, "send")
        assert say("many") == "3"
        assert blocked.result(10) == "sent"
        assert say("close") == "true"
        assert say("recv") == "7"
        assert say("recv") == "nil"
        assert ask(suite, "send")[0] == 421

# SPDX-License-Identifier: Apache-2.0
"""Tasks beside the events, and what they do together."""

from suite import wait_for

from test_lookup import ask
from test_script import HEAD, PATHS, RELAY

SCRIPT = """
local q = kumo.mpsc.define('work')
local done = kumo.counter_series.define { name = 'done', num_buckets = 1,
  bucket_size = '1 day' }
kumo.on('init', function()
  start()
  kumo.spawn_task { event_name = 'my.worker', args = { 'of', { n = 7 } } }
  kumo.spawn_task { event_name = 'my.fault', args = {} }
end)
kumo.on('my.worker', function(args)
  assert(args[1] == 'of' and args[2].n == 7)
  kumo.log_warn 'worker starts'
  while true do
    local job = q:recv()
    if not job then break end
    -- More work than one event may do, in pieces with waits between.
    for i = 1, 2000000 do job.n = job.n + 0 end
    done:increment(job.n)
  end
end)
kumo.on('my.fault', function() error 'of its own making' end)
kumo.on('smtp_server_message_received', function(msg)
  if msg:recipient().user == 'job' then
    for i = 1, 10 do q:send { n = 2 } end
  end
  kumo.reject(550, tostring(done:sum()))
end)
"""


def start(make_suite):
    suite = make_suite(policy="")
    head = HEAD.format(spool=suite.spool, logs=suite.logs, listener=RELAY)
    head = head.replace("kumo.on('init', function()", "function start()", 1)
    head = head.replace("\nend)", "\nend", 1)
    suite.write("init.lua", head + PATHS.format(port=9) + SCRIPT)
    return suite.start()


def said(suite, text):
    return sum(text in line for line in suite.stderr)


def test_a_task_works_beside_the_events(make_suite):
    suite = start(make_suite)
    wait_for(lambda: said(suite, "worker starts") == 1)
    wait_for(lambda: said(suite, "task my.fault ended:") == 1)
    for _ in range(6):
        ask(suite, "job")
    wait_for(lambda: ask(suite, "look") == (550, "120"), timeout=60)
    assert not said(suite, "my.worker ended"), suite.stderr
    # A reload ends the old one and starts the new one.
    suite.reload()
    wait_for(lambda: said(suite, "worker starts") == 2)
    ask(suite, "job")
    wait_for(lambda: ask(suite, "look") == (550, "140"), timeout=60)


THROTTLE = """
local t = kumo.make_throttle('pace', '2/s')
kumo.on('smtp_server_message_received', function(msg)
  local waited = {}
  for i = 1, 4 do waited[i] = tostring(t:sleep_if_throttled()) end
  kumo.reject(550, table.concat(waited, ' ') .. ' ' .. t:explain())
end)
"""


def test_sleep_if_throttled(make_suite):
    suite = make_suite(policy="")
    suite.write("init.lua", HEAD.format(
        spool=suite.spool, logs=suite.logs, listener=RELAY) +
        PATHS.format(port=9) + THROTTLE)
    suite.start()
    assert ask(suite, "x") == (
        550, "false false true false up to 2 at once, and over time 2 every "
        "1.0 seconds (2.0 each second)")

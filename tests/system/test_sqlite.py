# SPDX-License-Identifier: Apache-2.0
"""Databases of scripts: what they give, locks, limits, and who dies."""

import os
import signal
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from suite import wait_for

from test_lookup import ask
from test_script import script  # noqa: F401 (a fixture)

DRIVER = """
local sqlite = require 'sqlite'
local PATH = '{path}'
local db = sqlite.open(PATH, {busy})
local function show(v)
  if type(v) ~= 'table' then return tostring(v) end
  local out = {{}}
  for i = 1, #v do out[i] = show(v[i]) end
  if #v == 0 then
    for k, x in pairs(v) do out[#out + 1] = k .. '=' .. show(x) end
    table.sort(out)
  end
  return '[' .. table.concat(out, ' ') .. ']'
end
local act = {{ {acts} }}
kumo.on('smtp_server_message_received', function(msg)
  local who = msg:recipient().user
  local name, word = who:match('^(%a+)%.?(.*)$')
  local ok, got = pcall(act[name], word)
  kumo.reject(550, (ok and '' or 'ERROR ') .. show(got))
end)
"""

SLOW = ("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) "
        "SELECT count(*) FROM n")

ACTS = """
  make = function() return db:execute
    'CREATE TABLE IF NOT EXISTS t (name, age)' end,
  add = function(w) return db:execute('INSERT INTO t VALUES (?, ?)', w, 7) end,
  named = function(w) return db:execute(
    'INSERT INTO t (age, name) VALUES (:age, :name)',
    { name = w, age = 2.5 }) end,
  hole = function() return db:execute('INSERT INTO t VALUES (?, ?)', nil,
    true) end,
  names = function() return db:execute 'SELECT name FROM t ORDER BY rowid' end,
  rows = function() return db:execute 'SELECT * FROM t ORDER BY rowid' end,
  count = function() return db:execute('SELECT count(*) FROM t')[1] end,
  none = function() return db:execute 'SELECT 1 WHERE 0' end,
  drop = function() return db:execute 'DELETE FROM t' end,
  bytes = function() return #db:execute('SELECT ?', 'a\\0\\255b')[1] end,
  few = function() return db:execute('SELECT ?, ?', 1) end,
  many = function() return db:execute('SELECT 1', 1) end,
  noname = function() return db:execute('SELECT :a', { b = 1 }) end,
  wide = function() return db:execute('SELECT ?', { {} }) end,
  two = function() return db:execute 'SELECT 1; DELETE FROM t' end,
  empty = function() return db:execute ' -- nothing' end,
  wrong = function() return db:execute 'SELEKT 1' end,
  slow = function() return db:execute [[SLOW]] end,
  big = function() return db:execute
    [[WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)
      SELECT x FROM n]] end,
  blob = function() return db:execute 'SELECT zeroblob(17000000)' end,
  memory = function() local m = sqlite.open ':memory:'
    m:execute 'CREATE TABLE x (a)' m:execute('INSERT INTO x VALUES (1)')
    return m:execute('SELECT a FROM x')[1] end,
  closed = function() local m = sqlite.open(PATH) m:execute 'SELECT 1'
    m:close() return m:execute 'SELECT 1' end,
  together = function(w) local m = sqlite.open(PATH, 5000)
    m:execute 'BEGIN IMMEDIATE'
    local n = m:execute('SELECT count(*) FROM t')[1]
    kumo.sleep(0.05)
    m:execute('INSERT INTO t VALUES (?, ?)', w, n)
    m:execute 'COMMIT'
    m:close()
    return n end,
  left = function() local m = sqlite.open(PATH)
    m:execute 'BEGIN IMMEDIATE' m:execute('INSERT INTO t VALUES (1, 2)')
    m = nil for i = 1, 300000 do local _ = { i } end
    return 'left' end,
  held = function() local m = sqlite.open(PATH)
    m:execute 'BEGIN IMMEDIATE'
    kumo.log_warn 'holding'
    kumo.sleep(1)
    local _, why = pcall(m.execute, m, 'INSERT INTO t VALUES (1, 2)')
    while tostring(why):find 'starting' do
      kumo.sleep(0.1)
      _, why = pcall(m.execute, m, 'INSERT INTO t VALUES (1, 2)')
    end
    return why end,
  handles = function()
    local all = {}
    for i = 1, 1001 do all[i] = sqlite.open ':memory:' end
    return 'all' end,
  throttle = function() return
    kumo.make_throttle('t', '100/s'):throttle().throttled end,
""".replace("SLOW", SLOW)


@pytest.fixture
def data(tmp_path_factory):
    """A folder that the account of lookupd may write in."""
    path = tmp_path_factory.mktemp("data")
    for folder in (path, *path.parents):
        if folder == type(folder)("/tmp"):
            break
        os.chmod(folder, 0o755)
    os.chmod(path, 0o777)
    return path


def driver(path, busy=500):
    return DRIVER.format(path=path, busy=busy, acts=ACTS)


def say(suite, who):
    return ask(suite, who)[1]


def test_statements(script, data):  # noqa: F811
    path = data / "x.db"
    suite = script(driver(path))
    assert say(suite, "make") == "0"
    assert say(suite, "none") == "0"
    assert say(suite, "add.john") == "1"
    assert say(suite, "named.fred") == "1"
    assert say(suite, "hole") == "1"
    assert say(suite, "rows") == (
        "[[age=7 name=john] [age=2.5 name=fred] [age=1]]")
    assert say(suite, "names") == "[john fred]"
    assert say(suite, "none") == "0"
    assert say(suite, "bytes") == "4"
    assert sqlite3.connect(path).execute(
        "SELECT name, typeof(age) FROM t").fetchall() == [
        ("john", "integer"), ("fred", "real"), (None, "integer")]
    assert say(suite, "drop") == "3"
    assert say(suite, "make") == "0"
    assert say(suite, "memory") == "1"
    for who, want in {
            "few": "2 parameters, 1 values", "many": "0 parameters, 1 values",
            "noname": "no value for parameter :a",
            "wide": "a table is no value",
            "two": "more than one statement", "empty": "no statement in it",
            "wrong": 'near "SELEKT": syntax error',
            "closed": "the database was closed",
            "big": "larger than 15 MB or 500000 values",
            "blob": "larger than 15 MB"}.items():
        got = say(suite, who)
        assert got.startswith("ERROR ") and want in got, (who, got)
    assert f"sqlite: {path}: " in say(suite, "wrong")
    assert "init.lua:" in say(suite, "wrong")


def test_a_transaction_stays_on_its_connection(script, data):  # noqa: F811
    suite = script(driver(data / "x.db"))
    say(suite, "make")
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda i: say(suite, f"together.a{i}"), range(8)))
    assert sorted(got) == [str(i) for i in range(8)]
    assert say(suite, "count") == "8"
    # One that is left open goes with its handle.
    assert say(suite, "left") == "left"
    wait_for(lambda: say(suite, "add.x") == "1")
    assert say(suite, "count") == "9"


def test_locks_are_waited_for(script, data):  # noqa: F811
    path = data / "x.db"
    suite = script(driver(path, 300))
    say(suite, "make")
    os.chmod(path, 0o666)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    began = time.monotonic()
    assert "database is locked" in say(suite, "add.x")
    assert time.monotonic() - began >= 0.3
    with ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(say, suite, "add.x")
        assert say(suite, "memory") == "1"
        other.execute("COMMIT")
        assert waiting.result(10) in ("1",)


def test_a_slow_statement_is_alone(script, data):  # noqa: F811
    suite = script(driver(data / "x.db"))
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(say, suite, "slow")
        pid = suite.pids("lookupd")[1]
        wait_for(lambda: busy(pid))
        began = time.monotonic()
        for _ in range(5):
            assert say(suite, "throttle") == "false"
        assert time.monotonic() - began < 5
        assert not slow.done()
        assert "interrupted: the statement ran longer than 10 seconds" in \
            slow.result(30)
    assert say(suite, "make") == "0"


def busy(pid):
    with open(f"/proc/{pid}/stat") as f:
        return int(f.read().rsplit(")", 1)[1].split()[11]) >= 20


def test_limits_and_permissions(script, data):  # noqa: F811
    suite = script(driver(data / "x.db"))
    assert "1000 databases are open" in say(suite, "handles")
    if os.geteuid() != 0:
        return
    closed = data / "closed"
    closed.mkdir(mode=0o700)
    suite = script(driver(closed / "x.db"))
    got = say(suite, "make")
    assert f"{closed}/x.db: unable to open database file: Permission denied" \
        in got
    assert "the account" in got and "must be able to read and write" in got
    readable = data / "r.db"
    sqlite3.connect(readable).execute("CREATE TABLE t (name, age)")
    os.chmod(readable, 0o444)
    suite = script(driver(readable))
    assert say(suite, "count") == "0"
    got = say(suite, "add.x")
    assert "readonly database" in got and "the account" in got


def test_the_process_of_files_dies(script, data):  # noqa: F811
    suite = script(driver(data / "x.db"))
    say(suite, "make")
    assert say(suite, "add.x") == "1"
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(say, suite, "held")
        wait_for(lambda: any("holding" in line for line in suite.stderr))
        other, files = suite.pids("lookupd")
        os.kill(files, signal.SIGKILL)
        # Only what it does is away meanwhile.
        assert say(suite, "throttle") == "false"
        assert "its transaction was rolled back" in held.result(20)
    # The same handle goes on with the next process.
    wait_for(lambda: say(suite, "count") == "1")
    assert other in suite.pids("lookupd")
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(ask, suite, "slow")
        files = next(p for p in suite.pids("lookupd") if p != other)
        wait_for(lambda: busy(files))
        os.kill(files, signal.SIGKILL)
        assert "the process that carries this out ended" in slow.result(20)[1]
    wait_for(lambda: say(suite, "count") == "1")

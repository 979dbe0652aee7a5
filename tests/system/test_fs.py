# SPDX-License-Identifier: Apache-2.0
"""Files of scripts: in events, in the loader, and who dies meanwhile."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

from suite import wait_for

from test_lookup import ask
from test_script import script  # noqa: F401 (a fixture)
from test_sqlite import data  # noqa: F401 (a fixture)

DRIVER = """
local D = 'FOLDER'
local fs = kumo.fs
local seen = table.concat(fs.glob('*.conf', D), ' ')
local count = #kumo.read_dir(D)
local size = fs.metadata_for_path(D .. '/one.conf').len
kumo.on('pre_init', function()
  local f = fs.open(D .. '/one.conf')
  f:seek('set', 1)
  local ok, why = pcall(fs.open, D .. '/from-init', 'w')
  kumo.log_warn('init read', f:read(2), f:read(), ok, why)
  f:close()
end)
local kept
local act = {
  seen = function() return seen .. ' ' .. count .. ' ' .. size end,
  glob = function() return table.concat(fs.glob('*.conf', D, 3600), ' ') end,
  now = function() return table.concat(kumo.uncached_glob(D .. '/*.conf'),
    ' ') end,
  parts = function() local f = fs.open(D .. '/p', 'w+b')
    f:write 'hello ' f:write 'there' f:flush()
    local at = f:seek() f:seek 'set'
    local a, b = f:read(2), f:read()
    local e = f:seek('end', -2)
    local t = f:read(10)
    f:close()
    return table.concat({ at, a, b, e, t, #tostring(pcall(f.read, f)) }, '|')
  end,
  append = function(w) local f = fs.open(D .. '/log', 'a')
    f:write(w) f:close() return 'ok' end,
  binary = function() local f = fs.open(D .. '/b', 'w+')
    f:write '\\0\\255' f:seek 'set' return #f:read() end,
  stat = function() local m = fs.metadata_for_path(D .. '/link')
    local l = fs.symlink_metadata_for_path(D .. '/link')
    return table.concat({ tostring(m.is_file), m.size, tostring(l.is_symlink),
      tostring(m.is_symlink), m.mtime.rfc2822, m.path == D .. '/link' and 1,
      m.nlink, m.mode & 511 }, '|') end,
  missing = function() return fs.metadata_for_path(D .. '/none') end,
  closed = function() return fs.open(D .. '/closed/x', 'w') end,
  folder = function() return fs.open(D) end,
  pipe = function() return fs.open(D .. '/pipe') end,
  nobody = function() return fs.read_dir(D .. '/none') end,
  big = function() return fs.open(D .. '/big'):read() end,
  some = function() return #fs.open(D .. '/big'):read(99999999) end,
  keep = function() kept = fs.open(D .. '/one.conf') return kept:read(1) end,
  kept = function() return kept:read() end,
  many = function() local all = {}
    for i = 1, 1001 do all[i] = fs.open(D .. '/one.conf') end end,
  slow = function() return kumo.mpsc.define('never'):recv() end,
  both = function() return #fs.read_dir(D) > 0 and
    kumo.make_throttle('t', '100/s'):throttle().limit end,
}
kumo.on('smtp_server_message_received', function(msg)
  local name, word = msg:recipient().user:match('^(%a+)%.?(.*)$')
  local ok, got = pcall(act[name], word)
  kumo.reject(550, (ok and '' or 'ERROR ') .. tostring(got))
end)
"""


def say(suite, who):
    return ask(suite, who)[1]


def started(script, data):  # noqa: F811
    (data / "one.conf").write_text("12345")
    (data / "two.conf").write_text("x")
    (data / "link").symlink_to("one.conf")
    os.utime(data / "one.conf", (0, 0))
    return script(DRIVER.replace("FOLDER", str(data)))


def test_files(script, data):  # noqa: F811
    suite = started(script, data)
    # What the main chunk saw is what the loader saw, in every process.
    (data / "three.conf").write_text("")
    for _ in range(4):
        assert say(suite, "seen") == "one.conf two.conf 3 5"
    assert say(suite, "glob") == "one.conf three.conf two.conf"
    (data / "four.conf").write_text("")
    assert say(suite, "glob") == "one.conf three.conf two.conf"
    assert say(suite, "now") == " ".join(
        f"{data}/{n}.conf" for n in ("four", "one", "three", "two"))
    assert any("init read 23 45 false" in line and "can only be read while"
               in line for line in suite.stderr)
    assert not (data / "from-init").exists()
    assert say(suite, "parts") == "11|he|llo there|9|re|5"
    assert (data / "p").read_text() == "hello there"
    assert [say(suite, f"append.{w}") for w in "ab"] == ["ok", "ok"]
    assert (data / "log").read_text() == "ab"
    assert say(suite, "binary") == "2"
    mode = (data / "one.conf").stat().st_mode & 0o777
    assert say(suite, "stat") == (
        f"true|5|true|false|Thu, 1 Jan 1970 00:00:00 +0000|1|1|{mode}")


def test_errors_and_limits(script, data):  # noqa: F811
    suite = started(script, data)
    os.mkfifo(data / "pipe")
    with open(data / "big", "wb") as f:
        f.truncate(20 << 20)
    for who, want in {
            "missing": f"{data}/none: No such file or directory",
            "nobody": f"{data}/none: No such file or directory",
            "folder": f"{data}: this is no regular file",
            "pipe": "this is no regular file",
            "big": "more than 15 MB are left"}.items():
        got = say(suite, who)
        assert got.startswith("ERROR ") and want in got, (who, got)
        assert "init.lua:" in got
    assert say(suite, "some") == str(15 << 20)
    if os.geteuid() == 0:
        (data / "closed").mkdir(mode=0o700)
        got = say(suite, "closed")
        assert "Permission denied (for the account" in got
    # The last one: its files stay open until they are collected.
    assert "1000 files are open: close some" in say(suite, "many")


def test_both_processes_die(script, data):  # noqa: F811
    suite = started(script, data)
    # One process each, so that a handle is found again.
    while say(suite, "keep") != "1" or say(suite, "kept").startswith("ERROR"):
        pass
    before = suite.pids("lookupd")
    assert len(before) == 2
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(say, suite, "slow")
        wait_for(lambda: say(suite, "both") == "100")
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        assert "the process that carries this out ended" in waiting.result(20)
    wait_for(lambda: say(suite, "both") == "100")
    after = suite.pids("lookupd")
    assert len(after) == 2 and not set(before) & set(after)
    wait_for(lambda: any("had this file open ended" in say(suite, "kept")
                         for _ in range(4)))

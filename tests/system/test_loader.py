# SPDX-License-Identifier: Apache-2.0
"""`loader --check`: what is wrong is one line with its place; else silence."""
import os
import subprocess

import pytest

from suite import BUILD

LOADER = os.path.join(BUILD, "libexec", "ekiden", "loader")


def check(folder, yaml=None, lua=None, modules=None):
    folder = str(folder)
    os.chmod(folder, 0o755)
    command = [LOADER, "--check", "--config", folder]
    if yaml is not None:
        with open(os.path.join(folder, "ekiden.yaml"), "w") as f:
            f.write(yaml)
    for name, text in (modules or {}).items():
        with open(os.path.join(folder, name), "w") as f:
            f.write(text)
    if lua is not None:
        path = os.path.join(folder, "policy.lua")
        with open(path, "w") as f:
            f.write(lua)
        command += ["--policy", path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr.replace(folder + "/", "").splitlines()


GOOD_LUA = """
local kumo = require 'kumo'
kumo.on('pre_init', function()
  kumo.dns.set_mx_timeout('3s')
  kumo.dns.configure_test_resolver {
    zones = { '$ORIGIN a.test.\\n@ MX 1 mx\\n' }, servfail = { 'b.test' } }
end)
kumo.on('init', function()
  kumo.define_spool { name = 'data', path = '/tmp/spool' }
  kumo.define_spool { name = 'meta', path = '/tmp/spool' }
  kumo.configure_local_logs { log_dir = '/tmp/log' }
  kumo.start_esmtp_listener { listen = '127.0.0.1:0',
    peer = { ['10.0.0.0/8'] = { banner = 'inside' } } }
end)
kumo.on('get_queue_config', function() return kumo.make_queue_config {} end)
"""


def test_nothing_at_all(tmp_path):
    assert check(tmp_path) == (0, [])


def test_good_lua(tmp_path):
    assert check(tmp_path, lua=GOOD_LUA) == (0, [])


def test_good_yaml(tmp_path):
    assert check(tmp_path, yaml="listeners:\n  - listen: 127.0.0.1:0\n") == (0, [])


@pytest.mark.parametrize("yaml, line", [
    ("hostnam: x\n", "ekiden.yaml:1: "),
    ("listeners:\n  - lisen: 127.0.0.1:25\n", "ekiden.yaml:2: "),
    ("spool:\n  path: /s\n  map_size: many\n", "ekiden.yaml:3: "),
    ("a: [\n", "ekiden.yaml:"),
    ("listeners:\n  - listen: 127.0.0.1:25\n    deferred_queue: true\n",
     "ekiden.yaml:3: deferred_queue of"),
    ("domains:\n  a.test:\n    log_oob: LogThenRelay\n",
     "ekiden.yaml:3: log_oob of"),
    ("queues:\n  '*':\n    protocol:\n      xfer: {target: 'http://x'}\n",
     "ekiden.yaml:4: protocol.xfer of"),
    ("spool:\n  path: here\n", "ekiden.yaml: "),
    ("queues:\n  '*':\n    protocol:\n      smtp:\n        mx_list: "
     "['unix:/run/lmtp', 'mx.test']\n",
     "ekiden.yaml:5: option 'mx_list' of"),
    ("queues:\n  '*':\n    protocol:\n      smtp:\n        mx_list: "
     "['unix:run/lmtp']\n", "ekiden.yaml:5: option 'mx_list' of"),
])
def test_bad_yaml(tmp_path, yaml, line):
    status, said = check(tmp_path, yaml=yaml)
    assert status == 1
    assert said and said[0].startswith(line), said


@pytest.mark.parametrize("lua, line", [
    ("local x =\n\nend\n", "policy.lua:3: unexpected symbol near 'end'"),
    ("\nnothing.at_all()\n", "policy.lua:2: attempt to index a nil value (global 'nothing')"),
    ("local kumo = require 'kumo'\nkumo.on('init', function()\n\n"
     "  kumo.start_esmtp_listener { lisen = 'x' }\nend)\n",
     "policy.lua:4: unknown option 'lisen' of kumo.start_esmtp_listener; "
     "did you mean 'listen'?"),
    ("local kumo = require 'kumo'\nkumo.define_spool { name = 'data', path = '/x' }\n",
     "policy.lua:2: kumo.define_spool must be called inside kumo.on('init', function() ... end)"),
    ("local kumo = require 'kumo'\nkumo.on('init', function()\n"
     "  kumo.start_http_listener {}\nend)\n",
     "policy.lua:3: kumo.start_http_listener is not part of this version of Ekiden"),
    ("local kumo = require 'kumo'\nkumo.on('pre_init', function()\n"
     "  kumo.dns.set_mta_sts_enabled(true)\nend)\n",
     "policy.lua:3: kumo.dns.set_mta_sts_enabled: MTA-STS is not part of this "
     "version of Ekiden: it can only be set to false"),
    ("local kumo = require 'kumo'\nkumo.on('pre_init', function()\n"
     "  kumo.dns.configure_resolver { Test = { zones = { 'x' } } }\nend)\n",
     "policy.lua: dns: zone 1, its line 1: a relative name needs a $ORIGIN before it"),
    ("require 'helper'\n", "helper.lua:2: attempt to call a nil value (global 'nope')"),
    ("local kumo = require 'kumo'\nkumo.on('validate_config', function()\n"
     "  kumo.validation_failed()\nend)\n",
     "policy.lua: the policy's validate_config says that validation failed"),
])
def test_bad_lua(tmp_path, lua, line):
    lua = f"package.path = '{tmp_path}/?.lua;' .. package.path; " + lua
    status, said = check(tmp_path, lua=lua, modules={"helper.lua": "\nnope()\n"})
    assert status == 1
    assert said == [line]


def test_notice(tmp_path):
    status, said = check(tmp_path, lua=GOOD_LUA +
                         "kumo.set_max_lua_context_age(300)\n")
    assert status == 0
    assert said == ["policy.lua:16: notice: kumo.set_max_lua_context_age "
                    "changes nothing here: a process has one Lua state"]


def test_missing_policy(tmp_path):
    done = subprocess.run([LOADER, "--check", "--config", str(tmp_path),
                           "--policy", "/nowhere/x.lua"],
                          capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "/nowhere/x.lua: No such file or directory\n"

# SPDX-License-Identifier: Apache-2.0
"""Keys that have to be waited for: of a Vault and of handlers."""

import json

import pytest

from scripts import ask
from test_http import lua_client, web  # noqa: F401 (fixtures)
from web import WebServer

SECRETS = {
    "dkim/a.test": {"key": "the key", "other": "another",
                    "number": 5, "odd": "a\u0000b\u00fc"},
    "with space": {"key": "spaced"},
}


class Vault:
    """The reading half of a HashiCorp Vault with one mount of each version."""

    def __init__(self):
        self.down = 0
        self.server = WebServer({"v1": self.read})
        self.address = f"http://127.0.0.1:{self.server.port}"

    def read(self, handler, request):
        if self.down:
            handler.reply(self.down, b'{"errors":["so"]}')
            return
        if request.field("X-Vault-Token") != ["good"]:
            handler.reply(403, b'{"errors":["permission denied"]}')
            return
        assert request.field("X-Vault-Request") == ["true"]
        path = request.path.replace("%20", " ")
        for prefix, wrap in (("/v1/new/data/", lambda d: {"data": d}),
                             ("/v1/old/", lambda d: d)):
            name = path[len(prefix):]
            if path.startswith(prefix) and name in SECRETS:
                handler.reply(200, json.dumps(
                    {"data": wrap(SECRETS[name])}).encode())
                return
        if path == "/v1/new/data/broken":
            handler.reply(200, b"<html>")
        elif path == "/v1/new/data/large":
            handler.reply(200, b'"' + b"x" * (1024 * 1024) + b'"')
        else:
            handler.reply(404, b'{"errors":[]}')


@pytest.fixture
def vault():
    v = Vault()
    with v.server:
        yield v


LUA = """
local function load(more)
  local source = { vault_mount = 'new', vault_path = 'dkim/a.test' }
  for k, v in pairs(more or {}) do source[k] = v end
  return kumo.secrets.load(source)
end
probes.plain = function() return load() end
probes.other = function() return load { vault_key = 'other' } end
probes.odd = function() return load { vault_key = 'odd' } == 'a\\0b\\195\\188' end
probes.old = function() return load { vault_mount = 'old' } end
probes.space = function() return load { vault_path = 'with space' } end
probes.address = function() return load { vault_address = 'ADDRESS/' } end
probes.hmac = function()
  local source = { vault_mount = 'new', vault_path = 'dkim/a.test' }
  return kumo.digest.hmac_sha256(source, 'x').hex ==
    kumo.digest.hmac_sha256({ key_data = 'the key' }, 'x').hex
end
probes.event = function()
  return kumo.secrets.load { event_name = 'in.turn', event_args = { 'other' } }
end
kumo.on('in.turn', function(key) return 'got ' .. load { vault_key = key } end)
probes.token = function() return load { vault_token = 'bad' } end
probes.gone = function() return load { vault_path = 'gone' } end
probes.field = function() return load { vault_key = 'gone' } end
probes.number = function() return load { vault_key = 'number' } end
probes.broken = function() return load { vault_path = 'broken' } end
probes.large = function() return load { vault_path = 'large' } end
probes.out = function() return load { vault_path = '../../sys/seal' } end
probes.nobody = function()
  return load { vault_address = 'http://127.0.0.1:1' }
end
"""


def test_secrets_of_a_vault(web, vault):  # noqa: F811
    suite = web(LUA.replace("ADDRESS", vault.address),
                env={"VAULT_ADDR": vault.address, "VAULT_TOKEN": "good"})
    for probe, want in (("plain", "the key"), ("other", "another"),
                        ("odd", "true"), ("old", "the key"),
                        ("space", "spaced"), ("address", "the key"),
                        ("hmac", "true"), ("event", "got another")):
        assert ask(suite, probe) == (True, want), probe
    asked = len(vault.server.requests)
    for probe, want in (
            ("token", "vault: new/dkim/a.test: the Vault refuses it: check "
             "the token and its policies"),
            ("gone", "vault: new/gone: there is no such secret"),
            ("field", "the secret has no such field: set vault_key"),
            ("number", "the secret's field is no text"),
            ("broken", "the answer of the Vault is no JSON"),
            ("large", "the answer of the Vault is no JSON of at most 1 MB"),
            ("nobody", "GET http://127.0.0.1:1/v1/new/data/dkim/a.test: ")):
        worked, text = ask(suite, probe)
        assert not worked and want in text, (probe, text)
    assert len(vault.server.requests) == asked + 7
    # The token goes nowhere but to the mount's secrets.
    worked, text = ask(suite, "out")
    assert not worked and "names parted by single slashes" in text
    assert len(vault.server.requests) == asked + 7
    vault.down = 503
    worked, text = ask(suite, "plain")
    assert not worked and "the Vault is sealed or not ready" in text
    vault.down = 500
    assert "the Vault answers 500" in ask(suite, "plain")[1]


def test_without_address_and_token(web):  # noqa: F811
    suite = web(LUA, env={"VAULT_ADDR": "", "VAULT_TOKEN": ""})
    worked, text = ask(suite, "plain")
    assert not worked and "set vault_address, or VAULT_ADDR where" in text
    worked, text = ask(suite, "nobody")
    assert not worked and "set vault_token, or VAULT_TOKEN where" in text

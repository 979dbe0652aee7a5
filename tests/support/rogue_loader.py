#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Stands in the place of the loader and asks master for keys that it must not
get: installed as libexec/ekiden/loader, beside a file `rogue.json`."""

import array
import fcntl
import json
import os
import re
import socket
import struct

here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "rogue.json")) as f:
    plan = json.load(f)
with open(plan["messages"]) as f:
    TYPES = re.findall(r"^MSG\((\w+),", f.read(), re.M)
with open(os.path.join(os.path.dirname(plan["messages"]), "role.h")) as f:
    ROLES = re.findall(r"^\tROLE_(\w+),?", f.read(), re.M)
HEAD = struct.Struct("<IHHIIQ")
MAGIC = 0x454B0001
F_ADD_SEALS, ALL_SEALS = 1033, 15

master = socket.socket(fileno=3)
master.setblocking(True)


def memory(data, sealed=True):
    fd = os.memfd_create("x", os.MFD_ALLOW_SEALING)
    os.write(fd, data)
    if sealed:
        fcntl.fcntl(fd, F_ADD_SEALS, ALL_SEALS)
    return fd


def say(name, body, fd):
    master.sendmsg(
        [HEAD.pack(MAGIC, TYPES.index(name), 1, len(body), 0, 0) + body],
        [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))])


def text(s):
    return struct.pack("<I", len(s)) + s.encode()


def keys(role, data, **options):
    say("PLAN_KEYS", struct.pack("<IQ", ROLES.index(role), len(data)),
        memory(data, **options))


# One file, wanted for whatever it is; no pairs.
LIST = struct.pack("<I", 1) + text(plan["file"]) + text("here") + \
    struct.pack("<BBB", 0, 0, 0) + text("") + struct.pack("<I", 0)

does = plan["does"]
if does == "another role":
    keys("QMGR", LIST)
elif does == "twice":
    keys("SMTPD", LIST)
    keys("SMTPD", LIST)
elif does == "unsealed":
    keys("SMTPD", LIST, sealed=False)
elif does == "malformed":
    keys("SMTPD", LIST[:-1])
elif does == "for no use":
    keys("SMTPD", LIST)
say("PLAN_DONE", struct.pack("<QI", 1, 0), memory(b"x"))

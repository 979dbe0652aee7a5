#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Stands in the place of smtpd and breaks the rules once: installed as
libexec/ekiden/smtpd of a copied tree, beside a file `rogue.json` that says
where messages.def is and what to do. The second one started behaves."""

import array
import json
import os
import re
import signal
import socket
import struct
import sys

here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "rogue.json")) as f:
    plan = json.load(f)
with open(plan["messages"]) as f:
    TYPES = re.findall(r"^MSG\((\w+),", f.read(), re.M)
HEAD = struct.Struct("<IHHIIQ")
MAGIC = 0x454B0001


def say(sock, name, body=b""):
    sock.send(HEAD.pack(MAGIC, TYPES.index(name), 0, len(body), 0, 0) + body)


def frames(sock):
    data, fds = b"", []
    while True:
        more, control, _, _ = sock.recvmsg(65536, socket.CMSG_SPACE(64))
        if not more:
            return
        data += more
        for _, _, raw in control:
            got = array.array("i")
            got.frombytes(raw)
            fds += got
        while len(data) >= HEAD.size:
            _, kind, flags, size, _, _ = HEAD.unpack_from(data)
            if len(data) < HEAD.size + size:
                break
            body = data[HEAD.size:HEAD.size + size]
            data = data[HEAD.size + size:]
            yield TYPES[kind], body, fds.pop(0) if flags & 1 else None


first = not os.path.exists(plan["mark"])
with open(plan["mark"], "a") as f:
    f.write(f"{os.getpid()}\n")
master = socket.socket(fileno=3)
master.setblocking(True)
peers = []
for name, body, fd in frames(master):
    if name == "PEER":
        peers.append(socket.socket(fileno=fd))
    elif name == "STOP":
        sys.exit(0)
    elif name == "START":
        say(master, "READY")
        if not first:
            continue
        if plan["does"] == "lies to spoold":
            say(peers[0], "SETTLE")
        elif plan["does"] == "lies to master":
            say(master, "PLAN_DONE")
        elif plan["does"] == "slanders":
            # It has no channel to policy, and may not have it ended.
            say(master, "PEER_BROKE",
                struct.pack("<II", plan["policy_role"], 0))
        elif plan["does"] == "accuses spoold":
            say(master, "PEER_BROKE",
                struct.pack("<II", plan["spoold_role"], 0))
        while True:
            signal.pause()

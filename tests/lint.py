#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The rules of the tree that a compiler does not know. Each fault is told as
file:line, what is wrong and what to do; status 1 when there is one."""

import os
import re
import sys

SPDX = "SPDX-License-Identifier: Apache-2.0"
COLUMNS = 80
SOURCES = re.compile(r"(\.([ch]|cc|def|py|sh|lua|in|[1-8])|(^|/)Makefile)$")
# A folder of lib/ includes those before it.
ORDER = ["base", "crypto", "regex", "io", "ipc", "mail", "mime", "web", "store",
         "settings", "data", "template", "proc", "dns", "resolve", "policy"]
# Each of these libraries is behind one door.
DOORS = {"lmdb.h": "lib/store", "unbound.h": "lib/dns",
         "yaml.h": "lib/settings", "toml++/toml.h": "lib/data",
         "lua.h": "lib/policy",
         "lauxlib.h": "lib/policy", "lualib.h": "lib/policy"}

root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def sources():
    for folder, below, names in os.walk(root):
        below[:] = [b for b in below if b not in ("build", "seeds") and
                    not b.startswith((".", "__"))]
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), root)
            if SOURCES.search(path):
                yield path


files = sorted(sources())
# A program's room: its folder with main.c, and the folders below that have
# none of their own.
programs = {os.path.dirname(f) for f in files if f.endswith("/main.c")}
faults = []


def fault(file, line, what, remedy):
    faults.append(f"{file}:{line}: {what}; {remedy}")


def room(path):
    """The folder of the program that this file is part of, or None."""
    while path:
        path = os.path.dirname(path)
        if path in programs:
            return path
    return None


def license_first(file, lines):
    at = 1 if lines and lines[0].startswith("#!") else 0
    if len(lines) <= at or SPDX not in lines[at]:
        fault(file, at + 1, "no license", f"begin with '{SPDX}'")


def guard(file, lines):
    if any("no guard on purpose" in line for line in lines):
        return
    name = re.sub(r"[^A-Z0-9]", "_", file.upper())
    found = [(n, line.split()[1]) for n, line in enumerate(lines, 1)
             if line.startswith("#ifndef ")][:1]
    if not found:
        fault(file, 1, "no header guard", f"guard it with {name}")
    elif found[0][1] != name or f"#define {name}" not in lines:
        fault(file, found[0][0], f"guard {found[0][1]}",
              f"call it {name}, after the path")


def include(file, n, name):
    """The rules of what may include what; name is as it was written."""
    own, there = room(file), room(name)
    if file.startswith("tests/") and own is None:
        return  # tests look into everything
    door = DOORS.get(name)
    if door is not None and not file.startswith(door + "/"):
        fault(file, n, f"<{name}> outside of {door}",
              f"ask {door} for what you need of it")
    if there not in (None, own) and not there.startswith("tests/"):
        fault(file, n, f"header of another room, {there}",
              "what two programs share is in lib/")
    mine, other = (re.match(r"lib/(\w+)/", p) for p in (file, name))
    if not mine or not other:
        return
    unknown = {mine[1], other[1]} - set(ORDER)
    if unknown:
        fault(file, n, f"lib/{min(unknown)} has no place among the libraries",
              "give it one in the ORDER of tests/lint.py")
    elif ORDER.index(mine[1]) < ORDER.index(other[1]):
        fault(file, n, f"lib/{mine[1]} stands on lib/{other[1]}",
              "dependence runs the other way: move what both need down")


def c_line(file, n, line):
    if len(line.expandtabs(8)) > COLUMNS:
        fault(file, n, f"{len(line.expandtabs(8))} columns",
              f"break it at {COLUMNS}, tabs being 8")
    if re.match(r"\s*typedef\s+(struct|union)\b", line):
        fault(file, n, "typedef of a struct", "write struct where it is used")
    found = re.match(r'\s*#\s*include\s+["<]([^">]+)[">]', line)
    if found:
        include(file, n, found[1])


for name in files:
    with open(os.path.join(root, name), encoding="utf-8") as f:
        text = f.read().split("\n")
    license_first(name, text)
    if name.endswith(".h"):
        guard(name, text)
    if name.endswith((".c", ".cc", ".h", ".def")):
        for number, content in enumerate(text, 1):
            c_line(name, number, content)

print("\n".join(faults + [f"lint: {len(files)} files, {len(faults)} faults"]))
sys.exit(1 if faults else 0)

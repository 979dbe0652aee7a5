# SPDX-License-Identifier: Apache-2.0
"""What policies may expect of each module is there, and has its words on the
module's page."""

import os
import subprocess

from suite import BUILD

LIST = os.path.join(os.path.dirname(os.path.dirname(__file__)), "lua",
                    "functions.txt")


def test_none_is_missing():
    done = subprocess.run(
        [os.path.join(BUILD, "tools", "mdoc-lua"), "--names"],
        capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    there = {tuple(line.split("\t")[:2]) for line in done.stdout.splitlines()}
    with open(LIST, encoding="utf-8") as f:
        wanted = [tuple(line.split("\t")) for line in f.read().splitlines()]
    assert len(wanted) > 100
    missing = [" ".join(row) for row in wanted if row not in there]
    assert not missing, f"not there: {', '.join(missing)}"

# SPDX-License-Identifier: Apache-2.0
"""The rows of the unit test of templates on which Jinja2 agrees: a second
opinion on what they want. The other rows are of MiniJinja alone."""

import json
import os

import jinja2

ROWS = os.path.join(os.path.dirname(os.path.dirname(__file__)), "unit", "lib",
                    "template")


def shown(v, inside=False):
    """Values in MiniJinja's words."""
    if v is True or v is False:
        return str(v).lower()
    if v is None:
        return "none"
    if isinstance(v, (list, tuple)):
        return "[" + ", ".join(str(shown(x, True)) for x in v) + "]"
    if isinstance(v, dict):
        return "{" + ", ".join(f"{shown(k, True)}: {shown(v[k], True)}"
                               for k in sorted(v)) + "}"
    if inside and isinstance(v, str):
        return json.dumps(v, ensure_ascii=False)
    return v


def test_jinja2_agrees():
    with open(os.path.join(ROWS, "context.json"), encoding="utf-8") as f:
        context = json.load(f)
    with open(os.path.join(ROWS, "jinja.jsonl"), encoding="utf-8") as f:
        rows = [json.loads(line) for line in f]
    same = [r for r in rows if r.get("jinja2")]
    assert len(same) >= 140
    for row in same:
        escape = row.get("name", "").endswith(".html")
        env = jinja2.Environment(
            autoescape=escape, finalize=shown,
            extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"])
        got = env.from_string(row["t"]).render(**row.get("c", context))
        assert got == row["want"], row["t"]

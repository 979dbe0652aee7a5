#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measure Ekiden against Postfix, both in the same run on this machine.

Absolute figures depend on the machine and the hour; the ratios are what
counts. Every suite gets the same generator, the same sink and its own folder
below $TMPDIR, and keeps its default promise to sync before it answers."""
import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import time

from measure import Cpu, Sink, Syncs, load, memory_of
from suites import Ekiden, Postfix

SESSIONS = 50
# Postfix gets fewer where the number is large: its figures do not depend on
# it, and the run must end.
POSTFIX_QUEUED = 20000
POSTFIX_DEAD = 10000


class Run:
    """One invocation: options, results, and the line that tells progress."""

    def __init__(self, args):
        self.args = args
        self.results = {}

    def say(self, text):
        print(f"[{time.strftime('%H:%M:%S')}] {text}", file=sys.stderr,
              flush=True)

    def seconds(self, seconds):
        return max(1, round(seconds * self.args.scale))

    def count(self, count):
        return max(100, round(count * self.args.scale))

    def share(self, suite, count, postfix_count):
        return self.count(postfix_count if suite.name == "postfix" else count)


class Meter:
    """CPU and syncs of a suite from now until done(messages)."""

    def __init__(self, suite):
        self.syncs = Syncs()
        self.cpu = Cpu(suite.root)

    def done(self, messages):
        messages = max(1, messages)
        cpu = self.cpu.taken()
        syncs = self.syncs.taken()
        return {
            "cpu_ms": sum(cpu.values()) * 1000 / messages,
            "cpu_ms_by_program": {k: v * 1000 / messages
                                  for k, v in sorted(cpu.items())},
            "syncs": None if syncs is None else syncs / messages,
        }


def summary(sent):
    out = {"accepted": sent["acknowledged"], "accept_rate": sent["rate"],
           "p50_ms": sent["p50_ms"], "p99_ms": sent["p99_ms"]}
    if sent["errors"]:
        out["errors"] = sent["errors"]
        out["first_error"] = sent["first_error"]
    return out


def relay_once(suite, sink, seconds, **options):
    """In to out: messages per second until the last one has come out."""
    sink.clear()
    warm = load(suite.address, sessions=SESSIONS, messages=200, **options)
    sink.wait_messages(warm["acknowledged"])
    sink.clear()
    meter = Meter(suite)
    begin = time.time()
    sent = load(suite.address, sessions=SESSIONS, duration=seconds, **options)
    came = sink.wait_messages(sent["acknowledged"])
    result = summary(sent)
    result["delivered"] = came
    result["rate"] = came / max(1e-3, sink.counters()["last_at"] - begin)
    result.update(meter.done(came))
    if came < sent["acknowledged"]:
        result["note"] = f"{sent['acknowledged'] - came} not delivered"
    return result


def relay_row(seconds, **options):
    def row(run, suite):
        sink = Sink()
        try:
            suite.start({"*": sink.port})
            return relay_once(suite, sink, run.seconds(seconds), **options)
        finally:
            suite.stop()
            sink.stop()
    return row


def hold_row(run, suite):
    """Accept while nothing can be delivered."""
    try:
        suite.start({"*": None})
        load(suite.address, sessions=SESSIONS, messages=200)
        meter = Meter(suite)
        sent = load(suite.address, sessions=SESSIONS, duration=run.seconds(10))
        result = summary(sent)
        result["rate"] = sent["rate"]
        result.update(meter.done(sent["acknowledged"]))
        return result
    finally:
        suite.stop()


def restart_times(suite, port, count):
    """Start again with a full queue and a destination that answers."""
    out = {}
    sink = Sink(port)
    try:
        begin = time.time()
        out["ready_s"] = suite.start({"*": sink.port}, fresh=False)
        # All queued: those known, and those that have left already.
        known, left = suite.queued(), 0
        deadline = begin + 180
        while time.time() < deadline:
            left = sink.counters()["messages"]
            if known is not None and "all_queued_s" not in out and \
                    known + left >= count:
                out["all_queued_s"] = time.time() - begin
            if left > 0 and (known is None or "all_queued_s" in out):
                break
            time.sleep(0.05)
            known = suite.queued() if known is not None else None
        if left > 0:
            out["first_delivery_s"] = sink.counters()["first_at"] - begin
    finally:
        suite.stop()
        sink.stop()
    return out


def queued_row(run, suite):
    """Many messages at rest: memory, and a start with them."""
    count = run.share(suite, 1000000, POSTFIX_QUEUED)
    sink = Sink()  # only for a port that nobody else takes meanwhile
    port = sink.port
    sink.stop()
    try:
        suite.start({"*": None})
        empty = memory_of(suite.root, suite.spool)
        meter = Meter(suite)
        sent = load(suite.address, sessions=SESSIONS, messages=count,
                    size=1024, domains=min(count, 10000))
        result = summary(sent)
        result["rate"] = sent["rate"]
        result.update(meter.done(sent["acknowledged"]))
        memory = memory_of(suite.root, suite.spool)
        result["queued"] = sent["acknowledged"]
        for name in ("rss", "pss", "pss_without_spool"):
            result[name + "_mb"] = memory[name] / 1e6
        result["empty_mb"] = empty["pss_without_spool"] / 1e6
        result["mb_by_program"] = {k: v / 1e6 for k, v in
                                   memory["by_program"].items()}
        begin = time.time()
        suite.stop()
        result["stop_s"] = time.time() - begin
        suite.release()
        result.update(restart_times(suite, port, sent["acknowledged"]))
        return result
    finally:
        suite.stop()


def dead_row(run, suite):
    """A destination that refuses, full of mail, beside one that works."""
    count = run.share(suite, 100000, POSTFIX_DEAD)
    seconds = run.seconds(8)
    sink = Sink()
    try:
        suite.start({"*": sink.port, "dead.test": None})
        alone = relay_once(suite, sink, seconds)
        load(suite.address, sessions=SESSIONS, messages=count, size=1024,
             recipient="user@dead.test")
        result = relay_once(suite, sink, seconds)
        result["dead"] = count
        result["alone_rate"] = alone["rate"]
        result["of_alone"] = result["rate"] / max(1e-3, alone["rate"])
        return result
    finally:
        suite.stop()
        sink.stop()


# name: (what the reader is told, the measurement)
ROWS = {
    "relay": ("relay 10 KB, 50 sessions", relay_row(10)),
    "hold": ("accept and hold, 10 KB", hold_row),
    "domains": ("relay to 10,000 domains",
                relay_row(10, domains=10000)),
    "large": ("relay 100 KB", relay_row(8, size=102400)),
    "queued": ("1,000,000 queued, 1 KB", queued_row),
    "dead": ("relay beside a dead destination", dead_row),
}


def ceiling(run):
    """Generator straight into sink: what the measurement itself allows."""
    sink = Sink()
    try:
        sent = load(sink.address, sessions=SESSIONS,
                    duration=run.seconds(3))
        seen = sink.counters()
        return {"rate": sent["rate"], "p50_ms": sent["p50_ms"],
                "p99_ms": sent["p99_ms"],
                "cpu_ms": (sent["cpu_seconds"] + seen["cpu_seconds"]) * 1000 /
                max(1, sent["acknowledged"])}
    finally:
        sink.stop()


def stderr_of(suite):
    """The end of what it said; kept in the JSON beside the error."""
    try:
        with open(os.path.join(suite.dir, "stderr"), "rb") as f:
            return f.read()[-2000:].decode("utf-8", "replace")
    except OSError:
        return ""


def measure_row(run, name, suite_names):
    for suite_name in suite_names:
        run.say(f"{name}: {suite_name}")
        suite = make_suite(run.args, suite_name)
        try:
            result = ROWS[name][1](run, suite)
        except (RuntimeError, OSError, ValueError,
                subprocess.SubprocessError) as error:
            # One row that fails leaves the others their results.
            result = {"error": str(error), "stderr": stderr_of(suite)}
        finally:
            if run.args.keep:
                suite.stop()
                run.say(f"kept {suite.dir}")
            else:
                suite.remove()
        run.results.setdefault(name, {})[suite_name] = result
        run.say(f"{name}: {suite_name}: " + (
            result["error"] if "error" in result else
            f"{result['rate']:.0f} msg/s, {result['cpu_ms']:.3f} ms CPU"))


def make_suite(args, name):
    if name == "postfix":
        return Postfix()
    return Ekiden(policy=args.policy, user=args.user)


def present(run):
    """The suites that can run here; the others are named with the reason."""
    names = []
    for name in run.args.suites.split(","):
        suite = make_suite(run.args, name)
        reason = suite.missing()
        suite.remove()
        if reason:
            run.say(f"without {name}: {reason}")
        else:
            names.append(name)
    return names


def number(value, form="{:.0f}"):
    return "-" if value is None else form.format(value)


def ratio(result, other, key, upside):
    """How many times better than the other suite."""
    mine, theirs = result.get(key), (other or {}).get(key)
    if not mine or not theirs:
        return ""
    return f"{mine / theirs if upside else theirs / mine:.1f}x"


def notes(r):
    parts = []
    if "queued" in r:
        parts.append(f"{r['queued']} queued: {r['pss_without_spool_mb']:.0f} "
                     f"MB (PSS without spool), {r['rss_mb']:.0f} MB RSS")
        parts.append("restart: " + ", ".join(
            f"{text} {r[key]:.2f} s" for key, text in
            (("ready_s", "ready"), ("first_delivery_s", "first delivery"),
             ("all_queued_s", "all queued")) if key in r))
    if "of_alone" in r:
        parts.append(f"{r['of_alone'] * 100:.0f}% of the rate without "
                     f"{r['dead']} dead")
    for key in ("note", "first_error", "error"):
        if r.get(key):
            parts.append(r[key])
    return "; ".join(parts)


LINE = "{:<32} {:<8} {:>7} {:>6} {:>8} {:>6} {:>9} {:>8} {:>8}"


def print_table(run, top):
    print(LINE.format("", "", "msg/s", "", "CPU ms", "", "syncs", "p50 ms",
                      "p99 ms"))
    if top:
        print(LINE.format("generator straight into sink", "",
                          number(top["rate"]), "",
                          number(top["cpu_ms"], "{:.3f}"), "", "",
                          number(top["p50_ms"], "{:.1f}"),
                          number(top["p99_ms"], "{:.1f}")))
    for name, suites in run.results.items():
        for suite, r in suites.items():
            other = suites.get("postfix") if suite != "postfix" else None
            print(LINE.format(
                ROWS[name][0], suite, number(r.get("rate")),
                ratio(r, other, "rate", True),
                number(r.get("cpu_ms"), "{:.3f}"),
                ratio(r, other, "cpu_ms", False),
                number(r.get("syncs"), "{:.3f}"),
                number(r.get("p50_ms"), "{:.1f}"),
                number(r.get("p99_ms"), "{:.1f}")))
            if notes(r):
                print(f"    {notes(r)}")
    print("\nCPU ms per message by program")
    for name, suites in run.results.items():
        for suite, r in suites.items():
            by = r.get("cpu_ms_by_program", {})
            print(f"  {name:<8} {suite:<8} " + ", ".join(
                f"{k} {v:.3f}" for k, v in
                sorted(by.items(), key=lambda kv: -kv[1]) if v >= 0.0005))


def read_args():
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter,
        epilog="rows:\n" + "\n".join(f"  {k:<8} {v[0]}"
                                     for k, v in ROWS.items()))
    p.add_argument("--only", metavar="ROW,...", help="these rows alone")
    p.add_argument("--suites", default="postfix,ekiden", metavar="NAME,...",
                   help="postfix, ekiden (default: both)")
    p.add_argument("--scale", type=float, default=1.0, metavar="X",
                   help="multiply all durations and counts")
    p.add_argument("--json", metavar="FILE", help="write all results there")
    p.add_argument("--policy", metavar="FILE",
                   help="run Ekiden with this policy")
    p.add_argument("--user", metavar="NAME", help="run Ekiden as this user")
    p.add_argument("--keep", action="store_true",
                   help="leave the suites' folders for a look")
    args = p.parse_args()
    names = args.only.split(",") if args.only else list(ROWS)
    for name in names:
        if name not in ROWS:
            p.error(f"no row '{name}'; there are {', '.join(ROWS)}")
    for name in args.suites.split(","):
        if name not in ("postfix", "ekiden"):
            p.error(f"no suite '{name}'")
    return args, names


def main():
    args, names = read_args()
    # Ended from outside it still takes its suites along.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    run = Run(args)
    suites = present(run)
    run.say("generator straight into sink")
    top = ceiling(run)
    begin = time.time()
    try:
        for name in names:
            measure_row(run, name, suites)
    except KeyboardInterrupt:
        run.say("interrupted; what was measured so far:")
    print_table(run, top)
    print(f"\n{time.time() - begin:.0f} s, {os.cpu_count()} processors, "
          f"Linux {platform.release()}")
    if args.json:
        with open(args.json, "w") as f:
            json.dump({"processors": os.cpu_count(),
                       "kernel": platform.release(), "scale": args.scale,
                       "ceiling": top, "rows": run.results}, f, indent=1)
    failed = any("error" in r for row in run.results.values()
                 for r in row.values())
    return 1 if failed or not suites else 0


if __name__ == "__main__":
    sys.exit(main())

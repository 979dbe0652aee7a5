# SPDX-License-Identifier: Apache-2.0
"""Log folders as a reader finds them: segments that grow, end and are told
apart; and the tailer that follows them."""

import glob
import json
import os
import re
import signal
import stat
import subprocess
import threading
import time

import pytest

from routes import to
from suite import BUILD, read_lines, read_segment, wait_for

TAILER = os.path.join(BUILD, "bin", "tailer")


def segments(folder):
    return sorted(p for p in glob.glob(os.path.join(folder, "*"))
                  if os.path.isfile(p))


def is_finished(path):
    return stat.S_IMODE(os.stat(path).st_mode) & 0o222 == 0


def logs(suite, *entries, **options):
    """Replaces the logs of a suite that is not started yet."""
    base = {"log_dir": suite.logs, "min_free_space": 0, "min_free_inodes": 0}
    suite.config["logs"] = [{**base, **e} for e in entries] or \
        [{**base, **options}]
    suite.configure(suite.config)
    return suite


def send_many(suite, n, start=0):
    with suite.client() as client:
        for i in range(start, start + n):
            client.sendmail("a@from.test", f"u{i}@to.test",
                            f"Subject: s{i}\r\nX-A: {i}\r\n\r\n")


def refuse(suite):
    """One that is not taken: its record is a Rejection."""
    with suite.client() as client:
        client.ehlo()
        client.mail("a@from.test")
        return client.rcpt("nonsense@@")[0] >= 500


class Tailer:
    """The program, reading all the time what it prints."""

    def __init__(self, folder, *options):
        self.lines = []
        self.process = subprocess.Popen([TAILER, *options, folder], text=True,
                                        stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(json.loads(line))

    def wait(self, n, kind=None):
        return wait_for(lambda: (lambda r: r if len(r) >= n else None)(
            [r for r in self.lines if kind in (None, r["type"])]))

    def end(self, signo=signal.SIGTERM):
        self.process.send_signal(signo)
        self.process.wait(10)
        self.reader.join(10)
        return self.lines


# ---- segments ----------------------------------------------------------------------

def test_by_size_in_order(make_suite, sink):
    suite = logs(make_suite(sink_port=sink.port), max_file_size=5000).start()
    send_many(suite, 50)
    suite.wait_records(50, "Delivery")
    found = segments(suite.logs)
    assert len(found) > 5
    for path in found:
        assert re.fullmatch(r"\d{8}-\d{6}\.\d+", os.path.basename(path))
    assert all(is_finished(p) for p in found[:-1])
    assert not is_finished(found[-1])
    ids = [(r["id"], r["type"]) for r in suite.records()]
    assert len(ids) == len(set(ids)) == 100
    for p in found[:-1]:
        text = sum(len(json.dumps(r, separators=(",", ":"))) + 1
                   for r in read_segment(p))
        assert text < 5000 + 2 * 1200
    for i in {i for i, _ in ids}:
        assert ids.index((i, "Reception")) < ids.index((i, "Delivery"))
    suite.stop()
    assert all(is_finished(p) for p in segments(suite.logs))


def test_by_time_when_idle(make_suite, sink):
    # Beside it a log that is not idle shows how time goes by.
    busy = os.path.join(sink.folder, "busy")
    suite = logs(make_suite(sink_port=sink.port),
                 {"max_segment_duration": "500ms", "per_record": {
                     "Delivery": {}, "Any": {"enable": False}}},
                 {"max_segment_duration": "500ms", "log_dir": busy}).start()
    suite.send()
    suite.wait_records(1, "Delivery")
    [first] = segments(suite.logs)
    wait_for(lambda: is_finished(first), 5)
    ended = len(segments(busy))
    wait_for(lambda: refuse(suite) and len(segments(busy)) > ended + 2)
    # No empty segment was begun.
    assert segments(suite.logs) == [first]
    suite.send()
    suite.wait_records(2, "Delivery")
    assert len(segments(suite.logs)) == 2


def test_a_kill_leaves_no_open_segment(make_suite, sink):
    suite = logs(make_suite(sink_port=sink.port)).start()
    suite.send()
    suite.wait_records(1, "Delivery")
    [first] = segments(suite.logs)
    assert not is_finished(first)
    suite.kill()
    suite.start()
    suite.send()
    # What was not known to be on disk is written again, elsewhere.
    wait_for(lambda: len(suite.records()) == 4)
    records = suite.records()
    assert len({(r["id"], r["type"]) for r in records}) == 4
    assert all(is_finished(p) for p in segments(suite.logs)[:-1])


def test_types_apart(make_suite, make_peer):
    peer = make_peer(lambda line, s: "550 5.1.1 no"
                     if line.startswith("RCPT TO:<u1@") else None)
    suite = make_suite(to(peer.port))
    elsewhere = os.path.join(suite.folder, "bounces")
    logs(suite, per_record={
        "Reception": {"enable": False},
        "Delivery": {"suffix": "_sent"},
        "Bounce": {"log_dir": elsewhere},
        "Any": {"suffix": "_rest"}})
    suite.start()
    send_many(suite, 3)
    refuse(suite)
    wait_for(lambda: segments(elsewhere) and
             suite.records(folder=elsewhere))
    suite.wait_records(2, "Delivery")
    kinds = {os.path.basename(p).partition("_")[2]:
             {r["type"] for r in read_segment(p)}
             for p in segments(suite.logs)}
    assert kinds.pop("sent") == {"Delivery"}
    assert "Reception" not in {k for v in kinds.values() for k in v}
    assert set(kinds) <= {"rest"}
    assert [r["type"] for r in suite.records(folder=elsewhere)] == ["Bounce"]
    assert len(suite.records("Delivery")) == 2


def test_two_logs(make_suite, sink):
    """Each has all, with its own metadata and headers."""
    suite = make_suite(sink_port=sink.port)
    other = os.path.join(suite.folder, "other")
    logs(suite, {"headers": ["subject"]},
         {"log_dir": other, "headers": ["X-*"],
          "per_record": {"Reception": {"enable": False}}})
    suite.start()
    send_many(suite, 5)
    suite.wait_records(5, "Delivery")
    wait_for(lambda: len(suite.records(folder=other)) == 5)
    assert {tuple(r["headers"]) for r in suite.records()} == {("Subject",)}
    assert {tuple(r["headers"]) for r in suite.records(folder=other)} == {
        ("X-KumoRef", "X-A")}


def all_lines(folder):
    return [line.decode() for p in segments(folder) for line in read_lines(p)]


def test_template(make_suite, sink):
    suite = make_suite(sink_port=sink.port)
    sent = os.path.join(suite.folder, "sent")
    rest = os.path.join(suite.folder, "rest")
    logs(suite, headers=["subject", "x-*"], per_record={
        "Delivery": {
            "template": "{{ id }},{{ recipient }},{{ headers['x-a'] }},"
                        "{{ log_record.response.code }}",
            "segment_header": "id,recipient,a,code\n",
            "log_dir": sent},
        "Any": {"template": "{{ type }} of {{ size }}", "log_dir": rest}})
    suite.start()
    send_many(suite, 3)
    wait_for(lambda: len(all_lines(sent)) == 4)
    head, *lines = all_lines(sent)
    assert head == "id,recipient,a,code"
    fields = [line.split(",") for line in sorted(lines)]
    assert [f[1:] for f in fields] == [
        [f"u{i}@to.test", str(i), "250"] for i in range(3)]
    assert all(re.fullmatch("[0-9a-f]{32}", f[0]) for f in fields)
    assert len(all_lines(rest)) == 3
    assert all(re.fullmatch(r"Reception of \d+", line)
               for line in all_lines(rest))
    # A segment that is begun later has the header, too.
    suite.stop()
    suite.start()
    send_many(suite, 1)
    wait_for(lambda: len(all_lines(sent)) == 6)
    assert all_lines(sent)[4] == head


def test_template_of_all_the_record(make_suite, sink):
    """What the template sees is what JSON would have been."""
    suite = make_suite(sink_port=sink.port)
    plain = os.path.join(suite.folder, "plain")
    logs(suite, {"per_record": {"Any": {"template": "{{ log_record|tojson }}"}}},
         {"log_dir": plain})
    suite.start()
    send_many(suite, 3)
    suite.wait_records(3, "Delivery")
    wait_for(lambda: len(suite.records(folder=plain)) == 6)
    assert suite.records() == suite.records(folder=plain)


def test_a_header_for_types_that_share_a_segment(make_suite, sink):
    suite = make_suite(sink_port=sink.port)
    logs(suite, per_record={"Delivery": {"segment_header": "# one\n# two\n",
                                         "template": "{{ type }}"},
                            "Reception": {"template": "{{ type }}"}})
    suite.start()
    send_many(suite, 2)
    wait_for(lambda: len(all_lines(suite.logs)) == 6)
    head, rest = all_lines(suite.logs)[:2], all_lines(suite.logs)[2:]
    assert head == ["# one", "# two"]
    assert sorted(rest) == ["Delivery"] * 2 + ["Reception"] * 2
    done = subprocess.run([TAILER, suite.logs], capture_output=True,
                          text=True)
    assert done.returncode == 0
    assert done.stdout.splitlines() == all_lines(suite.logs)


def test_template_that_fails(make_suite, sink):
    """No record is lost by it; the diagnostics say why, not for each."""
    suite = make_suite(sink_port=sink.port)
    logs(suite, per_record={"Delivery": {
        "template": "{{ recipient }} {{ 7 // (headers|length) }}"}})
    suite.start()
    send_many(suite, 20)
    suite.wait_records(20, "Delivery")
    assert all(r["id"] for r in suite.records("Delivery"))
    said = [line for line in suite.stderr
            if "template 'Delivery' line 1: division by zero" in line]
    assert len(said) == 1 and "warn" in said[0]


def test_template_with_an_error(make_suite, sink):
    suite = logs(make_suite(sink_port=sink.port), per_record={
        "Bounce": {"template": "{{ id }}\n{% for %}"}})
    done = subprocess.run([os.path.join(BUILD, "bin", "ekiden"), "check",
                           "--config", suite.config_dir],
                          capture_output=True, text=True)
    assert done.returncode == 1
    assert re.search(r"ekiden.yaml:\d+: .*per_record.Bounce.template: "
                     r"template 'Bounce' line 2: ", done.stderr)


# ---- the tailer ----------------------------------------------------------------------

def test_follows_what_grows(make_suite, sink):
    suite = logs(make_suite(sink_port=sink.port), max_file_size=5000).start()
    tailer = Tailer(suite.logs, "--tail", "--batch-latency", "50ms")
    for n in range(3):
        send_many(suite, 20, n * 20)
        tailer.wait((n + 1) * 20, "Delivery")
    assert len(segments(suite.logs)) > 3
    lines = tailer.end()
    assert lines == suite.records()[:len(lines)] and len(lines) == 120


def test_goes_on_where_it_was(make_suite, sink):
    suite = logs(make_suite(sink_port=sink.port), max_file_size=5000).start()
    options = ("--tail", "--batch-latency", "20ms", "--checkpoint", "mine")
    send_many(suite, 20)
    suite.wait_records(20, "Delivery")
    first = Tailer(suite.logs, *options)
    first.wait(40)
    where = os.path.join(suite.logs, ".mine")
    last = os.path.basename(segments(suite.logs)[-1])
    wait_for(lambda: os.path.exists(where) and
             last in open(where).read())
    first.end()
    send_many(suite, 20, 20)
    suite.wait_records(40, "Delivery")
    second = Tailer(suite.logs, *options)
    second.wait(40)
    got = first.lines + second.end()
    assert got == suite.records()
    # Another name knows nothing of this one.
    fresh = subprocess.run([TAILER, "--checkpoint", "other", suite.logs],
                           capture_output=True, text=True)
    assert fresh.returncode == 0 and len(fresh.stdout.splitlines()) == 80


def test_a_killed_tailer_leaves_nothing_out(make_suite, sink):
    suite = logs(make_suite(sink_port=sink.port), max_file_size=3000).start()
    seen = set()
    for n in range(4):
        tailer = Tailer(suite.logs, "--tail", "--batch-size", "5",
                        "--batch-latency", "20ms")
        send_many(suite, 10, n * 10)
        want = (n + 1) * 10
        wait_for(lambda: len(seen | {
            (r["id"], r["type"]) for r in tailer.lines}) >= 2 * want)
        seen |= {(r["id"], r["type"]) for r in tailer.end(signal.SIGKILL)}
    assert seen == {(r["id"], r["type"]) for r in suite.records()}


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_over_restarts_of_the_suite(make_suite, sink, how):
    """Nothing is left out; twice only what was written in the last second
    before a crash, and only for who follows."""
    suite = logs(make_suite(sink_port=sink.port)).start()
    tailer = Tailer(suite.logs, "--tail", "--batch-latency", "20ms")
    for n in range(3):
        send_many(suite, 10, n * 10)
        wait_for(lambda: len({r["id"] for r in tailer.lines
                              if r["type"] == "Delivery"}) == (n + 1) * 10)
        getattr(suite, how)()
        suite.start()
    wait_for(lambda: len(suite.records()) == 60)
    got = [(r["id"], r["type"]) for r in tailer.end()]
    assert len(set(got)) == 60
    assert set(got) == {(r["id"], r["type"]) for r in suite.records()}
    if how == "stop":
        assert len(got) == 60


@pytest.mark.parametrize("pattern, kinds", [
    ("*_sent", {"Delivery"}), ("*_in", {"Reception"}),
    ("*", {"Delivery", "Reception"})])
def test_pattern(make_suite, sink, pattern, kinds):
    suite = logs(make_suite(sink_port=sink.port), per_record={
        "Delivery": {"suffix": "_sent"}, "Reception": {"suffix": "_in"}})
    suite.start()
    send_many(suite, 3)
    suite.wait_records(3, "Delivery")
    done = subprocess.run([TAILER, "--pattern", pattern, suite.logs],
                          capture_output=True, text=True)
    assert {json.loads(s)["type"] for s in done.stdout.splitlines()} == kinds


def test_a_folder_that_is_not_there():
    done = subprocess.run([TAILER, "/nowhere/at/all"], capture_output=True,
                          text=True)
    assert done.returncode == 1 and "/nowhere/at/all" in done.stderr

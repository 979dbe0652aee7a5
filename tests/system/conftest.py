# SPDX-License-Identifier: Apache-2.0
import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from peer import Peer  # noqa: E402
from suite import Sink, Suite  # noqa: E402


@pytest.fixture
def sink():
    s = Sink()
    yield s
    s.close()


@pytest.fixture
def make_suite():
    """make_suite(config, policy=..., sink_port=...) gives a suite that is
    not started yet; all are stopped and removed at the end."""
    made = []

    def make(*args, **kwargs):
        suite = Suite(*args, **kwargs)
        made.append(suite)
        return suite

    make.made = made
    yield make
    for suite in made:
        suite.close()


@pytest.fixture
def make_peer():
    """make_peer(answer, address=..., ...) gives a listening destination."""
    made = []

    def make(*args, **kwargs):
        peer = Peer(*args, **kwargs)
        made.append(peer)
        return peer

    yield make
    for peer in made:
        peer.close()


@pytest.fixture
def suite(make_suite, sink):
    """A started suite that delivers everything to the sink."""
    s = make_suite(sink_port=sink.port)
    s.sink = sink
    return s.start()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """What the suites said belongs to a failure's report."""
    outcome = yield
    report = outcome.get_result()
    if report.when != "call" or not report.failed:
        return
    suites = []
    for value in item.funcargs.values():
        made = [value] if isinstance(value, Suite) else \
            getattr(value, "made", [])
        suites += [s for s in made if s not in suites]
    for suite in suites:
        report.sections.append(("suite", "\n".join(suite.stderr[-60:])))

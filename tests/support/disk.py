# SPDX-License-Identifier: Apache-2.0
"""Disks that fail: tests/support/faults.c in one role of a running suite, and
small file systems that fill up."""

import os
import subprocess
import tempfile

import pytest

from suite import BUILD, ROOT, SANITIZED, temporary_folder, wait_for


def faults_library():
    """Built once, also when several test processes come at the same time."""
    if SANITIZED:
        pytest.skip("a sanitizer must be the first library of a process")
    source = os.path.join(ROOT, "tests", "support", "faults.c")
    library = os.path.join(BUILD, "faults.so")
    if (not os.path.exists(library) or
            os.path.getmtime(library) < os.path.getmtime(source)):
        fd, fresh = tempfile.mkstemp(dir=BUILD, suffix=".so")
        os.close(fd)
        subprocess.run(["cc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-O1",
                        "-o", fresh, source], check=True)
        os.chmod(fresh, 0o755)
        os.rename(fresh, library)
    return library


class Faults:
    """Faults of the spool's disk. Start the suite with start(); a plan is in
    force from on(plan) to off(). The plans are in faults.c."""

    def __init__(self, suite):
        self.path = os.path.join(suite.spool, "fault-on")
        self.suite = suite
        self.count = 0

    def start(self):
        rooted = os.geteuid() == 0  # then the spool is spoold's root folder
        return self.suite.start(env={
            "LD_PRELOAD": faults_library(),
            "EKIDEN_FAULT_ROLE": "spoold",
            "EKIDEN_FAULT_WHEN": "/fault-on" if rooted else self.path})

    def on(self, plan):
        self.count += 1
        fresh = self.path + ".new"
        with open(fresh, "w") as f:
            f.write(f"{plan} {self.count}")
        os.chmod(fresh, 0o644)
        os.rename(fresh, self.path)

    def hits(self):
        """How many calls have failed so far."""
        try:
            return os.path.getsize(self.path + ".hits")
        except FileNotFoundError:
            return 0

    def wait_hits(self, more, timeout=20):
        """So many more fail: what failed is tried again and again."""
        until = self.hits() + more
        wait_for(lambda: self.hits() >= until, timeout)

    def is_on(self):
        return os.path.exists(self.path)

    def off(self):
        try:
            os.unlink(self.path)
        except FileNotFoundError:
            pass


class SmallDisk:
    """A tmpfs of so many MiB; only root can make one."""

    def __init__(self, mib):
        self.path = temporary_folder()
        self.mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=0755", "ekiden-test",
             self.path], capture_output=True).returncode == 0

    def fill(self, leave_kib=0):
        """With a file, up to what is left."""
        v = os.statvfs(self.path)
        size = v.f_bavail * v.f_frsize - leave_kib * 1024
        # Unbuffered: what does not fit is not tried again at the close.
        with open(os.path.join(self.path, "filler"), "ab", buffering=0) as f:
            while size > 0:
                try:
                    size -= f.write(b"\0" * min(size, 1 << 20))
                except OSError:
                    break

    def free(self):
        v = os.statvfs(self.path)
        return v.f_bavail * v.f_frsize

    def empty(self):
        os.unlink(os.path.join(self.path, "filler"))

    def close(self):
        if self.mounted:
            subprocess.run(["umount", "-l", self.path], capture_output=True)
        os.rmdir(self.path)

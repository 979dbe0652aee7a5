# SPDX-License-Identifier: Apache-2.0
"""Pieces of configuration for destinations on this machine."""


def path(port=None, **options):
    """Options of a path that may lead to loopback, without TLS."""
    options = {"prohibited_hosts": [], "enable_tls": "Disabled", **options}
    if port is not None:
        options["smtp_port"] = port
    return options


def to(port, queue=None, **options):
    """All mail to one port of 127.0.0.1."""
    return {"paths": {"*": path(**options)},
            "queues": {"*": {"protocol": {"smtp": {
                "mx_list": [f"127.0.0.1:{port}"]}}, **(queue or {})}}}


def zone(name, *records):
    return f"$ORIGIN {name}.\n" + "".join(r + "\n" for r in records)


def dns(*zones, **more):
    return {"Test": {"zones": list(zones), **more}}


def listener(**options):
    return {"listen": "127.0.0.1:0", "relay_hosts": ["127.0.0.1"],
            "hostname": "ekiden.test", **options}

# SPDX-License-Identifier: Apache-2.0
"""Certificates and keys for tests, made by openssl(1)."""

import os
import subprocess


def openssl(*arguments):
    return subprocess.run(["openssl", *arguments], check=True,
                          capture_output=True).stdout


def make_pair(certificate, key, name, bits=None, password=None, mode=0o644):
    """A self-signed certificate for that name and its key, in two files;
    both come into being at once, as a renewal should."""
    kind = ["-newkey", f"rsa:{bits}"] if bits else [
        "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    lock = ["-passout", f"pass:{password}"] if password else ["-nodes"]
    openssl("req", "-x509", *kind, *lock, "-keyout", key + "~", "-out",
            certificate + "~", "-days", "10", "-subj", f"/CN={name}",
            "-addext", f"subjectAltName=DNS:{name}")
    for path in (certificate, key):
        os.chmod(path + "~", mode)
        os.rename(path + "~", path)


def fingerprint(certificate):
    return openssl("x509", "-in", certificate, "-outform", "DER")


def private_number(key):
    """The secret itself, as bytes, of a key on a curve."""
    text = openssl("pkey", "-in", key, "-text", "-noout").decode()
    number = text.split("priv:")[1].split("pub:")[0]
    return bytes.fromhex(number.replace(":", "").replace("\n", "")
                         .replace(" ", ""))[-32:]

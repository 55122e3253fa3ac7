#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Gives every bad input of cases.py to tsc and checks exit code, error text, time, and that no output file is left.

usage: run.py --tsc PATH [--seconds LIMIT] [NAME...]
"""
import argparse
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile
import time

from cases import CASES


def check(tsc, limit, case):
    """None, or what went wrong."""
    name, content, code, pattern = case
    flags, data = content if isinstance(content, tuple) else ([], content)
    with tempfile.TemporaryDirectory() as folder:
        model, out = folder + "/model.pt", folder + "/libmodel.so"
        with open(model, "wb") as f:
            f.write(data)
        start = time.time()
        try:
            p = subprocess.run([tsc, model, "-o", out] + flags, capture_output=True, text=True, errors="replace",
                               timeout=limit * 10, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            return "no end"
        seconds = time.time() - start
        if p.returncode != code:
            return f"exit {p.returncode}, wanted {code}: {p.stderr.strip()[:300]}"
        if not re.search(pattern, p.stderr):
            return f"error does not match /{pattern}/: {p.stderr.strip()[:300]}"
        if code and "error: " not in p.stderr:
            return f"no 'error: ' in: {p.stderr.strip()[:300]}"
        if code and os.path.exists(out):
            return "an output file is left"
        if seconds > limit:
            return f"took {seconds:.1f} s"
    return None


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--tsc", required=True)
    a.add_argument("--seconds", type=float, default=4)
    a.add_argument("names", nargs="*")
    a = a.parse_args()
    cases = [c for c in CASES if not a.names or c[0] in a.names]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda case: check(a.tsc, a.seconds, case), cases))
    bad = [(case[0], text) for case, text in zip(cases, results) if text]
    for name, text in bad:
        print(f"FAIL {name}: {text}")
    print(f"{len(cases) - len(bad)} passed, {len(bad)} failed")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())

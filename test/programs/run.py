#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every program of this folder and compares with PyTorch's stored results, in each way of compiling.

usage: run.py --tsc PATH
"""
import argparse
import glob
import os
import subprocess
import sys

WAYS = [[], ["--no-codegen"], ["--no-freeze"], ["--no-fuse"], ["--threads", "2"], ["-O0"]]


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--tsc", required=True)
    a = a.parse_args()
    here = os.path.dirname(os.path.abspath(__file__)) + "/"
    bad = total = 0
    for arguments in sorted(glob.glob(here + "*.args.pt")):
        base = arguments[: -len(".args.pt")]
        for way in WAYS:
            command = [a.tsc, "run", base + ".pt", "--args", arguments] + way
            for flag, kind in (("--expect", "expect"), ("--expect-args", "after"), ("--again", "again")):
                if os.path.exists(f"{base}.{kind}.pt"):
                    command += [flag, f"{base}.{kind}.pt"]
            wanted = 0 if "--expect" in command else 4
            p = subprocess.run(command, capture_output=True, text=True)
            total += 1
            if p.returncode != wanted:
                bad += 1
                print(f"FAIL {' '.join(command)}\n  exit {p.returncode}, wanted {wanted}: {p.stderr.strip()[-500:]}")
    print(f"{total - bad} passed, {bad} failed")
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())

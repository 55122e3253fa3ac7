#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the speech example on a recording and compares the model's probabilities with PyTorch's, stored beside this file
(512 samples a chunk at 16 kHz, the state kept). Exit 77, which counts as skipped, when the model cannot be fetched.

usage: check_speech.py BUILD_DIR
"""
import os
import subprocess
import sys

here = os.path.dirname(os.path.abspath(__file__))
build = os.path.abspath(sys.argv[1])
script = os.path.join(here, "..", "..", "examples", "speech-detection", "run")
wav = os.path.join(here, "speech.wav")
run = subprocess.run([script, wav], env={**os.environ, "BUILD_DIR": build}, text=True, capture_output=True)
print(run.stdout[-2000:], run.stderr[-4000:])
if run.returncode:
    fetched = os.path.exists(build + "/examples/speech-detection/silero_vad.pt")
    sys.exit(1 if fetched else 77)
if "speech " not in run.stdout:
    sys.exit("no speech was found")
program = build + "/examples/speech-detection/speech-detection"
got = subprocess.run([program, "--probabilities", wav], text=True, capture_output=True, check=True).stdout.split()
with open(here + "/speech-probabilities.txt", encoding="ascii") as f:
    wanted = [line for line in f.read().split("\n") if line and not line.startswith("#")]
# The program pads the last, partial chunk; PyTorch's were whole ones.
worst = max(abs(float(a) - float(b)) for a, b in zip(got, wanted))
print(f"{len(got)} chunks, {len(wanted)} wanted, largest difference {worst:g}")
sys.exit(len(got) not in (len(wanted), len(wanted) + 1) or worst > 1e-3)

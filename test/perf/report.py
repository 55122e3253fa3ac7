#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures compiled models and writes docs/performance.md. Needs only Python's standard library; PyTorch, for inputs and
counts of operations, is that of the Python it is given.

usage: report.py --models DIR --python PEERS/bin/python [--tsc PATH] [--compare FILE.json ...] [--cases DIR] [--out FILE]

DIR is what make_models.py writes, FILE.json what compare.py --json writes (a later file replaces rows of an earlier one),
--cases the unpacked conformance cases. What is not given or does not run stands in the page as not measured. All other
figures are measured here, pinned to one core; limits are the best that `tsc bench --profile` finds in the whole run.
"""
import argparse
import datetime
import glob
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import time

import page

PRODUCTS = (256, 512, 1024, 2048)
PROFILED = ("resnet50", "vit_b_16", "bert_base")
BATCHES = ("resnet18.b8", "resnet50.b8", "mobilenet_v3_large.b8", "bert_base.s512")
CASES = "ops-float32"

# TorchScript reads the source of what it compiles, so these are files, not -c arguments.
MAKE_PRODUCTS = """
import sys, torch
class Product(torch.nn.Module):
    def forward(self, a, b):
        return torch.mm(a, b)
torch.jit.script(Product()).save(sys.argv[1] + "/product.pt")
for n in map(int, sys.argv[2:]):
    torch.save((torch.randn(n, n), torch.randn(n, n)), f"{sys.argv[1]}/product.{n}.args.pt")
"""

# Operations are counted where attention is still in its parts: PyTorch takes its fused form only without gradients.
COUNT_OPERATIONS = """
import sys, json, torch
from torch.utils.flop_counter import FlopCounterMode
counts = {}
for name in sys.argv[2:]:
    model = torch.jit.load(f"{sys.argv[1]}/{name}.pt").eval()
    arguments = torch.load(f"{sys.argv[1]}/{name}.args.pt")
    with FlopCounterMode(display=False) as counter:
        model(*arguments)
    counts[name] = counter.get_total_flops()
print(json.dumps(counts))
"""


class Measurer:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.operations = self.bytes = 0.0  # the machine's limits, a second, of one core

    def compile(self, model, arguments, library):
        """The seconds and the bytes of memory that it took; None after a failure."""
        command = [self.options.tsc, model, "--args", arguments, "-O2", "-o", library]
        start = time.monotonic()
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        errors = child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            print(f"{os.path.basename(model)}: {errors.strip()[:300]}", file=sys.stderr)
            return None
        return time.monotonic() - start, usage.ru_maxrss * 1024

    def bench(self, library, arguments):
        """The line of the timed calls, and the rows of the profile, of the fastest of some rounds: other work on the machine
        slows a round, and what waits for memory most."""
        first = sorted(os.sched_getaffinity(0))[:1]
        command = [self.options.tsc, "bench", library, "--args", arguments, "--threads", "1", "--seconds",
                   str(self.options.seconds), "--profile", "--json"]
        best = None
        for _ in range(self.options.rounds):
            child = subprocess.run(command, capture_output=True, text=True, preexec_fn=lambda: os.sched_setaffinity(0, first))
            if child.returncode != 0:
                print(f"{os.path.basename(library)}: {child.stderr.strip()[:300]}", file=sys.stderr)
                return None
            rows = [json.loads(line) for line in child.stdout.splitlines()]
            timed, limits, kernels = rows[0], rows[1], rows[2:]
            self.operations = max(self.operations, limits["operations_per_second"])
            self.bytes = max(self.bytes, limits["bytes_per_second"])
            if best is None or timed["min_ms"] < best["ms"]:
                best = {"ms": timed["min_ms"], "profiled_ms": limits["call_ms"], "kernels": kernels}
        return best

    def python(self, script, *arguments):
        file = self.folder + "/script.py"
        with open(file, "w") as out:
            out.write(script)
        command = [self.options.python, "-W", "ignore", file, *map(str, arguments)]
        child = subprocess.run(command, capture_output=True, text=True)
        if child.returncode != 0:
            print(f"{self.options.python}: {child.stderr.strip()[-300:]}", file=sys.stderr)
        return child.stdout if child.returncode == 0 else None

    def products(self):
        """Milliseconds by size."""
        if self.python(MAKE_PRODUCTS, self.folder, *PRODUCTS) is None:
            return {}
        times = {}
        for size in PRODUCTS:
            arguments, library = f"{self.folder}/product.{size}.args.pt", f"{self.folder}/libproduct.so"
            if self.compile(f"{self.folder}/product.pt", arguments, library):
                measured = self.bench(library, arguments)
                if measured:
                    times[size] = measured["ms"]
        return times

    def model(self, name):
        """What bench measures, and how the model was compiled."""
        library = f"{self.folder}/lib{name}.so"
        arguments = f"{self.options.models}/{name}.args.pt"
        cost = self.compile(f"{self.options.models}/{name}.pt", arguments, library)
        measured = self.bench(library, arguments) if cost else None
        if not measured:
            return None
        inspected = subprocess.run([self.options.tsc, "inspect", library, "--json"], capture_output=True, text=True, check=True)
        measured["compile_s"], measured["compile_bytes"] = cost
        measured["file_bytes"] = os.path.getsize(library)
        measured["constant_bytes"] = json.loads(inspected.stdout)["constant_bytes"]
        measured["stored_bytes"] = section_bytes(library, ".data")
        os.remove(library)
        return measured

    def operations_of(self, names):
        printed = self.python(COUNT_OPERATIONS, self.options.models, *names)
        return json.loads(printed) if printed else {}

    def compiled_cases(self):
        """(passing cases that ran a compiled kernel, passing cases); None without cases."""
        folders = sorted(glob.glob(f"{self.options.cases}/{CASES}/*/case.json")) if self.options.cases else []
        compiled = passed = 0
        for case in folders:
            folder = os.path.dirname(case)
            if not os.path.exists(folder + "/expect.pt"):
                continue
            with open(case) as file:
                method = json.load(file)["method"]
            command = [self.options.tsc, "run", folder + "/model.pt", "--args", folder + "/args.pt", "--expect", folder + "/expect.pt",
                       "--method", method, "-v"]
            child = subprocess.run(command, capture_output=True, text=True, errors="replace")
            if child.returncode == 0:
                passed += 1
                found = re.search(r"^ran: (\d+) compiled kernels", child.stderr, re.M)
                compiled += bool(found and int(found.group(1)))
        return (compiled, passed) if passed else None


def section_bytes(library, wanted):
    """The size of a section of a 64-bit ELF file."""
    with open(library, "rb") as file:
        header = file.read(64)
        (at,), (size, count, names) = struct.unpack_from("<Q", header, 40), struct.unpack_from("<3H", header, 58)
        file.seek(at)
        sections = [struct.unpack_from("<2I4Q", file.read(size)) for _ in range(count)]
        file.seek(sections[names][4])
        texts = file.read(sections[names][5])
    return sum(section[5] for section in sections if texts[section[0] :].split(b"\0")[0].decode() == wanted)


def read_comparison(files):
    rows = {}
    for file in files:
        with open(file) as opened:
            for row in json.load(opened):
                rows[row["name"], row["threads"]] = row
    return rows


def output_of(command):
    child = subprocess.run(command, capture_output=True, text=True)
    return child.stdout.strip() if child.returncode == 0 else ""


def describe_machine():
    """(what, text) pairs."""
    facts = dict(line.split(":", 1) for line in output_of(["lscpu"]).splitlines() if ":" in line)
    facts = {key.strip(): value.strip() for key, value in facts.items()}
    flags = facts.get("Flags", "").split()
    vectors = "AVX-512" if "avx512f" in flags else "AVX2" if "avx2" in flags else "neither AVX2 nor AVX-512"
    cpu = facts.get("Model name", "unknown")
    if "CPU family" in facts:
        cpu += f" (family {facts['CPU family']}, model {facts.get('Model', '?')})"
    caches = ", ".join(f"{level} {facts[level + ' cache']}" for level in ("L1d", "L2", "L3") if level + " cache" in facts)
    return [("processor", f"{cpu}, {vectors}"), ("cores", str(len(os.sched_getaffinity(0)))), ("caches", caches or "unknown")]


def bytes_of_chain(models):
    """Of its inputs and its output, whose .npy files have headers of 128 bytes."""
    return sum(os.path.getsize(file) - 128 for file in glob.glob(models + "/chain.in.*.npy") + glob.glob(models + "/chain.out.*.npy"))


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    root = os.path.dirname(os.path.dirname(here))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", required=True)
    parser.add_argument("--python", required=True)
    parser.add_argument("--tsc", default="build/bin/tsc")
    parser.add_argument("--compare", nargs="+", default=[])
    parser.add_argument("--cases", default="")
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", default=root + "/docs/performance.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measurer = Measurer(options, folder)
        facts = page.Facts(
            machine=describe_machine(),
            commit=output_of(["git", "-C", root, "rev-parse", "--short", "HEAD"]),
            date=datetime.date.today().isoformat(),
            comparison=read_comparison(options.compare),
            products=measurer.products(),
            models={name: measurer.model(name) for name in PROFILED + ("chain",)},
            direct=measurer.operations_of(PROFILED),
            chain_bytes=bytes_of_chain(options.models),
            cases=measurer.compiled_cases(),
            operations=measurer.operations,
            bytes=measurer.bytes)
    with open(options.out, "w") as out:
        out.write(page.write(facts, PROFILED, BATCHES))


if __name__ == "__main__":
    main()

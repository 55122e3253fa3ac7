# SPDX-License-Identifier: Apache-2.0
"""Writes the page of measurements as Markdown: first what must be shown, with bars, then details, then what is left."""
import dataclasses
import math

DENSE = ("resnet18", "resnet50", "mobilenet_v3_large", "vit_b_16", "bert_base", "lstm_tagger")
ENGINES = (("freeze", "TorchScript"), ("inductor", "Inductor"), ("ort", "ONNX Runtime"), ("openvino", "OpenVINO"), ("tsc", "tsc"))
LONGEST = 8  # kernels of a model that are listed one by one


@dataclasses.dataclass
class Facts:
    machine: list  # (what, text)
    commit: str
    date: str
    comparison: dict  # (name, threads): row of compare.py
    products: dict  # size: ms
    models: dict  # name: what Measurer.model gives, or None
    direct: dict  # name: operations of the model as written
    chain_bytes: int
    cases: object  # (compiled, passed) or None
    operations: float  # a second, of one core
    bytes: float  # a second, of a copy by one core


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def number(value):
    """Three significant digits."""
    if value >= 1000:
        return f"{value:.0f}"
    return f"{value:.3g}" if value >= 1e-3 or value == 0 else f"{value:.2g}"


def percent(share):
    return f"{100 * share:.0f}%" if share >= 0.095 else f"{100 * share:.1f}%"


def mean(values):
    return math.exp(sum(math.log(max(value, 1e-3)) for value in values) / len(values))


class Bars:
    """The table of what must be shown, and which figures are below their bar."""

    def __init__(self):
        self.rows, self.below, self.unmeasured = [], [], []

    def add(self, what, bar, text, met):
        """`met`: None for what was not measured."""
        self.rows.append((what, bar, text, "-" if met is None else "yes" if met else "**no**"))
        if met is None:
            self.unmeasured.append(what)
        elif not met:
            self.below.append(f"{what}: {text}, wanted {bar}")

    def least(self, what, wanted, values, show):
        """A bar for the smallest of named values."""
        bar = "at least " + show(wanted)
        if not values:
            return self.add(what, bar, "not measured", None)
        name, value = min(values.items(), key=lambda item: item[1])
        self.add(what, bar, show(value) + (f" ({name})" if len(values) > 1 else ""), value >= wanted)


def ratio(value):
    return f"{value:.2f}"


def times(value):
    return f"{value:.2f}x"


def add_comparison(bars, facts, batches):
    plain = {key: row for key, row in facts.comparison.items() if "." not in key[0]}
    for threads in (1, 2):
        at = f"at {threads} thread{'s' if threads > 1 else ''}"
        rows = {name: row for (name, count), row in plain.items() if count == threads}
        for group, title, each, average in (("dense", "dense models", 0.75, 1.0), ("rest", "the rest", 1.0, 2.0)):
            ratios = {name: row["ratio"] for name, row in rows.items() if (name in DENSE) == (group == "dense")}
            bars.least(f"best peer / tsc, {title}, each, {at}", each, ratios, ratio)
            bars.least(f"best peer / tsc, {title}, geometric mean, {at}", average, {"mean": mean(list(ratios.values()))} if ratios else {}, ratio)
    for names, title in ((None, "every model"), (batches, "larger batches")):
        found = {f"{name}, {threads}": row["freeze_ratio"] for (name, threads), row in facts.comparison.items()
                 if (name in names if names else "." not in name)}
        bars.least(f"TorchScript (frozen) / tsc, {title}, 1 and 2 threads", 1.0, found, times)
    for name, wanted in (("loop_rnn", 4.0), ("ssdlite320", 2.0)):
        found = {f"{threads} threads": row["freeze_ratio"] for (each, threads), row in plain.items() if each == name}
        bars.least(f"TorchScript (frozen) / tsc, {name}", wanted, found, times)


def share_of_peak(facts, operations, milliseconds):
    return operations / (milliseconds * 1e-3) / facts.operations


def copy_share(facts):
    chain = facts.models.get("chain")
    return facts.chain_bytes / (chain["ms"] * 1e-3) / facts.bytes if chain else None


def megabytes(size):
    return f"{number(size * 1e-6)} MB"


def add_most(bars, what, most, unit, value, note=""):
    text = "not measured" if value is None else f"{number(value)} {unit}{note}"
    bars.add(what, f"at most {most} {unit}", text, None if value is None else value <= most)


def write_bars(facts, profiled, batches):
    bars = Bars()
    add_comparison(bars, facts, batches)
    products = {str(size): share_of_peak(facts, 2 * size**3, ms) for size, ms in facts.products.items()}
    bars.least("square f32 products of 256 to 2048, share of FMA peak, 1 thread", 0.85, products, percent)
    for name in profiled:
        model = facts.models.get(name)
        shares = {name: share_of_peak(facts, facts.direct[name], model["ms"])} if model and name in facts.direct else {}
        bars.least(f"{name}, direct operations, share of FMA peak, 1 thread", 0.65, shares, percent)
    share = copy_share(facts)
    bars.least("chain, share of the plain copy's bandwidth, 1 thread", 0.85, {"chain": share} if share else {}, percent)
    built = facts.models.get("resnet50")
    add_most(bars, "time to compile resnet50 at -O2", 30, "s", built and built["compile_s"])
    add_most(bars, "memory to compile resnet50", 2, "GB", built and built["compile_bytes"] * 1e-9)
    note = f", {megabytes(built['file_bytes'] - built['stored_bytes'])} of it code and tables" if built else ""
    add_most(bars, "resnet50's library beside the bytes of its constants", 1.5, "MB",
             built and (built["file_bytes"] - built["constant_bytes"]) * 1e-6, note)
    if facts.cases:
        compiled, passed = facts.cases
        bars.add("ops-float32 conformance cases that ran a compiled kernel", "at least 80%",
                 f"{percent(compiled / passed)} ({compiled} of {passed} that pass)", compiled >= 0.8 * passed)
    else:
        bars.add("ops-float32 conformance cases that ran a compiled kernel", "at least 80%", "not measured", None)
    text = table(("what", "bar", "measured", "met"), bars.rows)
    if bars.below:
        text += "\nBelow their bar:\n\n" + "".join(f"- {line}\n" for line in bars.below)
    elif not bars.unmeasured:
        text += "\nAll bars are met.\n"
    if bars.unmeasured:
        text += f"\n{len(bars.unmeasured)} of {len(bars.rows)} were not measured in this run.\n"
    return text


def write_comparison(facts):
    if not facts.comparison:
        return "Not measured in this run.\n"
    rows = []
    for (name, threads), row in sorted(facts.comparison.items(), key=lambda item: (item[0][0].split(".")[0] not in DENSE, item[0])):
        cells = [number(row["min_ms"][engine]) if engine in row["min_ms"] else "-" for engine, _ in ENGINES]
        rows.append((name, str(threads), *cells, ratio(row["ratio"]), times(row["freeze_ratio"]) if row["freeze_ratio"] else "-"))
    header = ("model", "threads", *(title for _, title in ENGINES), "best peer / tsc", "TorchScript / tsc")
    return "Smallest time of a call in milliseconds, all engines in one interleaved run.\n\n" + table(header, rows)


def write_products(facts):
    if not facts.products:
        return "Not measured in this run.\n"
    return table(("size", "ms", "GFLOP/s", "share of peak"),
                 [(str(size), number(ms), number(2 * size**3 / ms * 1e-6), percent(share_of_peak(facts, 2 * size**3, ms)))
                  for size, ms in facts.products.items()])


@dataclasses.dataclass
class Kind:
    """The kernels of one kind in one model."""
    ms: float = 0
    launches: float = 0
    operations: float = 0
    bytes: float = 0
    limit_ms: float = 0  # the least time that the counted work takes, kernel by kernel
    counted_ms: float = 0  # the time of kernels whose work is counted
    memory_ms: float = 0  # of those, the time of kernels whose bytes take longer than their operations

    def add(self, facts, kernel):
        arithmetic, memory = kernel["operations"] / facts.operations * 1e3, kernel["bytes"] / facts.bytes * 1e3
        self.ms += kernel["ms"]
        self.launches += kernel["launches"]
        self.operations += kernel["operations"]
        self.bytes += kernel["bytes"]
        self.limit_ms += max(arithmetic, memory)
        if arithmetic or memory:
            self.counted_ms += kernel["ms"]
        if memory > arithmetic:
            self.memory_ms += kernel["ms"]

    def bound(self, name):
        if name == "outside kernels":
            return "calls, checks and outputs between kernels"
        if self.counted_ms < 0.5 * self.ms:
            return "calls of generic kernels" if name == "generic" else "not counted"
        if self.memory_ms > 0.5 * self.counted_ms:
            return "memory"
        return "arithmetic"


def kinds_of(facts, model):
    """Kinds by name, the longest time first."""
    kinds = {}
    for kernel in model["kernels"]:
        kinds.setdefault(kernel["kernel"], Kind()).add(facts, kernel)
    return dict(sorted(kinds.items(), key=lambda item: -item[1].ms))


def write_profile(facts, name):
    model = facts.models.get(name)
    if not model:
        return "Not measured in this run.\n"
    rows = []
    for kind, sums in kinds_of(facts, model).items():
        peak = percent(share_of_peak(facts, sums.operations, sums.ms)) if sums.operations and sums.ms else "-"
        copy = percent(sums.bytes / (sums.ms * 1e-3) / facts.bytes) if sums.bytes and sums.ms else "-"
        rows.append((kind, number(sums.ms), percent(sums.ms / model["profiled_ms"]), f"{sums.launches:.0f}", peak, copy, sums.bound(kind)))
    text = ""
    if name in facts.direct:
        share = share_of_peak(facts, facts.direct[name], model["ms"])
        text = (f"{facts.direct[name] * 1e-9:.3g} G operations in {number(model['ms'])} ms: {percent(share)} of peak. "
                f"With every kernel timed, a call takes {number(model['profiled_ms'])} ms:\n\n")
    text += table(("kind", "ms", "share of time", "launches", "share of FMA peak", "share of copy bandwidth", "bound by"), rows)
    longest = sorted((kernel for kernel in model["kernels"] if kernel["operators"]), key=lambda kernel: -kernel["ms"])[:LONGEST]
    text += "\nThe longest kernels:\n\n"
    text += table(("operators", "kind", "ms", "share of limit"),
                  [(operators_text(kernel["operators"]), kernel["kernel"], number(kernel["ms"]), limit_text(facts, kernel)) for kernel in longest])
    return text


def operators_text(operators):
    names = operators.split(", ")
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def limit_text(facts, kernel):
    least = max(kernel["operations"] / facts.operations, kernel["bytes"] / facts.bytes) * 1e3
    return percent(least / kernel["ms"]) if least and kernel["ms"] else "-"


def write_left(facts, profiled):
    lines = []
    for name in profiled:
        model = facts.models.get(name)
        if not model:
            continue
        lost = []
        for kind, sums in kinds_of(facts, model).items():
            above = sums.ms - sums.limit_ms
            if above > 0.02 * model["profiled_ms"]:
                lost.append(f"{kind} {number(above)} ms above its limit ({percent(sums.ms / model['profiled_ms'])} of the time)")
        first = next(iter(kinds_of(facts, model).items()))
        lines.append(f"- **{name}** is bound by {first[1].bound(first[0])} in kernels of kind {first[0]}. Left: "
                     + ("; ".join(lost) if lost else "nothing of 2% or more") + ".")
    chain = copy_share(facts)
    if chain:
        lines.append(f"- **chain** is bound by memory: {percent(chain)} of the bandwidth of the plain copy.")
    for (name, threads), row in sorted(facts.comparison.items()):
        peers = {engine: ms for engine, ms in row["min_ms"].items() if engine != "tsc"}
        if peers and 0 < row["ratio"] < 1:
            best = min(peers, key=peers.get)
            lines.append(f"- **{name}** at {threads} thread{'s' if threads > 1 else ''}: {dict(ENGINES).get(best, best)} takes "
                         f"{percent(row['ratio'])} of tsc's time.")
    return "\n".join(lines) + "\n" if lines else "Not measured in this run.\n"


def write_sizes(facts):
    rows = [(name, number(model["compile_s"]),
             *(number(size * 1e-6) for size in (model["compile_bytes"], model["file_bytes"], model["constant_bytes"], model["stored_bytes"],
                                                model["file_bytes"] - model["stored_bytes"])))
            for name, model in facts.models.items() if model]
    header = ("model", "compile, s", "memory, MB", "library, MB", "constants of the model, MB", "as stored, MB", "code and tables, MB")
    return table(header, rows)


def write(facts, profiled, batches):
    machine = facts.machine + [("one core", f"{number(facts.operations * 1e-9)} GFLOP/s in f32 multiply-adds, {number(facts.bytes * 1e-9)} GB/s in a plain copy")]
    sections = [
        "# Performance\n",
        f"Written by `test/perf/report.py` on {facts.date} from commit {facts.commit}. A multiply-add is two operations; bytes are those "
        "read plus those written. Times are the smallest of many calls.\n",
        table(("machine", ""), machine),
        "## What must be shown\n", write_bars(facts, profiled, batches),
        "## Against other engines\n", write_comparison(facts),
        "## Square products, f32, one thread\n", write_products(facts),
    ]
    for name in profiled:
        sections += [f"## {name}, one thread\n", write_profile(facts, name)]
    sections += [
        "## Compiling\n",
        "Constants are stored as kernels read them: packed into panels, filters of Winograd convolutions transformed, which makes them "
        "1.8 or 4 times as large; once more where a generic kernel reads them too.\n",
        write_sizes(facts),
        "## What bounds each model, and what is left\n",
        "A kernel's limit is the longer of its operations at FMA peak and its bytes at the speed of the copy. Operations are those "
        "that kernels do: of a Winograd convolution a quarter to a half of the direct ones.\n",
        write_left(facts, profiled),
    ]
    return "\n".join(sections)

# SPDX-License-Identifier: Apache-2.0
"""Checks the page of measurements on made-up figures: bars that are met, missed and not measured."""
import page


def row(name, threads, **ms):
    peers = [value for engine, value in ms.items() if engine != "tsc"]
    return (name, threads), {"min_ms": ms, "ratio": min(peers) / ms["tsc"], "freeze_ratio": ms["freeze"] / ms["tsc"]}


def kernel(kind, ms, operations=0, size=0):
    return {"kernel": kind, "operators": "aten::conv2d, aten::relu", "ms": ms, "launches": 2, "operations": operations, "bytes": size}


def model(ms, kernels):
    return {"ms": ms, "profiled_ms": ms, "kernels": kernels, "compile_s": 9, "compile_bytes": 1.5e9, "file_bytes": 3_000_000,
            "constant_bytes": 1_000_000, "stored_bytes": 2_800_000}


def main():
    facts = page.Facts(
        machine=[("processor", "one")], commit="abc", date="2000-01-01",
        comparison=dict([row("resnet50", 1, freeze=40, ort=18, tsc=20), row("loop_rnn", 1, freeze=8, tsc=1), row("resnet50.b8", 2, freeze=9, tsc=10)]),
        products={256: 0.4, 512: 2.7},
        models={"resnet50": model(100, [kernel("contraction", 90, 7e9), kernel("map", 9, 1e6, 5e7), kernel("generic", 1)]), "vit_b_16": None,
                "chain": model(20, [])},
        direct={"resnet50": 8e9}, chain_bytes=180_000_000, cases=(79, 100), operations=1e11, bytes=1e10)
    text = page.write(facts, ("resnet50", "vit_b_16"), ("resnet50.b8",))
    for line in (
            "| best peer / tsc, dense models, each, at 1 thread | at least 0.75 | 0.90 | yes |",
            "| best peer / tsc, dense models, geometric mean, at 1 thread | at least 1.00 | 0.90 | **no** |",
            "| best peer / tsc, dense models, each, at 2 threads | at least 0.75 | not measured | - |",
            "| TorchScript (frozen) / tsc, larger batches, 1 and 2 threads | at least 1.00x | 0.90x | **no** |",
            "| TorchScript (frozen) / tsc, loop_rnn | at least 4.00x | 8.00x | yes |",
            "| square f32 products of 256 to 2048, share of FMA peak, 1 thread | at least 85% | 84% (256) | **no** |",
            "| resnet50, direct operations, share of FMA peak, 1 thread | at least 65% | 80% | yes |",
            "| chain, share of the plain copy's bandwidth, 1 thread | at least 85% | 90% | yes |",
            "| memory to compile resnet50 | at most 2 GB | 1.5 GB | yes |",
            "| resnet50's library beside the bytes of its constants | at most 1.5 MB | 2 MB, 0.2 MB of it code and tables | **no** |",
            "| ops-float32 conformance cases that ran a compiled kernel | at least 80% | 79% (79 of 100 that pass) | **no** |",
            "- best peer / tsc, dense models, geometric mean, at 1 thread: 0.90, wanted at least 1.00",
            "| contraction | 90 | 90% | 2 | 78% | - | arithmetic |",
            "| map | 9 | 9.0% | 2 | 0.1% | 56% | memory |",
            "| generic | 1 | 1.0% | 2 | - | - | calls of generic kernels |"):
        assert line + "\n" in text, line
    assert "contraction 20 ms above its limit (90% of the time); map 4 ms" in text, text
    assert "ONNX Runtime takes 90% of tsc's time" in text


if __name__ == "__main__":
    main()

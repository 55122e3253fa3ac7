# SPDX-License-Identifier: Apache-2.0
"""Writes programs about the borders of compiled regions: tensors that share memory across them, loops and branches around
them, operands that lie otherwise than they were compiled for (needs PyTorch 2.15).

usage: make_region_programs.py [NAME..]     writes <name>.pt, .args.pt, .expect.pt and, of arguments that change, .after.pt
"""
import os
import sys
from typing import List, Tuple
import torch
from torch import Tensor, nn


class SharedMemory(nn.Module):
    """Results that share memory with each other or with arguments, and writes to them afterwards."""

    def views(self, x: Tensor) -> List[Tensor]:
        y = torch.relu(x) + 1.0
        flat, turned = y.view(-1), y.t()
        flat[0] = 77.0
        row = y[1]
        sums = row * 3.0
        row.mul_(2.0)
        return [flat, turned, y, row, sums, y.sum(1)]

    def writes(self, x: Tensor) -> List[Tensor]:
        y = torch.relu(x) + 1.0
        z = y * 2.0
        y.add_(1.0)
        w = y * z
        y[0].zero_()
        twice = [y, y]
        twice[0].add_(1.0)
        return [y, z, w, y.contiguous(), y.to(torch.float32), y.to(torch.float32, copy=True) + 1.0]

    def argument(self, x: Tensor) -> List[Tensor]:
        flat = x.view(-1)
        before = torch.relu(flat) * 2.0
        same = x.to(torch.float32)
        x.add_(1.0)
        turned = x.t()
        turned.mul_(2.0)
        return [flat, before, turned, same, torch.relu(same) + flat.view(5, 6)]

    def lists(self, x: Tensor) -> Tuple[List[Tensor], Tensor, Tensor]:
        y = torch.exp(x) + 1.0
        parts = [y, y * 2.0]
        once = torch.cat(parts, 0)
        parts.append(once)
        twice = torch.cat(parts, 0)
        parts[0].mul_(0.5)
        a, b = y.chunk(2, 1)
        a.add_(5.0)
        return parts, twice, b + y[:, :3]

    def forward(self, x: Tensor):
        seen, written, lists = self.views(x), self.writes(x), self.lists(x)
        return seen, written, lists, self.argument(x)


class Borders(nn.Module):
    """Regions in loops and branches, and what they read across their borders."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(6, 6)

    def forward(self, x: Tensor, turned: Tensor, spaced: Tensor):
        outs: List[Tensor] = []
        h, i = x, 0
        while bool(h.abs().max() < 50.0) and i < 9:
            h = torch.relu(self.linear(h)) * 3.0 + x
            if i % 2 == 0:
                row = h[0]
                row.mul_(0.5)
                outs.append(h.t())
            else:
                outs.append(h.view(-1)[:4])
            i += 1
        if bool(x.sum() > 100.0):
            picked = (x * 2.0).view(-1)
        else:
            picked = (x @ turned[:6] + 1.0).view(-1)
        picked.add_(1.0)
        order, places = torch.sort(torch.relu(x) + 1.0, 1)
        around = (order * 2.0 + x).gather(1, places)
        empty = x[:0]
        return (outs, h, i, picked, around, torch.relu(turned[:, :5] @ spaced) + 1.0, spaced[:, ::2] * 2.0,
                spaced.expand(3, 5, 7).sin() * 2.0, torch.relu(empty).sum(), empty.t() @ empty, x.sum() * 2.0)


torch.manual_seed(0)
PROGRAMS = {
    "shared_memory": (SharedMemory(), (torch.randn(5, 6),)),
    "borders": (Borders(), (torch.randn(5, 6), torch.randn(6, 7).t(), torch.randn(14, 5).t()[:, ::2])),
}


def main() -> None:
    here = os.path.dirname(os.path.abspath(__file__)) + "/"
    for name, (module, arguments) in PROGRAMS.items():
        if len(sys.argv) > 1 and name not in sys.argv[1:]:
            continue
        torch.jit.script(module.eval()).save(here + name + ".pt")
        torch.save(arguments, here + name + ".args.pt")
        # Without profiles: their executor merges operators across writes through lists.
        with torch.no_grad(), torch.jit.optimized_execution(False):
            torch.save(torch.jit.load(here + name + ".pt")(*arguments), here + name + ".expect.pt")
        if name == "shared_memory":
            torch.save(arguments, here + name + ".after.pt")


if __name__ == "__main__":
    main()

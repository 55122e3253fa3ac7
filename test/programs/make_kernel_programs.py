# SPDX-License-Identifier: Apache-2.0
"""Writes programs whose operators are compiled to kernels of their own: reductions and normalizations, attention, pooling and
interpolation, elements taken elsewhere, recurrent networks (needs PyTorch 2.15). Sizes are odd on purpose: no vector is full, no tile whole.

usage: make_kernel_programs.py [NAME..]     writes <name>.pt, <name>.args.pt and <name>.expect.pt
"""
import os
import sys
from typing import List, Tuple
import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Reductions(nn.Module):
    def forward(self, x: Tensor, n: Tensor) -> Tuple[List[Tensor], List[Tensor]]:
        values, where = x.max(1)
        floats = [x.sum(), x.mean(1), x.mean([0, 2]), x.amax(-1, keepdim=True), x.amin([0, 1]), x.prod(2), x.var(1), x.std([0, 2]),
                  x.logsumexp(1), x.norm(2, [1]), values, (x - x.mean(1, keepdim=True)).clamp(-1.0, 1.0).exp()]
        ints = [n.sum(), n.sum(1), n.amax(0), n.argmax(1), n.argmin(), (n > 0).any(0), (n > 0).all(1), where, x.argmax()]
        return floats, ints


class Normalizations(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.LayerNorm(37)
        self.group = nn.GroupNorm(3, 6)
        self.batch = nn.BatchNorm1d(6)
        self.instance = nn.InstanceNorm1d(6, affine=True)
        for parameter in self.parameters():
            nn.init.normal_(parameter)

    def forward(self, x: Tensor) -> List[Tensor]:
        return [self.layer(x + 1.0).relu(), self.group(x), self.batch(x) * 2.0, self.instance(x), x.softmax(-1), x.softmax(1),
                x.log_softmax(-1), nn.functional.rms_norm(x, [37]), (x * x).softmax(0) - x]


class Attention(nn.Module):
    def forward(self, x: Tensor, mask: Tensor) -> List[Tensor]:
        heads = x.view(2, 21, 3, 4, 20).permute(2, 0, 3, 1, 4)
        q, k, v = heads[0], heads[1], heads[2]
        attend = nn.functional.scaled_dot_product_attention
        weights = (torch.matmul(q, k.transpose(-2, -1)) / 4.0).masked_fill(mask, -1e9).softmax(-1)
        return [attend(q, k, v).transpose(1, 2).reshape(2, 21, 80), attend(q, k[:, :, :17], v[:, :, :17]),
                attend(q, k, v, is_causal=True), attend(q, k, v, ~mask), torch.matmul(weights, v)]


class Windows(nn.Module):
    def forward(self, x: Tensor, line: Tensor, cube: Tensor) -> List[Tensor]:
        return [
            F.relu(F.max_pool2d(x, 3, 2, 1) - 0.5),
            F.max_pool2d(x, [3, 2], [1, 2], [1, 1], [2, 2], True),
            F.max_pool2d(x[0], 2),
            F.avg_pool2d(x, 3, 2, 1, True, False) * 2.0,
            F.avg_pool2d(x, [2, 3], [2, 2], [1, 1], False, True, 5),
            F.adaptive_avg_pool2d(x, [3, 5]),
            F.adaptive_avg_pool2d(x, [1, 1]),
            F.max_pool1d(line, 3, 2, 1),
            F.avg_pool1d(line, 3, 2, 1),
            F.max_pool3d(cube, 3, 2, 1),
            F.adaptive_avg_pool3d(cube, [2, 3, 2]),
            F.interpolate(x, scale_factor=2.0, mode="nearest"),
            F.interpolate(x, size=[7, 30], mode="bilinear", align_corners=False),
            F.interpolate(x, size=[7, 30], mode="bicubic", align_corners=True),
            F.interpolate(line, size=[30], mode="linear", align_corners=False),
            F.interpolate(cube, size=[5, 7, 3], mode="trilinear", align_corners=True),
        ]


class Moves(nn.Module):
    def forward(self, x: Tensor, y: Tensor, rows: Tensor, at: Tensor, places: Tensor) -> List[Tensor]:
        return [
            torch.cat([x, y, x], 1),
            torch.stack([x, x + 1.0], -1),
            x.permute(0, 2, 3, 1).clone() * 2.0,
            x.transpose(1, 3).clone(),
            x.flip([1, 3]),
            x.roll([1, -2], [0, 2]),
            x.repeat(2, 1, 3, 1, 2),
            x.repeat_interleave(3, 1),
            F.pad(x, [1, 2, 0, 3], value=1.5),
            F.pad(x, [-1, 2, 0, -3]),
            F.pad(x, [1, 2, 3, 2], mode="reflect"),
            F.pad(x, [1, 2, 3, 2], mode="replicate"),
            F.pad(x, [1, 2, 3, 2], mode="circular"),
            F.pixel_shuffle(y, 2),
            F.pixel_unshuffle(x[:, :, :6, :8], 2),
            rows.tril(-1) + rows.triu(2),
            F.embedding(at, rows),
            rows.index_select(1, at.view(-1)),
            x[:, at - 3],
            x.gather(1, places),
        ]


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(6, 20, 2, batch_first=True, bidirectional=True)
        self.gru = nn.GRU(6, 37, 1, bidirectional=True)
        self.rnn = nn.RNN(6, 5, 2, bias=False)

    def forward(self, x: Tensor, state: Tensor) -> Tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
        out, (h, c) = self.lstm(x)
        gru, last = self.gru(x, state)
        rnn, _ = self.rnn(x)
        return out, h, c, gru, last, rnn


torch.manual_seed(0)
PROGRAMS = {
    "windows": (Windows(), (torch.randn(2, 19, 9, 13), torch.randn(2, 5, 21), torch.randn(1, 3, 5, 6, 7))),
    "moves": (Moves(), (torch.randn(2, 5, 7, 9), torch.randn(2, 4, 7, 9), torch.randn(6, 6),
                        torch.randint(0, 6, (2, 3)), torch.randint(0, 5, (2, 3, 7, 4)))),
    "reductions": (Reductions(), (torch.randn(4, 5, 37), torch.randint(-9, 9, (7, 33)))),
    "normalizations": (Normalizations(), (torch.randn(4, 6, 37),)),
    "attention": (Attention(), (torch.randn(2, 21, 240), torch.rand(21, 21) > 0.7)),
    "recurrent": (Recurrent(), (torch.randn(4, 3, 6), torch.randn(2, 3, 37))),
}


def main() -> None:
    here = os.path.dirname(os.path.abspath(__file__)) + "/"
    for name, (module, arguments) in PROGRAMS.items():
        if len(sys.argv) > 1 and name not in sys.argv[1:]:
            continue
        scripted = torch.jit.script(module.eval())
        scripted.save(here + name + ".pt")
        torch.save(arguments, here + name + ".args.pt")
        with torch.no_grad():
            torch.save(scripted(*arguments), here + name + ".expect.pt")


if __name__ == "__main__":
    main()

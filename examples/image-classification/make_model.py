# SPDX-License-Identifier: Apache-2.0
"""Trains the example's model (needs PyTorch): tells circles, squares and triangles apart in 32x32 grey images.

usage: make_model.py     writes shapes.pt and one image of each class (*.pgm) beside itself; takes a minute.
"""
import os
import torch
from torch import nn

NAMES = ["circle", "square", "triangle"]


def draw(kind: int, generator: torch.Generator) -> torch.Tensor:
    """A filled shape of random place, size and brightness on noise; values 0 to 1."""
    cx, cy = (torch.rand(2, generator=generator) * 12 + 10).tolist()
    r = float(torch.rand(1, generator=generator)) * 5 + 5
    y, x = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
    if kind == 0:
        inside = (x - cx) ** 2 + (y - cy) ** 2 <= r * r
    elif kind == 1:
        inside = ((x - cx).abs() <= r * 0.85) & ((y - cy).abs() <= r * 0.85)
    else:
        inside = (y - cy <= r * 0.7) & (y - cy >= (x - cx).abs() * 1.8 - r)
    light = 0.5 + 0.5 * float(torch.rand(1, generator=generator))
    return (0.25 * torch.rand(32, 32, generator=generator) + inside * light).clamp(0, 1)


class Classifier(nn.Module):
    """Two convolutions with batch norm, and a linear layer; images (N, 1, 32, 32) to (label, probabilities)."""

    def __init__(self) -> None:
        super().__init__()
        self.names = list(NAMES)
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU(),
            nn.Conv2d(8, 16, 3, 2, 1), nn.BatchNorm2d(16), nn.ReLU())
        self.head = nn.Linear(16 * 8 * 8, 3)

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(self.features(images).flatten(1))

    def forward(self, images: torch.Tensor) -> tuple[list[str], torch.Tensor]:
        probabilities = self.logits(images).softmax(1)
        labels: list[str] = []
        for i in range(probabilities.size(0)):
            labels.append(self.names[int(probabilities[i].argmax())])
        return labels, probabilities


def main() -> None:
    here = os.path.dirname(os.path.abspath(__file__))
    generator = torch.Generator().manual_seed(1)
    torch.manual_seed(1)
    model = Classifier()
    optimizer = torch.optim.Adam(model.parameters(), 2e-3)
    for _ in range(300):
        kinds = torch.randint(3, (64,), generator=generator)
        images = torch.stack([draw(int(k), generator) for k in kinds]).unsqueeze(1)
        loss = nn.functional.cross_entropy(model.logits(images), kinds)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    torch.jit.script(model).save(here + "/shapes.pt")
    for kind, name in enumerate(NAMES):
        pixels = (draw(kind, generator) * 255).to(torch.uint8)
        with open(f"{here}/{name}.pgm", "wb") as f:
            f.write(b"P5 32 32 255\n" + bytes(pixels.flatten().tolist()))
        print(name, model(pixels.float()[None, None] / 255))


if __name__ == "__main__":
    main()

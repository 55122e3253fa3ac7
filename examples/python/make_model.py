# SPDX-License-Identifier: Apache-2.0
"""Writes scale.pt (needs PyTorch): a program whose arguments and result are a dict, a string and tensors."""
import os
from typing import Dict, Tuple
import torch


class Scale(torch.nn.Module):
    """Scales every named tensor and says what it did."""

    def forward(self, tensors: Dict[str, torch.Tensor], unit: str, factor: float) -> Tuple[Dict[str, torch.Tensor], str]:
        scaled: Dict[str, torch.Tensor] = {}
        for name, tensor in tensors.items():
            scaled[name] = tensor * factor
        return scaled, "scaled {} tensors to {}".format(len(scaled), unit)


torch.jit.script(Scale().eval()).save(os.path.dirname(os.path.abspath(__file__)) + "/scale.pt")

# SPDX-License-Identifier: Apache-2.0
"""Writes small programs as archives with arguments and PyTorch's results (needs PyTorch 2.15): one for each part of the
language that a compiled model must carry.

usage: make_programs.py     writes <name>.pt, <name>.args.pt, <name>.expect.pt (none where the program raises), and, where
                            the program changes them, <name>.after.pt (its arguments) and <name>.again.pt (a second call).
"""
import enum
import os
from typing import Dict, List, NamedTuple, Optional, Tuple
import torch
from torch import Tensor, nn


class Add(nn.Module):
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x + y


@torch.jit.script
class Account:
    def __init__(self, balance: float) -> None:
        self.balance = balance
        self.history: List[float] = []

    def deposit(self, amount: float) -> None:
        self.balance += amount
        self.history.append(amount)


class Classes(nn.Module):
    def forward(self, amounts: List[float]) -> Tuple[float, int]:
        account = Account(10.0)
        for amount in amounts:
            account.deposit(amount)
        return account.balance, len(account.history)


class Dicts(nn.Module):
    def forward(self, words: List[str]) -> Dict[str, int]:
        counts: Dict[str, int] = {}
        for word in words:
            if word in counts:
                counts[word] += 1
            else:
                counts[word] = 1
        return counts


class Raises(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.dim() != 2:
            raise ValueError("expected a matrix, got rank {}".format(x.dim()))
        return x


class Aliases(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        row = x[1]
        row.add_(10)
        x[:, 0] = -1
        return row


class Forks(nn.Module):
    def forward(self, x: Tensor, n: int) -> Tensor:
        futures: List[torch.jit.Future[Tensor]] = []
        for i in range(n):
            futures.append(torch.jit.fork(torch.mul, x, i))
        total = torch.zeros_like(x)
        for future in futures:
            total = total + torch.jit.wait(future)
        return total


class Counter(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("total", torch.zeros(2))
        self.calls = 0

    def forward(self, x: Tensor) -> Tuple[Tensor, int]:
        self.calls += 1
        self.total += x
        return self.total.clone(), self.calls


class Color(enum.Enum):
    RED = 1
    GREEN = 2


class Point(NamedTuple):
    x: Tensor
    name: str


class Values(nn.Module):
    def forward(self, x: Optional[Tensor], flag: bool) -> Tuple[Point, int, Optional[str], complex]:
        color = Color.RED if flag else Color.GREEN
        made = x if x is not None else torch.ones(2)
        text: Optional[str] = None
        if flag:
            text = "red" + str(made.size(0))
        return Point(made * 2, "p"), color.value, text, complex(1, 2) * 2


class Shape(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(4 * 5 * 5, 3), nn.Dropout(0.5), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.relu(self.norm(self.conv(x))))


class Loops(nn.Module):
    def forward(self, n: int) -> List[int]:
        primes: List[int] = []
        candidate = 2
        while len(primes) < n:
            is_prime = True
            for p in primes:
                if p * p > candidate:
                    break
                if candidate % p == 0:
                    is_prime = False
                    break
            if is_prime:
                primes.append(candidate)
            candidate += 1
        return primes


class Strings(nn.Module):
    def forward(self, text: str) -> List[str]:
        out: List[str] = []
        for word in text.split(" "):
            out.append(word.upper()[::-1] + "-{}".format(len(word)))
        return out


def copied(value):
    if isinstance(value, Tensor):
        return value.clone()
    if isinstance(value, (list, tuple)):
        return type(value)(copied(v) for v in value)
    return value


def plain(value):
    """The value without named tuples, which torch.save cannot name; a comparison takes both for the same."""
    if isinstance(value, tuple):
        return tuple(plain(v) for v in value)
    return value


PROGRAMS = {
    "add": (Add(), (torch.arange(6.0).reshape(2, 3), torch.ones(3))),
    "classes": (Classes(), ([1.5, 2.5, -1.0],)),
    "dicts": (Dicts(), (["b", "a", "b", "c", "a", "b"],)),
    "raises": (Raises(), (torch.ones(3),)),
    "aliases": (Aliases(), (torch.arange(6.0).reshape(2, 3),)),
    "forks": (Forks(), (torch.ones(3), 4)),
    "counter": (Counter(), (torch.tensor([1.0, 2.0]),)),
    "values": (Values(), (None, True)),
    "network": (Shape(), (torch.rand(2, 3, 5, 5),)),
    "loops": (Loops(), (12,)),
    "strings": (Strings(), ("ahead of time",)),
}


def main() -> None:
    here = os.path.dirname(os.path.abspath(__file__)) + "/"
    torch.manual_seed(0)
    for name, (module, arguments) in PROGRAMS.items():
        scripted = torch.jit.script(module.eval())
        scripted.save(here + name + ".pt")
        torch.save(arguments, here + name + ".args.pt")
        given = copied(arguments)
        try:
            with torch.no_grad():
                result = scripted(*given)
                torch.save(plain(result), here + name + ".expect.pt")
                if name == "counter":
                    torch.save(scripted(*copied(arguments)), here + name + ".again.pt")
                if name == "aliases":
                    torch.save(given, here + name + ".after.pt")
        except torch.jit.Error as error:
            print(name, "raises", str(error).splitlines()[-1])


if __name__ == "__main__":
    main()

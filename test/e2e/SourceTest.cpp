// SPDX-License-Identifier: Apache-2.0
// TorchScript as source text: what archives hold only in its desugared form. The results are those
// of the same functions in PyTorch.
#include "Shell.h"

#include <catch2/catch.hpp>

using namespace tsc::test;

static const char *const kSource = R"(
import torch
import warnings
from typing import Any, Dict, List, Tuple, Union

def containers(n: int) -> Tuple[List[int], Dict[str, int], Dict[int, str]]:
    squares = [i * i for i in range(n)]
    names = {str(k): v for k, v in zip(squares, range(10))}
    for i, v in enumerate(squares, 1):
        names[str(i)] = v
    del squares[0], squares[-1]
    squares[0] += 7
    names["pairs"] = len(dict(b=2, c=3))
    return squares, names, dict([(1, "one"), (2, "two")])

def once(x: List[int]) -> List[int]:
    counts = [10, 20, 30]
    counts[x.pop()] += 1
    return counts + x

def early(x: int):
    if x > 2:
        return "many"
    for i in range(x):
        if i == 1:
            return "one"
    return "few"

def anything(x: int) -> Any:
    if x > 0:
        return torch.tensor(x)
    else:
        return "none"

def either(x: Union[List[int], Dict[str, int]]) -> int:
    if torch.jit.isinstance(x, List[int]):
        return x[0]
    else:
        return list(x.values())[0]

def numbers_first(n: int) -> Tensor:
    x = torch.arange(n, dtype=torch.float32) + 1
    return 2 * x - (1 - x) + 6 / x + 2 ** x + (2 < x).float() + (3 >= x).to(torch.float)

def parts() -> Tensor:
    x = torch.zeros([3, 2], dtype=torch.float64)
    x[0] = 5
    x[1:, 0] += 1
    x[x > 4] = -1
    x[torch.tensor([2]), 1] = torch.tensor(8, dtype=torch.float64)
    with torch.no_grad():
        return x[slice(1, None)].view(-1) + x[:, [0, 1]].sum(dtype=torch.double)

def spaces(x: float) -> float:
    warnings.warn("old")
    y = torch.tensor([x, 4.0])
    return float(torch.linalg.vector_norm(y)) + float(torch.ops.aten.relu(input=y)[0]) + torch.pi - torch.pi
)";

TEST_CASE("source text has what PyTorch's compiler makes of it") {
  Shell shell;
  shell.write("f.py", kSource);
  REQUIRE(shell.run("tsc f.py -o libf.so").code == 0);
  for (auto [call, expected] :
       {std::pair{"containers --arg n=5",
                  "([8, 4, 9], {'0': 0, '1': 0, '4': 9, '9': 3, '16': 4, '2': 1, '3': 4, '5': 16, "
                  "'pairs': 2}, {1: 'one', 2: 'two'})"},
        {"once --arg x=[0,2]", "[10, 20, 31, 0]"},
        {"early --arg x=1", "'few'"},
        {"early --arg x=2", "'one'"},
        {"early --arg x=5", "'many'"},
        {"anything --arg x=1", "tensor(1, dtype=int64)"},
        {"anything --arg x=0", "'none'"},
        {"either --arg x=[3]", "3"},
        {"either --arg x=\"{'a': 4}\"", "4"},
        {"numbers_first --arg n=4", "tensor([11.0, 13.0, 20.0, 29.5], dtype=float32)"},
        {"parts", "tensor([9.0, 8.0, 9.0, 16.0], dtype=float64)"},
        {"spaces --arg x=3.0", "8.0"}}) {
    INFO(call);
    Outcome o = shell.run(std::string("tsc run libf.so --method ") + call);
    INFO(o.err);
    CHECK(o.code == 0);
    CHECK(o.out == std::string(expected) + "\n");
  }
}

// SPDX-License-Identifier: Apache-2.0
// Plain typed functions of ordinary source.
#include "ImportTestSupport.h"

using namespace tsc::test;
using Catch::Contains;

TEST_CASE("A function with operators") {
  CHECK(importText("def f(a: Tensor, n: int) -> Tensor:\n  return a * n + 1\n")->graph("f") ==
        R"(graph(%a.1 : Tensor,
      %n.1 : int):
  %0 : int = prim::Constant[value=1]()
  %1 : Tensor = aten::mul(%a.1, %n.1)
  %2 : Tensor = aten::add(%1, %0, %0)
  return (%2)

)");
}

TEST_CASE("Early exits become flags") {
  std::string graph =
      importText(
          "def f(xs: List[int]) -> int:\n  total = 0\n  for x in xs:\n    if x > 3:\n      break\n"
          "    if x < 0:\n      return x\n    total += x\n  return total\n")
          ->graph("f");
  CHECK_THAT(graph, Contains("prim::Loop"));
  CHECK_THAT(graph, Contains("aten::__not__"));
  CHECK_THAT(graph, !Contains("Uninitialized()\n  return"));
}

TEST_CASE("None tests narrow") {
  std::string graph =
      importText("def f(n: Optional[int]) -> int:\n  if n is None:\n    return 1\n  return n + 1\n")
          ->graph("f");
  CHECK_THAT(graph, Contains("prim::unchecked_cast(%n"));
  CHECK_THAT(graph, Contains("aten::add"));
}

TEST_CASE("Conditions that are known choose one branch") {
  std::string graph =
      importText("def f(x: Tensor) -> int:\n  if x is None:\n    return x.nothing()\n  return 2\n")
          ->graph("f");
  CHECK_THAT(graph, !Contains("prim::If"));
}

TEST_CASE("Logic is short circuit") {
  std::string graph =
      importText("def f(a: bool, b: bool) -> bool:\n  return a and not b or b\n")->graph("f");
  CHECK_THAT(graph, Contains("prim::If(%a"));
}

TEST_CASE("Functions call each other, also without a declared result") {
  std::string graph =
      importText(
          "def f(a: Tensor) -> Tensor:\n  return g(a)\ndef g(a: Tensor):\n  return torch.relu(a)\n")
          ->graph("f");
  CHECK_THAT(graph, Contains("prim::CallFunction"));
  CHECK_THAT(importText("def f(a: Tensor):\n  return f(a)\n")->error(), Contains("recursive call"));
}

TEST_CASE("Assertions raise") {
  std::string graph =
      importText("def f(n: int) -> int:\n  assert n > 0, \"positive\"\n  return n\n")->graph("f");
  CHECK_THAT(graph, Contains("prim::RaiseException"));
  CHECK_THAT(graph, Contains("AssertionError: "));
}

TEST_CASE("Errors of source are at their line") {
  CHECK(importText("def f(a: Tensor) -> int:\n  return a.frob\n")->error() ==
        "model.py:2: 'Tensor' has no attribute 'frob' (1)");
  CHECK_THAT(importText("def f(a: Tensor) -> int:\n  if a.dim() > 2:\n    return 1\n")->error(),
             Contains("may end without a value"));
  CHECK_THAT(importText("def f():\n  break\n")->error(), Contains("'break' outside a loop"));
}

TEST_CASE("Tensors are indexed by several parts") {
  std::string graph =
      importText("def f(x: Tensor, m: Tensor) -> Tensor:\n  return x[1, 2:5, None, m]\n")
          ->graph("f");
  size_t select = graph.find("aten::select(%x.1, "), slice = graph.find("aten::slice"),
         add = graph.find("aten::unsqueeze"), index = graph.find("aten::index");
  CHECK(select < slice);
  CHECK(slice < add);
  CHECK(add < index);
  CHECK(index != std::string::npos);
  CHECK_THAT(importText("def f(x: Tensor) -> Tensor:\n  return x[..., 0]\n")->graph("f"),
             Contains("prim::Constant[value=-1]"));
  CHECK_THAT(importText("def f(x: Tensor) -> Tensor:\n  return x[..., None]\n")->graph("f"),
             Contains("aten::unsqueeze"));
  CHECK_THAT(importText("def f(x: Tensor) -> Tensor:\n  return x[..., 0, ...]\n")->error(),
             Contains("a second '...'"));
}

// SPDX-License-Identifier: Apache-2.0
// Wrong programs: each error names the place and what was wanted.
#include "ImportTestSupport.h"

using namespace tsc::test;
using Catch::Contains;

static std::string errorOf(const std::string &body, const std::string &result = "Tensor") {
  auto imported = importBody(body, result);
  return imported->module ? "imported" : imported->error();
}

TEST_CASE("Calls that match nothing") {
  CHECK(errorOf("return torch.frobnicate(x)").find("unknown operator 'aten::frobnicate'") !=
        std::string::npos);
  CHECK(errorOf("return torch.relu(x, x)") ==
        "f.pt:code/__torch__.py:7: no overload of 'aten::relu' takes (Tensor, Tensor) (1)");
  CHECK_THAT(errorOf("return torch.add(x, \"s\")"),
             Contains("no overload of 'aten::add' takes (Tensor, str)"));
  CHECK_THAT(errorOf("return torch.relu(x, colour=3)"), Contains("takes (Tensor, colour=int)"));
  CHECK_THAT(errorOf("return torch.__is__(x)"),
             Contains("'aten::__is__' does not take (Tensor): 'obj' is missing"));
  CHECK_THAT(errorOf("return x(3)"), Contains("cannot be called"));
}

TEST_CASE("Names and types") {
  CHECK_THAT(errorOf("return y"), Contains("undefined name 'y'"));
  CHECK_THAT(errorOf("y = annotate(Foo, x)\nreturn x"), Contains("unknown type 'Foo'"));
  CHECK_THAT(errorOf("return torch.dim(x)"),
             Contains("value of type 'int' where 'Tensor' is wanted"));
  CHECK_THAT(errorOf("if torch.gt(torch.dim(x), 1):\n  y = x\nelse:\n  pass\nreturn y"),
             Contains("is not defined in the false branch"));
  CHECK_THAT(errorOf("y = x"), Contains("may end without a value"));
  CHECK_THAT(errorOf("return self.missing"), Contains("'__torch__.M' has no attribute 'missing'"));
  CHECK_THAT(errorOf("return torch.add(x, CONSTANTS.c5)"),
             Contains("constant 'c5' does not exist"));
  CHECK_THAT(errorOf("a, b, = (x,)\nreturn a"), Contains("1 values are unpacked into 2"));
}

TEST_CASE("Recursion") {
  CHECK_THAT(errorOf("return (self).forward(x, )"), Contains("recursive call"));
  auto held = importCode("class M(Module):\n  m : __torch__.M\n", str("m") + "N");
  CHECK_THAT(held->error(), Contains("class '__torch__.M' contains itself"));
}

TEST_CASE("State that does not fit its class") {
  std::string code = "class M(Module):\n  n : str\n";
  CHECK_THAT(importCode(code, str("n") + "K\x01")->error(),
             Contains("attribute self.n: expected str, found int"));
  CHECK_THAT(importCode(code)->error(),
             Contains("object of class '__torch__.M' has no attribute 'n'"));
  CHECK_THAT(importCode("class M:\n  n : str\n", str("n") + str("a"))->error(),
             Contains("root value must be a module"));
  CHECK_THAT(importCode("class N(Module):\n  n : str\n", str("n") + str("a"))->error(),
             Contains("unknown type '__torch__.M'"));
  CHECK_THAT(
      importCode("class M(Module):\n  n : int\n  def n(self: __torch__.M) -> int:\n    return 1\n",
                 str("n") + "K\x01")
          ->error(),
      Contains("is defined twice"));
}

TEST_CASE("Python that TorchScript has not") {
  for (const char *body :
       {"try:\n  pass\nexcept:\n  pass\nreturn x", "f = lambda y: y\nreturn x",
        "global y\nreturn x", "return [y for y in x if y]", "assert x, *x\nreturn x"}) {
    std::string error = errorOf(body);
    CHECK(error != "imported");
    CHECK(error != "failed in silence");
  }
}

// SPDX-License-Identifier: Apache-2.0
// The graph and code printers, on small programs whose texts are PyTorch's.
#include "tsc/Ts/Printers.h"

#include "mlir/Parser/Parser.h"

#include <catch2/catch.hpp>

using namespace mlir;
using namespace tsc::ts;

namespace {

/// A program whose function is `f`.
struct Program {
  explicit Program(const std::string &source) {
    context.loadDialect<TsDialect>();
    module = parseSourceString<ModuleOp>(source, &context);
    REQUIRE(module);
    // Places in the test's own text are of no interest.
    module->walk([&](Operation *op) {
      op->setLoc(withDebugNames(UnknownLoc::get(&context), getDebugNames(op->getLoc())));
    });
  }
  std::string graph() {
    std::string text;
    llvm::raw_string_ostream os(text);
    auto tensorText = [](TensorAttr) -> std::string { return "{2}"; };
    REQUIRE(succeeded(printGraph(*module, "f", os, tensorText)));
    return text;
  }
  std::string code() {
    std::string text;
    llvm::raw_string_ostream os(text);
    REQUIRE(succeeded(printCode(*module, "f", os)));
    return text;
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
};

} // namespace

TEST_CASE("a broken loop prints as a while loop") {
  Program program(R"(
    ts.func @f(%n: !ts.int {ts.name = "n"} loc("n.1"), %x: !ts.int {ts.name = "x"} loc("x.1")) -> !ts.int {
      %max = ts.constant !ts.int, 9223372036854775807 : i64
      %zero = ts.constant !ts.int, 0 : i64
      %one = ts.constant !ts.int, 1 : i64
      %three = ts.constant !ts.int, 3 : i64
      %true = ts.constant !ts.bool, true
      %false = ts.constant !ts.bool, false
      %any = ts.aten "aten::gt.int"(%n, %zero) : (!ts.int, !ts.int) -> !ts.bool
      %r:2 = ts.loop %max, %any(%x, %zero) : (!ts.int, !ts.int) -> (!ts.int, !ts.int) {
      ^bb0(%turn: !ts.int, %y: !ts.int loc("x.19"), %i: !ts.int):
        %is = ts.aten "aten::eq.int"(%i, %three) : (!ts.int, !ts.int) -> !ts.bool
        %b:2 = ts.if %is : (!ts.bool) -> (!ts.bool, !ts.int) {
          ts.yield %false, %y : !ts.bool, !ts.int
        } else {
          %sum = ts.aten "aten::add.int"(%y, %i) : (!ts.int, !ts.int) -> !ts.int loc("x.29")
          ts.yield %true, %sum : !ts.bool, !ts.int
        }
        %j = ts.aten "aten::add.int"(%i, %one) : (!ts.int, !ts.int) -> !ts.int
        %less = ts.aten "aten::lt.int"(%j, %n) : (!ts.int, !ts.int) -> !ts.bool
        %on = ts.aten "aten::__and__.bool"(%less, %b#0) : (!ts.bool, !ts.bool) -> !ts.bool
        ts.yield %on, %b#1, %j : !ts.bool, !ts.int, !ts.int
      } loc("x.21,")
      ts.return %r#0 : !ts.int
    })");
  CHECK(program.code() == R"(def f(n: int,
    x: int) -> int:
  x0 = x
  _0 = 0
  _1 = torch.gt(n, 0)
  while _1:
    if torch.eq(_0, 3):
      _2, _3 = False, x0
    else:
      _2, _3 = True, torch.add(x0, _0)
    _4 = torch.add(_0, 1)
    _1, x0, _0 = torch.__and__(torch.lt(_4, n), _2), _3, _4
  return x0
)");
  CHECK(program.graph() == R"(graph(%n.1 : int,
      %x.1 : int):
  %0 : int = prim::Constant[value=9223372036854775807]()
  %1 : int = prim::Constant[value=0]()
  %2 : int = prim::Constant[value=1]()
  %3 : int = prim::Constant[value=3]()
  %4 : bool = prim::Constant[value=1]()
  %5 : bool = prim::Constant[value=0]()
  %6 : bool = aten::gt(%n.1, %1)
  %x.21 : int, %7 : int = prim::Loop(%0, %6, %x.1, %1)
    block0(%8 : int, %x.19 : int, %9 : int):
      %10 : bool = aten::eq(%9, %3)
      %11 : bool, %12 : int = prim::If(%10)
        block0():
          -> (%5, %x.19)
        block1():
          %x.29 : int = aten::add(%x.19, %9)
          -> (%4, %x.29)
      %13 : int = aten::add(%9, %2)
      %14 : bool = aten::lt(%13, %n.1)
      %15 : bool = aten::__and__(%14, %11)
      -> (%15, %12, %13)
  return (%x.21)
)");
}

TEST_CASE("constants, containers and default arguments") {
  Program program(R"(
    ts.func @f(%x: !ts.tensor {ts.name = "x"} loc("x.1"), %o: !ts.optional<!ts.tensor> {ts.name = "o", ts.default} loc("o"))
        -> !ts.list<!ts.optional<!ts.tensor>> {
      %none = ts.constant !ts.none, unit
      %one = ts.constant !ts.int, 1 : i64
      %f = ts.constant !ts.float, 1.000000e-01 : f64
      %dev = ts.constant !ts.device, #ts.device<"cpu">
      %w = ts.constant !ts.tensor, #ts.tensor<0,0,f32,[1],[1]>
      %t = ts.constant !ts.tuple<[!ts.int]>, #ts.tuple<[1] : !ts.tuple<[!ts.int]>>
      %text = ts.constant !ts.str, "a long 'message' that does not fit into a line"
      ts.aten "prim::Print"(%text, %t, %f) : (!ts.str, !ts.tuple<[!ts.int]>, !ts.float) -> ()
      %a = ts.aten "aten::add.Tensor"(%x, %w, %one) : (!ts.tensor, !ts.tensor, !ts.int) -> !ts.tensor
      %z = ts.aten "aten::rand_like"(%a, %one, %none, %dev, %none, %none)
        : (!ts.tensor, !ts.int, !ts.none, !ts.device, !ts.none, !ts.none) -> !ts.tensor
      %l = ts.list_construct(%z, %none) : (!ts.tensor, !ts.none) -> !ts.list<!ts.optional<!ts.tensor>>
      ts.return %l : !ts.list<!ts.optional<!ts.tensor>>
    })");
  CHECK(program.code() == R"(def f(x: Tensor,
    o: Optional[Tensor]=None) -> List[Optional[Tensor]]:
  _0 = "a long \'message\' that does not fit into a line"
  print(_0, (1,), 0.10000000000000001)
  _1 = torch.rand_like(torch.add(x, CONSTANTS.c0), dtype=1, layout=None, device=torch.device("cpu"))
  _2 = annotate(List[Optional[Tensor]], [_1, None])
  return _2
)");
  CHECK(program.graph() == R"(graph(%x.1 : Tensor,
      %o : Tensor?):
  %0 : NoneType = prim::Constant()
  %1 : int = prim::Constant[value=1]()
  %2 : float = prim::Constant[value=0.10000000000000001]()
  %3 : Device = prim::Constant[value="cpu"]()
  %4 : Tensor = prim::Constant[value={2}]()
  %5 : (int) = prim::Constant[value=(1,)]()
  %6 : str = prim::Constant[value="a long \'message\' that does not fit into a line"]()
   = prim::Print(%6, %5, %2)
  %7 : Tensor = aten::add(%x.1, %4, %1)
  %8 : Tensor = aten::rand_like(%7, %1, %0, %3, %0, %0)
  %9 : Tensor?[] = prim::ListConstruct(%8, %0)
  return (%9)
)");
}

TEST_CASE("forks print as graphs and local functions of their own") {
  Program program(R"(
    ts.func @f(%x: !ts.tensor {ts.name = "x"} loc("x.1")) -> !ts.tensor {
      %t = ts.fork(%x) : (!ts.tensor) -> !ts.future<!ts.tensor> {
      ^bb0(%y: !ts.tensor loc("y.1")):
        %r = ts.aten "aten::neg"(%y) : (!ts.tensor) -> !ts.tensor
        ts.return %r : !ts.tensor
      } loc("fut.1")
      %z = ts.aten "aten::wait"(%t) : (!ts.future<!ts.tensor>) -> !ts.tensor
      ts.return %z : !ts.tensor
    })");
  CHECK(program.code() == R"(def f(x: Tensor) -> Tensor:
  def __forked_function():
    return torch.neg(x)
  fut = fork(__forked_function)
  return torch.wait(fut)
)");
  CHECK(program.graph() == R"(graph(%x.1 : Tensor):
  %fut.1 : Future[Tensor] = prim::fork_0(%x.1)
  %0 : Tensor = aten::wait(%fut.1)
  return (%0)
with prim::fork_0 = graph(%y.1 : Tensor):
  %0 : Tensor = aten::neg(%y.1)
  return (%0)
)");
}

TEST_CASE("a name that is taken gets a number, and order of evaluation is kept") {
  Program program(R"(
    ts.func @f(%x: !ts.tensor {ts.name = "x"} loc("x.1")) -> !ts.tensor {
      %a = ts.aten "aten::neg"(%x) : (!ts.tensor) -> !ts.tensor loc("x.3")
      %b = ts.aten "aten::abs"(%a) : (!ts.tensor) -> !ts.tensor
      %c = ts.aten "aten::exp"(%a) : (!ts.tensor) -> !ts.tensor
      %d = ts.aten "aten::maximum"(%c, %b) : (!ts.tensor, !ts.tensor) -> !ts.tensor loc("lambda")
      %e = ts.aten "aten::maximum"(%d, %d) : (!ts.tensor, !ts.tensor) -> !ts.tensor
      ts.return %e : !ts.tensor
    })");
  CHECK(program.code() == R"(def f(x: Tensor) -> Tensor:
  x0 = torch.neg(x)
  _0 = torch.abs(x0)
  lambda0 = torch.maximum(torch.exp(x0), _0)
  return torch.maximum(lambda0, lambda0)
)");
}

TEST_CASE("names that repeat get the next number of their base in graphs") {
  Program program(R"(
    ts.func @f(%x: !ts.tensor {ts.name = "x"} loc("x.1")) -> !ts.tensor {
      %a = ts.aten "aten::neg"(%x) : (!ts.tensor) -> !ts.tensor loc("x.1")
      %b = ts.aten "aten::neg"(%a) : (!ts.tensor) -> !ts.tensor loc("y")
      %c = ts.aten "aten::neg"(%b) : (!ts.tensor) -> !ts.tensor loc("y")
      ts.return %c : !ts.tensor
    })");
  CHECK(program.graph() == R"(graph(%x.1 : Tensor):
  %x.2 : Tensor = aten::neg(%x.1)
  %y : Tensor = aten::neg(%x.2)
  %y.1 : Tensor = aten::neg(%y)
  return (%y.1)
)");
}

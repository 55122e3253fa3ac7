// SPDX-License-Identifier: Apache-2.0
// Programs whose structure is wrong are refused with a reason, whatever their file says.
#include "tsc/Ts/TsDialect.h"

#include "mlir/Parser/Parser.h"

#include <catch2/catch.hpp>

using namespace mlir;
using namespace tsc::ts;

/// The first error about a function with this body, or "".
static std::string errorOf(const std::string &body) {
  MLIRContext context;
  context.loadDialect<TsDialect>();
  std::string first;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    if (first.empty())
      first = diagnostic.str();
  });
  std::string source = "ts.func @f(%c: !ts.bool, %n: !ts.int, %x: !ts.tensor) -> !ts.tensor {\n" +
                       body + "\nts.return %x : !ts.tensor\n}";
  parseSourceString<ModuleOp>(source, &context);
  return first;
}

TEST_CASE("branches yield what the operation results in") {
  CHECK(errorOf(
            "%r = ts.if %c : (!ts.bool) -> !ts.int { ts.yield %n : !ts.int } else { ts.yield }") ==
        "'ts.yield' op has 0 values where 1 are wanted");
  CHECK(errorOf("%r = ts.if %c : (!ts.bool) -> !ts.int { ts.yield %n : !ts.int } else { ts.yield "
                "%n : !ts.int }")
            .empty());
}

TEST_CASE("loops carry as many values as they result in") {
  CHECK(errorOf("%r = ts.loop %n, %c(%n) : (!ts.int) -> !ts.int {\n"
                "^bb0(%i: !ts.int): ts.yield %c, %i : !ts.bool, !ts.int }") ==
        "'ts.loop' op block has other arguments than the turn's number and 1 carried values");
  CHECK(errorOf("%r:2 = ts.loop %n, %c(%n) : (!ts.int) -> (!ts.int, !ts.int) {\n"
                "^bb0(%i: !ts.int, %j: !ts.int): ts.yield %c, %i : !ts.bool, !ts.int }") ==
        "'ts.loop' op has 2 results where 1 values are carried");
  CHECK(errorOf("%r = ts.loop %n, %c(%n) : (!ts.int) -> !ts.int {\n"
                "^bb0(%i: !ts.int, %j: !ts.int): ts.yield %i, %i : !ts.int, !ts.int }") ==
        "'ts.loop' op goes on by a value of type '!ts.int' where a bool is wanted");
}

TEST_CASE("tasks take the arguments they are given") {
  CHECK(errorOf("%t = ts.fork(%x) : (!ts.tensor) -> !ts.future<!ts.tensor> {\n"
                "%y = ts.uninitialized : !ts.tensor\n ts.return %y : !ts.tensor }") ==
        "'ts.fork' op body has 0 arguments where 1 are given");
}

TEST_CASE("operators have the arguments and results of their schemas") {
  CHECK(errorOf(
            "%y = ts.aten \"aten::add.Tensor\"(%x, %x) : (!ts.tensor, !ts.tensor) -> !ts.tensor") ==
        "'ts.aten' op 'aten::add.Tensor' has 2 arguments where its schema has 3");
  CHECK(errorOf("ts.aten \"aten::neg\"(%x) : (!ts.tensor) -> ()") ==
        "'ts.aten' op 'aten::neg' has 0 results where its schema has 1");
  CHECK(errorOf("ts.aten \"prim::Print\"(%x, %n) : (!ts.tensor, !ts.int) -> ()").empty());
  CHECK(errorOf("%y = ts.aten \"mine::anything\"(%x, %n) : (!ts.tensor, !ts.int) -> !ts.tensor")
            .empty());
}

TEST_CASE("functions and dicts are whole") {
  CHECK(errorOf("ts.return") != "");
  CHECK(errorOf("%d = ts.dict_construct(%n) : (!ts.int) -> !ts.dict<!ts.int, !ts.int>") ==
        "'ts.dict_construct' op has a key without a value");
}

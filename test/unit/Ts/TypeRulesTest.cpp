// SPDX-License-Identifier: Apache-2.0
// Type rules on one operator at a time: what they prove, and where they decline.
#include "tsc/Ts/TypeRules.h"

#include "mlir/Parser/Parser.h"

#include <catch2/catch.hpp>

using namespace mlir;
using namespace tsc::ts;

/// The last operator of a function in which %a, %b and %c have the given types (without
/// "!ts.tensor"), as "types" of its results; "-" when the rule declines.
static std::string infer(const std::vector<std::string> &tensors, const std::string &body) {
  MLIRContext context;
  context.loadDialect<TsDialect>();
  std::string source = "ts.func @f(%i: !ts.int, %u: !ts.float";
  for (size_t i = 0; i < tensors.size(); ++i)
    source += std::string(", %") + static_cast<char>('a' + i) + ": !ts.tensor" + tensors[i];
  source += ") {\n"
            "%no = ts.constant !ts.none, unit\n%yes = ts.constant !ts.bool, true\n"
            "%off = ts.constant !ts.bool, false\n";
  for (int value : {-1, 0, 1, 2, 3, 4, 5, 6})
    source += "%" + (value < 0 ? "m" : std::string("k") + std::to_string(value)) +
              (value < 0 ? std::to_string(-value) : "") + " = ts.constant !ts.int, " +
              std::to_string(value) + " : i64\n";
  source += "%half = ts.constant !ts.float, 0.5 : f64\n" + body + "\nts.return\n}";
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(source, &context);
  REQUIRE(module);
  AtenOp last;
  module->walk([&](AtenOp op) { last = op; });
  SmallVector<Type> types;
  if (failed(inferResultTypes(last, types)))
    return "-";
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::interleave(types, os, " ");
  for (size_t at; (at = text.find("!ts.tensor")) != std::string::npos;)
    text.erase(at, 10);
  return text;
}

/// An operator on tensors and named constants of `infer`.
static std::string op(const std::string &name, const std::vector<std::string> &tensors,
                      const std::string &arguments, const std::string &rest,
                      const std::string &results = "!ts.tensor", const std::string &before = "") {
  std::string types, operands;
  for (size_t i = 0; i < tensors.size(); ++i) {
    operands += (i ? ", %" : "%") + std::string(1, static_cast<char>('a' + i));
    types += (i ? ", " : "") + ("!ts.tensor" + tensors[i]);
  }
  if (!arguments.empty()) {
    operands += (operands.empty() ? "" : ", ") + arguments;
    types += (types.empty() ? "" : ", ") + rest;
  }
  return infer(tensors, before + "%r:" + std::to_string(1 + llvm::count(results, ',')) +
                            " = ts.aten \"aten::" + name + "\"(" + operands + ") : (" + types +
                            ") -> (" + results + ")");
}

static std::string list(const std::string &name, const std::string &elements, int count) {
  std::string types;
  for (int i = 0; i < count; ++i)
    types += i ? ", !ts.int" : "!ts.int";
  return "%" + name + " = ts.list_construct(" + elements + ") : (" + types +
         ") -> !ts.list<!ts.int>\n";
}

TEST_CASE("results promote as PyTorch's do") {
  auto mul = [](const std::string &a, const std::string &b) {
    return op("mul.Tensor", {a, b}, "", "");
  };
  CHECK(mul("<[2,3],f32>", "<[3],i64>") == "<[2,3],f32>");
  CHECK(mul("<[2],f16>", "<[2],bf16>") == "<[2],f32>");
  CHECK(mul("<[2],i64>", "<[],f64>") == "<[2],f64>");
  CHECK(mul("<[2],f32>", "<[],f64>") == "<[2],f32>");
  CHECK(mul("<[2],u8>", "<[],i64>") == "<[2],u8>");
  CHECK(mul("<f32>", "<[],f64>") == ""); // 0-d or not decides
  CHECK(mul("<f32>", "<f32>") == "<f32>");
  CHECK(op("mul.Scalar", {"<[2],i64>"}, "%u", "!ts.float") == "<[2],f32>");
  CHECK(op("mul.Scalar", {"<[2],bf16>"}, "%i", "!ts.int") == "<[2],bf16>");
  CHECK(op("div.Tensor", {"<[2],i64>", "<[2],i64>"}, "", "") == "<[2],f32>");
  CHECK(op("eq.Tensor", {"<[2],i64>", "<[1],f32>"}, "", "") == "<[2],bool>");
  CHECK(op("sum", {"<[2,3],bool>"}, "%no", "!ts.none") == "<[],i64>");
  CHECK(op("exp", {"<[2],i32>"}, "", "") == "<[2],f32>");
}

TEST_CASE("sizes broadcast") {
  auto add = [](const std::string &a, const std::string &b) {
    return op("add.Tensor", {a, b}, "%k1", "!ts.int");
  };
  CHECK(add("<[s0,1],f32>", "<[1,s1],f32>") == "<[s0,s1],f32>");
  CHECK(add("<[?,3],f32>", "<[2,?],f32>") == "<[2,3],f32>");
  CHECK(add("<[s0],f32>", "<[s1],f32>") == "<[?],f32>");
  CHECK(add("<[s0],f32>", "<[?],f32>") == "<[?],f32>");
  CHECK(add("<f32>", "<[2],f32>") == "<f32>");
}

TEST_CASE("views") {
  auto view = [](const std::string &self, const std::string &sizes, int count) {
    return op("view", {self}, "%s", "!ts.list<!ts.int>", "!ts.tensor", list("s", sizes, count));
  };
  CHECK(view("<[4,6],f32>", "%k2, %m1", 2) == "<[2,12],f32>");
  CHECK(view("<[4,6],f32>", "%i, %m1", 2) == "<[?,?],f32>");
  CHECK(view("<[s0,6],f32>", "%m1, %k3, %k2", 3) == "<[s0,3,2],f32>");
  CHECK(view("<[s0,6],f32>", "%m1, %k3", 2) == "<[?,3],f32>");
  CHECK(view("<f32>", "%m1, %k3", 2) == "<[?,3],f32>");
  CHECK(op("squeeze", {"<[1,2,1],f32>"}, "", "") == "<[2],f32>");
  CHECK(op("squeeze", {"<[s0,2],f32>"}, "", "") == "<f32>");
  CHECK(op("unsqueeze", {"<[2],f32>"}, "%m1", "!ts.int") == "<[2,1],f32>");
  CHECK(op("transpose.int", {"<[2,3,s0],f32>"}, "%k0, %m1", "!ts.int, !ts.int") ==
        "<[s0,3,2],f32>");
  std::string bounds = "!ts.int, !ts.int, !ts.int, !ts.int";
  CHECK(op("slice.Tensor", {"<[5],f32>"}, "%k0, %k1, %m1, %k2", bounds) == "<[2],f32>");
  CHECK(op("slice.Tensor", {"<[s0],f32>"}, "%k0, %k1, %k5, %k1", bounds) == "<[?],f32>");
  CHECK(op("view.dtype", {"<[2],f32>"}, "%k3", "!ts.int") == "-");
}

TEST_CASE("reductions") {
  std::string types = "!ts.list<!ts.int>, !ts.bool, !ts.none", dim = list("s", "%m1", 1);
  CHECK(op("mean.dim", {"<[2,3],f32>"}, "%s, %yes, %no", types, "!ts.tensor", dim) ==
        "<[2,1],f32>");
  CHECK(op("mean.dim", {"<[2,s0],f32>"}, "%s, %off, %no", types, "!ts.tensor", dim) == "<[2],f32>");
  CHECK(op("sum.dim_IntList", {"<[2,3],i32>"}, "%s, %off, %no", types, "!ts.tensor",
           "%s = ts.list_construct() : () -> !ts.list<!ts.int>\n") == "<[],i64>");
  CHECK(op("max.dim", {"<[2,3],f32>"}, "%k0, %off", "!ts.int, !ts.bool",
           "!ts.tensor, !ts.tensor") == "<[3],f32> <[3],i64>");
  CHECK(op("argmax", {"<[2,3],f32>"}, "%no, %yes", "!ts.none, !ts.bool") == "<[1,1],i64>");
  CHECK(op("any", {"<[2],u8>"}, "", "") == "<[],u8>");
}

TEST_CASE("windows") {
  std::string lists = list("s", "%k2", 1) + list("p", "%k1, %k1", 2) + list("d", "%k1", 1) +
                      list("k", "%k3, %k3", 2);
  std::string types = "!ts.list<!ts.int>, !ts.list<!ts.int>, !ts.list<!ts.int>";
  auto convolve = [&](const std::string &input) {
    return op("conv2d", {input, "<[8,4,3,3],f32>"}, "%no, %s, %p, %d, %k1",
              "!ts.none, " + types + ", !ts.int", "!ts.tensor", lists);
  };
  CHECK(convolve("<[s0,4,10,11],f32>") == "<[s0,8,5,6],f32>");
  CHECK(convolve("<[4,10,?],f32>") == "<[8,5,?],f32>");
  auto pool = [&](const std::string &ceil) {
    return op("max_pool2d", {"<[1,2,6,7],f32>"}, "%k, %s, %p, %d, " + ceil,
              "!ts.list<!ts.int>, " + types + ", !ts.bool", "!ts.tensor", lists);
  };
  CHECK(pool("%off") == "<[1,2,3,4],f32>");
  CHECK(pool("%yes") == "<[1,2,4,4],f32>");
}

TEST_CASE("products and joins") {
  CHECK(op("matmul", {"<[s0,2,3],f32>", "<[3,4],f32>"}, "", "") == "<[s0,2,4],f32>");
  CHECK(op("matmul", {"<[3],f32>", "<[3],f32>"}, "", "") == "<[],f32>");
  CHECK(op("linear", {"<[s0,5,3],f32>", "<[7,3],f32>"}, "%no", "!ts.none") == "<[s0,5,7],f32>");
  auto cat = [](const std::string &a, const std::string &b) {
    return infer({a, b}, "%l = ts.list_construct(%a, %b) : (!ts.tensor" + a + ", !ts.tensor" + b +
                             ") -> !ts.list<!ts.tensor>\n%r = ts.aten \"aten::cat\"(%l, %m1) : "
                             "(!ts.list<!ts.tensor>, !ts.int) -> !ts.tensor");
  };
  CHECK(cat("<[?,2],f32>", "<[s0,3],f32>") == "<[s0,5],f32>");
  CHECK(cat("<[0],f32>", "<[4,3],f32>") == "<f32>"); // an empty 1-d tensor does not count
}

TEST_CASE("indices") {
  auto index = [](const std::string &self, const std::string &by, const std::string &list) {
    return infer({self, by}, "%l = ts.list_construct(" + list + " -> !ts.list<!ts.any>\n" +
                                 "%r = ts.aten \"aten::index.Tensor\"(%a, %l) : (!ts.tensor" +
                                 self + ", !ts.list<!ts.any>) -> !ts.tensor");
  };
  std::string tensor = "!ts.tensor<[2,6],i64>";
  CHECK(index("<[3,4,5],f32>", "<[2,6],i64>", "%no, %b) : (!ts.none, " + tensor + ")") ==
        "<[3,2,6,5],f32>");
  CHECK(index("<[3,4,5],f32>", "<[2,6],i64>",
              "%b, %no, %b) : (" + tensor + ", !ts.none, " + tensor + ")") == "<[2,6,4],f32>");
  CHECK(index("<[3,4,5],f32>", "<[3,4],bool>", "%b) : (!ts.tensor<[3,4],bool>)") == "<[?,5],f32>");
}

TEST_CASE("operators that write") {
  CHECK(op("add_.Tensor", {"<[2,3],f32>", "<[3],f64>"}, "%k1", "!ts.int") == "<[2,3],f32>");
  CHECK(op("unsqueeze_", {"<[2],f32>"}, "%k0", "!ts.int") == "-");
  CHECK(op("add.out", {"<[2],f32>", "<[2],f32>"}, "%k1, %a", "!ts.int, !ts.tensor<[2],f32>") ==
        "-");
}

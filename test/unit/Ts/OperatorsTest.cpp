// SPDX-License-Identifier: Apache-2.0
// The operator table: every schema of the registry parses, and what is asked of rows.
#include "tsc/Ts/Operators.h"

#include <catch2/catch.hpp>

#include <fstream>
#include <thread>
#include <vector>

using namespace tsc::ts;

static Schema parse(const char *text) {
  std::string error;
  std::optional<Schema> schema = parseSchema(text, error);
  INFO(error);
  REQUIRE(schema);
  return *schema;
}

static std::string parseError(const char *text) {
  std::string error;
  CHECK_FALSE(parseSchema(text, error));
  return error;
}

TEST_CASE("every schema of the registry parses and is a row, in order") {
  std::ifstream file(TSC_SCHEMAS);
  size_t index = 0;
  for (std::string line; std::getline(file, line); ++index) {
    std::string error;
    bool parsed = parseSchema(line, error).has_value();
    if (!parsed)
      FAIL(error);
    if (allOperators()[index].schemaText != line)
      FAIL(line);
  }
  CHECK(index == allOperators().size());
}

TEST_CASE("arguments have names, types, defaults and aliases") {
  Schema add = parse(
      "aten::add.out(Tensor self, Tensor other, *, Scalar alpha=1, Tensor(a!) out) -> Tensor(a!)");
  REQUIRE(add.arguments.size() == 4);
  CHECK(add.arguments[1].name == "other");
  CHECK_FALSE(add.arguments[1].keywordOnly);
  CHECK(add.arguments[2].keywordOnly);
  CHECK(add.arguments[2].type.kind == SchemaType::Scalar);
  CHECK(add.arguments[2].defaultValue->kind == SchemaDefault::Int);
  CHECK(add.arguments[2].defaultValue->integer == 1);
  CHECK(add.arguments[3].isOut);
  CHECK(add.arguments[3].alias.sets == std::vector<std::string>{"a"});
  CHECK(add.returns[0].alias.isWrite);
}

TEST_CASE("types of all forms") {
  Schema pool = parse("x::y(int[2]? size=None, Dict(str, t[])(a!) d, (int, tVal)[] pairs, "
                      "Tensor(b!)[] out) -> t(*)?");
  const SchemaType &size = pool.arguments[0].type;
  CHECK(size.kind == SchemaType::Optional);
  CHECK(size.parameters[0].kind == SchemaType::List);
  CHECK(size.parameters[0].fixedSize == 2);
  CHECK(pool.arguments[1].type.kind == SchemaType::Dict);
  CHECK(pool.arguments[1].type.parameters[1].kind == SchemaType::List);
  CHECK(pool.arguments[1].alias.isWrite);
  CHECK(pool.arguments[2].type.parameters[0].kind == SchemaType::Tuple);
  CHECK(pool.arguments[2].type.parameters[0].parameters[1].name == "tVal");
  CHECK(pool.arguments[3].alias.isWrite);
  CHECK(pool.returns[0].type.kind == SchemaType::Optional);
  CHECK(pool.returns[0].alias.sets == std::vector<std::string>{"*"});
}

TEST_CASE("several results, and a tuple as the only one") {
  CHECK(parse("aten::max.dim(Tensor self, int dim) -> (Tensor values, Tensor indices)")
            .returns[1]
            .name == "indices");
  Schema item = parse("aten::popitem.str(Dict(str, t)(a!) self) -> ((str, t))");
  REQUIRE(item.returns.size() == 1);
  CHECK(item.returns[0].type.kind == SchemaType::Tuple);
  CHECK(parse("prim::Print(...) -> ()").varargs);
  CHECK(parse("prim::PythonOp(...) -> ...").varreturns);
}

TEST_CASE("default values") {
  Schema schema = parse(
      "x::y(float a=1e-05, str b=\"\\n\\\"\", int[2] c=[1, -1], bool d=True, int? e=None) -> ()");
  CHECK(schema.arguments[0].defaultValue->number == 1e-05);
  CHECK(schema.arguments[1].defaultValue->text == "\n\"");
  CHECK(schema.arguments[2].defaultValue->elements[1].integer == -1);
  CHECK(schema.arguments[3].defaultValue->integer == 1);
  CHECK(schema.arguments[4].defaultValue->kind == SchemaDefault::None);
}

TEST_CASE("what is not a schema says why and where") {
  CHECK(parseError("").find("operator's name") != std::string::npos);
  CHECK(parseError("a::b(Tensor) -> Tensor").find("argument's name") != std::string::npos);
  CHECK(parseError("a::b(Tensor x -> Tensor").find("expected ',' or ')' at column 15") !=
        std::string::npos);
  CHECK(parseError("a::b(Quark x) -> Tensor").find("found 'Quark'") != std::string::npos);
  CHECK(parseError("a::b(int[x] y) -> ()").find("size") != std::string::npos);
  CHECK(parseError("a::b(str x=\"y) -> ()").find("end of a string") != std::string::npos);
  std::string deep = "a::b(" + std::string(100000, '(') + "int";
  CHECK(parseError(deep.c_str()).find("less deep") != std::string::npos);
}

TEST_CASE("rows are found by full and base names") {
  const OperatorRow *add = findOperator("aten::add.Tensor");
  REQUIRE(add);
  CHECK(add->baseName() == "aten::add");
  CHECK(add->overload() == "Tensor");
  CHECK(add->kernelSymbol() == "tsc_rt_aten_add_Tensor");
  CHECK(findOperator("aten::relu")->kernelSymbol() == "tsc_rt_aten_relu");
  CHECK(findOperator("aten::frobnicate") == nullptr);
  CHECK(findOverloads("aten::frobnicate").empty());
  CHECK(llvm::is_contained(findOverloads("aten::add"), add));
}

TEST_CASE("similar names are best first") {
  CHECK(similarOperators("aten::reluu", 3).front() == "aten::relu");
  CHECK(similarOperators("aten::reluu", 3).size() == 3);
  CHECK(similarOperators("qqqqqqqqqqqqqqqqqqqqqqqq", 3).empty());
}

TEST_CASE("effects beyond the schema") {
  CHECK(findOperator("prim::Print")->effects == kSideEffects);
  CHECK(findOperator("aten::warn")->effects == kSideEffects);
  CHECK(findOperator("aten::rand.generator")->effects == kNondeterministic);
  CHECK(findOperator("aten::add.Tensor")->effects == 0);
  CHECK(findOperator("aten::add.Tensor")->isFunctional());
  CHECK_FALSE(findOperator("aten::add_.Tensor")->isFunctional());
  CHECK_FALSE(findOperator("prim::Print")->isFunctional());
}

TEST_CASE("compiled forms") {
  CHECK(findOperator("aten::neg")->lowering == "elementwise:if:-self");
  CHECK(findOperator("aten::sort")->lowering.empty());
}

TEST_CASE("schemas are parsed by any thread") {
  std::vector<std::thread> threads;
  std::vector<const Schema *> seen(4);
  for (size_t i = 0; i < seen.size(); ++i)
    threads.emplace_back([&, i] { seen[i] = &findOperator("aten::conv2d")->schema(); });
  for (std::thread &thread : threads)
    thread.join();
  CHECK(seen[0]->arguments.size() == 7);
  CHECK(std::count(seen.begin(), seen.end(), seen[0]) == 4);
}

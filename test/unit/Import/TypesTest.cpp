// SPDX-License-Identifier: Apache-2.0
// The relations between types.
#include "Types.h"

#include "mlir/IR/MLIRContext.h"

#include <catch2/catch.hpp>

using namespace tsc::importer;

namespace {
struct NoClasses : TypeHierarchy {
  bool implements(mlir::Type, tsc::ts::InterfaceType) override { return false; }
};
struct Fixture {
  Fixture() { context.loadDialect<tsc::ts::TsDialect>(); }
  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
  NoClasses none;
};
} // namespace

TEST_CASE("Subtypes") {
  Fixture f;
  Types t(&f.context);
  auto sub = [&](mlir::Type a, mlir::Type b) { return isSubtype(a, b, f.none); };
  CHECK(sub(t.integer, t.optional(t.integer)));
  CHECK(sub(t.none, t.optional(t.integer)));
  CHECK(!sub(t.optional(t.integer), t.integer));
  CHECK(sub(t.integer, t.number));
  CHECK(!sub(t.integer, t.floating));
  CHECK(sub(t.list(t.integer), t.any));
  CHECK(!sub(t.list(t.integer), t.list(t.optional(t.integer)))); // lists are invariant
  CHECK(sub(t.tuple({t.integer}), t.tuple({t.optional(t.integer)})));
  CHECK(sub(t.optional(t.str), t.unionOf({t.integer, t.str, t.none}, f.none)));
}

TEST_CASE("Unification") {
  Fixture f;
  Types t(&f.context);
  auto unified = [&](mlir::Type a, mlir::Type b, bool toUnion = false) {
    return unify(a, b, t, f.none, toUnion);
  };
  CHECK(unified(t.tensor, t.none) == t.optional(t.tensor));
  CHECK(unified(t.optional(t.integer), t.integer) == t.optional(t.integer));
  CHECK(!unified(t.integer, t.floating));
  CHECK(unified(t.str, t.integer, true) == t.unionOf({t.integer, t.str}, f.none));
  CHECK(unified(t.tuple({t.none, t.integer}), t.tuple({t.tensor, t.integer})) ==
        t.tuple({t.optional(t.tensor), t.integer}));
}

TEST_CASE("Type variables of schemas") {
  Fixture f;
  Types t(&f.context);
  std::string error;
  std::optional<tsc::ts::Schema> schema =
      tsc::ts::parseSchema("aten::append.t(t[](a!) self, t(c -> *) el) -> t[](a!)", error);
  REQUIRE(schema);
  TypeVariables variables;
  CHECK(bindVariables(schema->arguments[0].type, t.list(t.str), variables, t, f.none));
  CHECK(concreteType(schema->arguments[1].type, variables, t) == t.str);
  CHECK(bindVariables(schema->arguments[1].type, t.str, variables, t, f.none));
  CHECK(!bindVariables(schema->arguments[0].type, t.integer, variables, t, f.none));
}

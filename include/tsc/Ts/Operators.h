// SPDX-License-Identifier: Apache-2.0
// The operator table: every schema of PyTorch's registry in registration order (overload ties
// resolve by it), what its schema says of types, defaults and aliases, and what this project knows
// of it (effects, compiled form). Rows come from dialects/ts/schemas.txt and TsOperators*.td
// through optable-gen; schemas are parsed when first asked for. To add an operator, see
// dialects/ts/TsOperators.td. Whether an operator has a kernel is asked of the runtime's own table
// (hasKernel in tsc/Evaluate/Evaluator.h, by kernelSymbol()), so that a new kernel changes nothing
// here.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tsc::ts {

/// A type as schemas write it.
struct SchemaType {
  enum Kind : uint8_t {
    Tensor,
    Int,
    Float,
    Bool,
    Complex,
    Scalar,
    Str,
    Device,
    None,
    Any,
    Generator,
    Stream,
    Storage,
    List,
    Dict,
    Tuple,
    Optional,
    Future,
    Await,
    RRef,
    Class,
    Variable,
    AnyList,
    AnyTuple,
    AnyEnum,
    AnyClass,
    Union,
  };
  Kind kind = Tensor;
  std::string name; ///< of Variable ("t", "tVal") and Class (the qualified name)
  std::vector<SchemaType> parameters;
  int64_t fixedSize = 0;  ///< N of int[N]: a single element is repeated; 0: none
  bool isEnumInt = false; ///< ScalarType, Layout, MemoryFormat, QScheme: ints with a meaning
};

struct SchemaAlias {
  std::vector<std::string> sets; ///< "a", or "*" for wildcard; empty: aliases nothing
  bool isWrite = false;
  bool escapes = false; ///< "a -> *": another value holds it afterwards
};

/// A default value, parsed.
struct SchemaDefault {
  enum Kind : uint8_t { None, Bool, Int, Float, Str, List } kind = None;
  int64_t integer = 0;
  double number = 0;
  std::string text;
  std::vector<SchemaDefault> elements;
};

struct SchemaArgument {
  std::string name;
  SchemaType type;
  SchemaAlias alias; ///< of the value or, for a container, of its elements
  std::optional<SchemaDefault> defaultValue;
  bool keywordOnly = false;
  bool isOut = false; ///< a keyword-only written tensor: an out argument
};

struct Schema {
  std::vector<SchemaArgument> arguments, returns;
  bool varargs = false, varreturns = false;
};

enum OperatorEffects : uint8_t {
  kSideEffects = 1,     ///< does more than its schema declares: prints, raises for good reason
  kNondeterministic = 2 ///< draws random numbers: neither folded nor merged
};

/// One operator overload. Rows live as long as the process and are never copied.
struct OperatorRow {
  llvm::StringRef fullName;   ///< "aten::add.Tensor"; "aten::relu" when the overload has no name
  llvm::StringRef schemaText; ///< as PyTorch prints it
  llvm::StringRef lowering;   ///< compiled form: "elementwise:FORMULA", or ""
  uint8_t effects;            ///< OperatorEffects beyond what the schema says

  llvm::StringRef baseName() const { return fullName.split('.').first; }
  llvm::StringRef overload() const { return fullName.split('.').second; }
  /// The parsed schema; made on the first call, kept for the process. Thread-safe.
  const Schema &schema() const;
  /// "tsc_rt_aten_add_Tensor".
  std::string kernelSymbol() const;
  /// True when a call changes nothing: it writes no argument and has no side effects. Its results
  /// may alias arguments.
  bool isFunctional() const;
};

llvm::ArrayRef<OperatorRow> allOperators();
/// The row of "aten::add.Tensor", or null.
const OperatorRow *findOperator(llvm::StringRef fullName);
/// The overloads of "aten::add", in registration order.
llvm::ArrayRef<const OperatorRow *> findOverloads(llvm::StringRef baseName);
/// Operators whose names are close to `baseName`, best first, for "did you mean".
std::vector<llvm::StringRef> similarOperators(llvm::StringRef baseName, unsigned limit);
/// Parses a schema; nullopt with a message when the text is not one.
std::optional<Schema> parseSchema(llvm::StringRef text, std::string &error);

} // namespace tsc::ts

// SPDX-License-Identifier: Apache-2.0
// TorchScript's relations between types: what is a subtype of what, what two branches unify to, and
// how the types of operator schemas match the types of arguments. Rules: TORCHSCRIPT's language
// reference; classes and interfaces are compared through their ts.class and ts.interface, which a
// TypeHierarchy knows.
#pragma once

#include "tsc/Ts/TsDialect.h"

#include "llvm/ADT/StringMap.h"

#include <optional>
#include <string>

namespace tsc::importer {

/// What the relations must know of user-defined types.
class TypeHierarchy {
public:
  virtual ~TypeHierarchy() = default;
  /// Whether a class (or interface) has all methods of an interface.
  virtual bool implements(mlir::Type type, ts::InterfaceType interface) = 0;
};

/// The parameterless types of one context, and constructors of the others.
struct Types {
  explicit Types(mlir::MLIRContext *context);
  mlir::MLIRContext *context;
  mlir::Type tensor, integer, floating, boolean, complex, number, str, none, device, any, generator,
      stream, storage, layout, capsule, anyList, anyTuple;

  mlir::Type list(mlir::Type element) const { return ts::ListType::get(context, element); }
  /// Optional[T]; of None, Any or an Optional the type itself.
  mlir::Type optional(mlir::Type element) const;
  mlir::Type tuple(llvm::ArrayRef<mlir::Type> elements) const;
  mlir::Type dict(mlir::Type key, mlir::Type value) const {
    return ts::DictType::get(context, key, value);
  }
  mlir::Type future(mlir::Type element) const { return ts::FutureType::get(context, element); }
  /// The union of some types: members of unions are spread, subsumed ones dropped; T and None is
  /// Optional[T].
  mlir::Type unionOf(llvm::ArrayRef<mlir::Type> members, TypeHierarchy &hierarchy) const;
};

/// How large types are as texts. Types share their parts, so a short program can make one whose
/// text has no end in sight.
class TypeSizes {
public:
  static constexpr unsigned kMaxDepth = 256, kMaxNodes = 100000;
  /// Whether the type is within both limits; its parts should have been asked about before.
  bool isReasonable(mlir::Type type) {
    Size size = measure(type);
    return size.depth <= kMaxDepth && size.nodes <= kMaxNodes;
  }

private:
  struct Size {
    unsigned depth = 1, nodes = 1; ///< nodes stops a little above its limit
  };
  Size measure(mlir::Type type);
  llvm::DenseMap<mlir::Type, Size> known;
};

bool isTensor(mlir::Type type);
/// T of Optional[T], else the type.
mlir::Type withoutOptional(mlir::Type type);
/// Whether a value of the type can refer to something that is written in place.
bool isMutable(mlir::Type type);
/// The alternatives of an Optional or Union, flattened; else the type alone.
llvm::SmallVector<mlir::Type> alternatives(mlir::Type type);

bool isSubtype(mlir::Type a, mlir::Type b, TypeHierarchy &hierarchy);
/// The type of a value that is either of two; null when there is none (with `toUnion`: a union).
mlir::Type unify(mlir::Type a, mlir::Type b, const Types &types, TypeHierarchy &hierarchy,
                 bool toUnion = false);
mlir::Type unifyAll(llvm::ArrayRef<mlir::Type> all, const Types &types, TypeHierarchy &hierarchy,
                    bool toUnion = false);
/// Whether a tuple (or list) can stand for a list of the type.
bool isConvertibleToList(mlir::Type type, mlir::Type list, TypeHierarchy &hierarchy);

/// The types bound to a schema's variables ("t").
using TypeVariables = llvm::StringMap<mlir::Type>;
bool hasVariables(const ts::SchemaType &type);
/// Binds the variables of a formal type from an actual one; false when the actual cannot match.
bool bindVariables(const ts::SchemaType &formal, mlir::Type actual, TypeVariables &variables,
                   const Types &types, TypeHierarchy &hierarchy);
/// The type that a schema's type means; null when it has an unbound variable.
mlir::Type concreteType(const ts::SchemaType &type, const TypeVariables &variables,
                        const Types &types);

} // namespace tsc::importer

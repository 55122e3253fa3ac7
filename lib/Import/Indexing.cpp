// SPDX-License-Identifier: Apache-2.0
// Tensors indexed by several parts: `x[0, 1:3, ..., None, mask]`. Integers select, slices slice,
// None adds a dimension, each at once; tensors are collected and index last. A list stands for the
// tensor of its numbers.
#include "Emitter.h"

using namespace mlir;
using llvm::dyn_cast;
using llvm::isa;

namespace tsc::importer {

static bool takesDimension(const python::Expr *part) {
  return !isa<python::NoneLiteral, python::EllipsisLiteral>(part);
}

std::optional<python::Slice> FunctionEmitter::asSlice(const python::Expr &expr) const {
  if (auto slice = dyn_cast<python::Slice>(&expr))
    return *slice;
  auto call = dyn_cast<python::Call>(&expr);
  auto callee = call ? dyn_cast<python::Name>(call->callee) : nullptr;
  if (!callee || callee->id != "slice" || call->args.empty() || call->args.size() > 3 ||
      !call->keywords.empty())
    return std::nullopt;
  auto bound = [&](size_t i) -> python::Expr * {
    bool isGiven = i < call->args.size() && !isa<python::NoneLiteral>(call->args[i]);
    return isGiven ? call->args[i] : nullptr;
  };
  python::Slice slice;
  slice.range = expr.range;
  slice.lower = call->args.size() == 1 ? nullptr : bound(0);
  slice.upper = bound(call->args.size() == 1 ? 0 : 1);
  slice.step = bound(2);
  return slice;
}

TypedValue FunctionEmitter::emitTensorView(TypedValue base, python::ExprList parts,
                                           SmallVectorImpl<TypedValue> &tensors,
                                           python::Range range) {
  auto number = [&](int64_t value) -> Argument {
    return {"", literal(builder.getI64IntegerAttr(value), types.integer, range), range};
  };
  int64_t dim =
      0; // the next dimension; after an ellipsis counted from the end, 0 being past the last
  bool fromEnd = false;
  for (auto [i, part] : llvm::enumerate(parts)) {
    if (!base)
      return {};
    if (isa<python::EllipsisLiteral>(part)) {
      if (fromEnd) {
        report(part->range, Diag::UnsupportedSyntax, "a second '...' in an index");
        return {};
      }
      fromEnd = true;
      dim = -static_cast<int64_t>(llvm::count_if(parts.drop_front(i + 1), takesDimension));
    } else if (std::optional<python::Slice> slice = asSlice(*part)) {
      base = emitSlice(base, *slice, range, dim++);
    } else if (isa<python::NoneLiteral>(part)) {
      base = callBuiltin("aten::unsqueeze", {{"", base, range}, number(fromEnd ? dim - 1 : dim)},
                         {}, range);
      dim += !fromEnd;
    } else {
      TypedValue index = emitExpr(*part);
      if (!index)
        return {};
      if (index.type == types.integer) {
        base = callBuiltin("aten::select", {{"", base, range}, number(dim), {"", index, range}}, {},
                           range);
        dim += fromEnd;
        continue;
      }
      if (isa<ts::ListType>(index.type))
        index = callBuiltin("aten::tensor", {{"", index, part->range}}, {}, part->range);
      if (!index)
        return {};
      if (fromEnd || !isTensor(index.type)) {
        report(part->range, Diag::ValueType, text(index.type), "int");
        return {};
      }
      while (static_cast<int64_t>(tensors.size()) < dim)
        tensors.push_back(none(range));
      tensors.push_back(index);
      ++dim;
    }
  }
  return base;
}

TypedValue FunctionEmitter::emitTensorIndex(TypedValue base, python::ExprList parts,
                                            python::Range range) {
  SmallVector<TypedValue> tensors;
  base = emitTensorView(base, parts, tensors, range);
  if (!base || tensors.empty())
    return base;
  TypedValue list = makeList(tensors, types.optional(types.tensor), range);
  return callBuiltin("aten::index", {{"", base, range}, {"", list, range}}, {}, range);
}

bool FunctionEmitter::emitSetTensorItem(const python::Subscript &target, TypedValue base,
                                        TypedValue stored) {
  python::Range range = target.range;
  auto tuple = dyn_cast<python::Tuple>(target.index);
  SmallVector<TypedValue> tensors;
  TypedValue view =
      emitTensorView(base, tuple ? tuple->items : python::ExprList(target.index), tensors, range);
  if (view && !isTensor(stored.type)) {
    TypedValue dtype = callBuiltin("prim::dtype", {{"", view, range}}, {}, range);
    TypedValue device = callBuiltin("prim::device", {{"", view, range}}, {}, range);
    if (!dtype || !device)
      return false;
    stored = callBuiltin("aten::tensor", {{"", stored, range}},
                         {{"dtype", dtype, range}, {"device", device, range}}, range);
  }
  if (!view || !stored)
    return false;
  if (tensors.empty())
    return static_cast<bool>(
        callBuiltin("aten::copy_", {{"", view, range}, {"", stored, range}}, {}, range));
  TypedValue list = makeList(tensors, types.optional(types.tensor), range);
  return static_cast<bool>(callBuiltin(
      "aten::index_put_", {{"", view, range}, {"", list, range}, {"", stored, range}}, {}, range));
}

} // namespace tsc::importer

// SPDX-License-Identifier: Apache-2.0
// Conditions: what is known of them when compiling, and what they say of variables on either side.
#include "Emitter.h"

using namespace mlir;
using llvm::cast;
using llvm::dyn_cast;
using llvm::isa;

namespace tsc::importer {

TypedValue FunctionEmitter::toBool(TypedValue value, python::Range range) {
  if (!value || value.type == types.boolean)
    return value;
  return callBuiltin("aten::Bool", {{"", value, range}}, {}, range);
}

void FunctionEmitter::refine(const Refinements &refinements, python::Range range) {
  for (auto &[name, type] : refinements) {
    Binding *binding = findVariable(name);
    if (!binding || binding->sugar.kind != Sugar::Simple || binding->declared == type)
      continue;
    Value cast = ts::UncheckedCastOp::create(builder, loc(range), type, binding->sugar.value.value);
    frames.back().variables[name] = {Sugar::simple({cast, type}), binding->declared};
    frames.back().variables[name].declared = type;
    nameValue(name, cast);
  }
}

static Condition inverted(Condition condition) {
  std::swap(condition.whenTrue, condition.whenFalse);
  if (condition.known)
    condition.known = !*condition.known;
  return condition;
}

Condition FunctionEmitter::emitCondition(const python::Expr &expr) {
  if (auto call = dyn_cast<python::Call>(&expr)) {
    auto name = dyn_cast<python::Name>(call->callee);
    auto attribute = dyn_cast<python::Attribute>(call->callee); // torch.jit.isinstance
    bool isPlain = name && name->id == "isinstance" && !findVariable("isinstance");
    bool isDotted = attribute && attribute->name.text == "isinstance" && !source.model;
    if ((isPlain || isDotted) && call->args.size() == 2)
      return emitIsInstance(*call->args[0], *call->args[1]);
    // What Python alone would run is not compiled.
    if (attribute && attribute->name.text == "is_scripting" && call->args.empty() &&
        !source.model) {
      Condition always;
      always.value = constant(builder.getBoolAttr(true), types.boolean, expr.range);
      always.known = true;
      return always;
    }
  }
  if (auto unary = dyn_cast<python::Unary>(&expr); unary && unary->op == python::UnaryOp::Not) {
    Condition inner = inverted(emitCondition(*unary->operand));
    if (!inner.value)
      return inner;
    inner.value =
        inner.known ? constant(builder.getBoolAttr(*inner.known), types.boolean, expr.range)
                    : callBuiltin("aten::__not__", {{"", inner.value, expr.range}}, {}, expr.range);
    return inner;
  }
  if (auto compare = dyn_cast<python::Compare>(&expr); compare && compare->ops.size() == 1)
    if (compare->ops[0] == python::CompareOp::Is || compare->ops[0] == python::CompareOp::IsNot)
      if (isa<python::NoneLiteral>(compare->operands[1]))
        return emitNoneTest(*compare);
  if (auto logic = dyn_cast<python::BoolOp>(&expr))
    return emitShortCircuit(*logic);
  TypedValue value = toBool(emitExpr(expr), expr.range);
  Condition condition;
  condition.value = value;
  if (value)
    if (auto made = value.value.getDefiningOp<ts::ConstantOp>())
      if (isa<python::BoolLiteral>(expr))
        if (auto known = dyn_cast<BoolAttr>(made.getValue()))
          condition.known = known.getValue();
  return condition;
}

/// `x is None`, `x is not None`.
Condition FunctionEmitter::emitNoneTest(const python::Compare &expr) {
  TypedValue value = emitExpr(*expr.operands[0]);
  Condition condition;
  if (!value)
    return condition;
  bool negated = expr.ops[0] == python::CompareOp::IsNot;
  SmallVector<Type> members = alternatives(value.type);
  bool mayBeNone = llvm::is_contained(members, types.none) || isa<ts::AnyType>(value.type);
  bool isNone = value.type == types.none;
  if (auto name = dyn_cast<python::Name>(expr.operands[0]);
      name && mayBeNone && !isNone && !isa<ts::AnyType>(value.type)) {
    llvm::erase(members, types.none);
    condition.whenTrue.emplace_back(name->id.str(), types.none);
    condition.whenFalse.emplace_back(name->id.str(), types.unionOf(members, definitions));
    if (negated)
      std::swap(condition.whenTrue, condition.whenFalse);
    condition.whenTrue.erase(
        llvm::remove_if(condition.whenTrue, [&](auto &r) { return r.second == types.none; }),
        condition.whenTrue.end());
    condition.whenFalse.erase(
        llvm::remove_if(condition.whenFalse, [&](auto &r) { return r.second == types.none; }),
        condition.whenFalse.end());
  }
  if (isNone || !mayBeNone)
    condition.known = isNone != negated;
  condition.value = condition.known
                        ? constant(builder.getBoolAttr(*condition.known), types.boolean, expr.range)
                        : callBuiltin(negated ? "aten::__isnot__" : "aten::__is__",
                                      {{"", value, expr.range}, {"", none(expr.range), expr.range}},
                                      {}, expr.range);
  return condition;
}

/// `a and b`, `a or b`: the right side runs only where the left does not decide.
Condition FunctionEmitter::emitShortCircuit(const python::BoolOp &expr) {
  Condition result = emitCondition(*expr.operands[0]);
  for (const python::Expr *operand : llvm::drop_begin(expr.operands)) {
    if (!result.value)
      return {};
    if (result.known && *result.known != expr.isAnd)
      return result; // decided: the rest is not compiled
    Condition left = std::move(result), right;
    static const char kName[] = "$logic";
    bool ok = emitBranches(
        left, expr.range,
        [&] {
          right =
              expr.isAnd
                  ? emitCondition(*operand)
                  : Condition{
                        constant(builder.getBoolAttr(true), types.boolean, expr.range), {}, {}, {}};
          return right.value && assign(kName, Sugar::simple(right.value), expr.range);
        },
        [&] {
          Condition other =
              expr.isAnd
                  ? Condition{constant(builder.getBoolAttr(false), types.boolean, expr.range),
                              {},
                              {},
                              {}}
                  : emitCondition(*operand);
          if (!expr.isAnd)
            right = other;
          return other.value && assign(kName, Sugar::simple(other.value), expr.range);
        });
    if (!ok)
      return {};
    result = {};
    result.value = findVariable(kName)->sugar.value;
    frames.back().variables.erase(kName);
    if (left.known)
      result.known = right.known;
    Refinements &kept = expr.isAnd ? result.whenTrue : result.whenFalse;
    for (const Condition *side : {&left, &right})
      for (auto &refinement : expr.isAnd ? side->whenTrue : side->whenFalse)
        kept.push_back(refinement);
  }
  return result;
}

bool FunctionEmitter::collectTypes(const python::Expr &expr, SmallVectorImpl<Type> &found) {
  if (auto tuple = dyn_cast<python::Tuple>(&expr)) {
    for (const python::Expr *item : tuple->items)
      if (!collectTypes(*item, found))
        return false;
    return true;
  }
  Type type = definitions.parseType(expr, source);
  if (type)
    found.append(alternatives(type));
  return static_cast<bool>(type);
}

Condition FunctionEmitter::emitIsInstance(const python::Expr &object, const python::Expr &classes) {
  Condition condition;
  TypedValue value = emitExpr(object);
  SmallVector<Type> wanted;
  if (!value || !collectTypes(classes, wanted))
    return condition;
  SmallVector<Type> whenTrue, whenFalse;
  bool always = true;
  SmallVector<Type> members = alternatives(value.type);
  if (value.type == types.number)
    members = {types.integer, types.floating, types.complex};
  for (Type given : members) {
    if (isa<ts::AnyType>(given)) {
      whenTrue.append(wanted);
      whenFalse.push_back(given);
      always = llvm::is_contained(wanted, types.any);
      break;
    }
    bool fits = false;
    for (Type type : wanted) {
      if (isSub(given, type)) {
        whenTrue.push_back(given);
        fits = true;
        break;
      }
      if (isSub(type, given))
        whenTrue.push_back(type);
    }
    if (!fits) {
      whenFalse.push_back(given);
      always = false;
    }
  }
  if (auto name = dyn_cast<python::Name>(&object)) {
    if (!whenTrue.empty())
      condition.whenTrue.emplace_back(name->id.str(), types.unionOf(whenTrue, definitions));
    if (!whenFalse.empty())
      condition.whenFalse.emplace_back(name->id.str(), types.unionOf(whenFalse, definitions));
  }
  if (whenTrue.empty() || always) {
    condition.known = !whenTrue.empty();
    condition.value = constant(builder.getBoolAttr(*condition.known), types.boolean, object.range);
    return condition;
  }
  SmallVector<Attribute> typeAttrs =
      llvm::map_to_vector(wanted, [](Type type) { return Attribute(TypeAttr::get(type)); });
  Value test = ts::IsInstanceOp::create(builder, loc(object.range), types.boolean, value.value,
                                        builder.getArrayAttr(typeAttrs));
  condition.value = {test, types.boolean};
  return condition;
}

} // namespace tsc::importer

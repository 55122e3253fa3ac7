// SPDX-License-Identifier: Apache-2.0
// What ordinary source has and archives do not: operators, conditionals, augmented assignment,
// raise and assert. Archives spell them as calls.
#include "Emitter.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using llvm::cast;
using llvm::dyn_cast;
using llvm::isa;

namespace tsc::importer {

static const char *operatorName(python::BinaryOp op) {
  switch (op) {
  case python::BinaryOp::Add:
    return "aten::add";
  case python::BinaryOp::Sub:
    return "aten::sub";
  case python::BinaryOp::Mul:
    return "aten::mul";
  case python::BinaryOp::Div:
    return "aten::div";
  case python::BinaryOp::FloorDiv:
    return "aten::floordiv";
  case python::BinaryOp::Mod:
    return "aten::remainder";
  case python::BinaryOp::Pow:
    return "aten::pow";
  case python::BinaryOp::MatMul:
    return "aten::matmul";
  case python::BinaryOp::BitAnd:
    return "aten::__and__";
  case python::BinaryOp::BitOr:
    return "aten::__or__";
  case python::BinaryOp::BitXor:
    return "aten::__xor__";
  case python::BinaryOp::LeftShift:
    return "aten::__lshift__";
  case python::BinaryOp::RightShift:
    return "aten::__rshift__";
  }
  return "";
}

static const char *operatorName(python::CompareOp op) {
  switch (op) {
  case python::CompareOp::Eq:
    return "aten::eq";
  case python::CompareOp::Ne:
    return "aten::ne";
  case python::CompareOp::Lt:
    return "aten::lt";
  case python::CompareOp::Le:
    return "aten::le";
  case python::CompareOp::Gt:
    return "aten::gt";
  case python::CompareOp::Ge:
    return "aten::ge";
  case python::CompareOp::Is:
    return "aten::__is__";
  case python::CompareOp::IsNot:
    return "aten::__isnot__";
  case python::CompareOp::In:
  case python::CompareOp::NotIn:
    return "aten::__contains__";
  }
  return "";
}

/// `1.+2.j`: a complex number as archives write it.
static std::optional<std::pair<double, double>> complexLiteral(const python::Binary &expr) {
  auto imaginary = dyn_cast<python::ImaginaryLiteral>(expr.right);
  if (!imaginary || (expr.op != python::BinaryOp::Add && expr.op != python::BinaryOp::Sub))
    return std::nullopt;
  double sign = expr.op == python::BinaryOp::Add ? 1 : -1;
  if (auto real = dyn_cast<python::FloatLiteral>(expr.left))
    return std::make_pair(real->value, sign * imaginary->value);
  if (auto real = dyn_cast<python::IntLiteral>(expr.left))
    return std::make_pair(static_cast<double>(real->value), sign * imaginary->value);
  return std::nullopt;
}

static Attribute complexAttr(Builder builder, double re, double im) {
  return ts::ComplexAttr::get(builder.getContext(), builder.getF64FloatAttr(re),
                              builder.getF64FloatAttr(im));
}

bool FunctionEmitter::isNumber(Type type) const {
  return type == types.integer || type == types.floating || type == types.boolean ||
         type == types.complex || type == types.number;
}

/// `2 < x` as `x > 2`.
static StringRef swapped(StringRef comparison) {
  return llvm::StringSwitch<StringRef>(comparison)
      .Case("aten::lt", "aten::gt")
      .Case("aten::gt", "aten::lt")
      .Case("aten::le", "aten::ge")
      .Case("aten::ge", "aten::le")
      .Default(comparison);
}

TypedValue FunctionEmitter::emitBinary(python::BinaryOp op, TypedValue left, TypedValue right,
                                       python::Range range) {
  StringRef name = operatorName(op);
  if (op == python::BinaryOp::Add && isa<ts::TupleType>(left.type) &&
      isa<ts::TupleType>(right.type)) {
    SmallVector<TypedValue> items;
    for (TypedValue side : {left, right})
      items.append(*unpackTuple(side, cast<ts::TupleType>(side.type).getElements().size(), range));
    return makeTuple(items, range);
  }
  if (op == python::BinaryOp::Mod && left.type == types.str)
    name = "aten::percentFormat";
  if (isNumber(left.type) && isTensor(right.type)) {
    // Operators have the tensor first, and would take this one for a number.
    StringRef inverse = op == python::BinaryOp::Sub   ? "aten::neg"
                        : op == python::BinaryOp::Div ? "aten::reciprocal"
                                                      : "";
    if (!inverse.empty() && !(right = callBuiltin(inverse, {{"", right, range}}, {}, range)))
      return {};
    if (!inverse.empty())
      name = op == python::BinaryOp::Sub ? "aten::add" : "aten::mul";
    if (!inverse.empty() || op == python::BinaryOp::Add || op == python::BinaryOp::Mul)
      std::swap(left, right);
  }
  return callBuiltin(name, {{"", left, range}, {"", right, range}}, {}, range);
}

TypedValue FunctionEmitter::emitCompare(const python::Compare &expr) {
  TypedValue left = emitExpr(*expr.operands[0]);
  TypedValue result;
  for (auto [i, op] : llvm::enumerate(expr.ops)) {
    TypedValue right = left ? emitExpr(*expr.operands[i + 1]) : TypedValue();
    if (!right)
      return {};
    bool isIn = op == python::CompareOp::In || op == python::CompareOp::NotIn;
    Argument a = {"", isIn ? right : left, expr.range}, b = {"", isIn ? left : right, expr.range};
    StringRef name = operatorName(op);
    if (!isIn && isNumber(left.type) && isTensor(right.type)) {
      std::swap(a, b);
      name = swapped(name);
    }
    TypedValue one = callBuiltin(name, {a, b}, {}, expr.range);
    if (one && op == python::CompareOp::NotIn)
      one = callBuiltin("aten::__not__", {{"", one, expr.range}}, {}, expr.range);
    if (!one)
      return {};
    result = i == 0
                 ? one
                 : callBuiltin("aten::__and__", {{"", result, expr.range}, {"", one, expr.range}},
                               {}, expr.range);
    left = right;
  }
  return result;
}

Sugar FunctionEmitter::emitOperator(const python::Expr &expr) {
  if (auto binary = dyn_cast<python::Binary>(&expr)) {
    if (auto number = complexLiteral(*binary))
      return Sugar::simple(
          constant(complexAttr(builder, number->first, number->second), types.complex, expr.range));
    TypedValue left = emitExpr(*binary->left);
    TypedValue right = left ? emitExpr(*binary->right) : TypedValue();
    return right ? Sugar::simple(emitBinary(binary->op, left, right, expr.range)) : Sugar();
  }
  if (auto unary = dyn_cast<python::Unary>(&expr)) {
    if (unary->op == python::UnaryOp::Not)
      return Sugar::simple(emitCondition(expr).value);
    auto imaginary = dyn_cast<python::ImaginaryLiteral>(unary->operand);
    if (imaginary && unary->op == python::UnaryOp::Neg)
      return Sugar::simple(
          literal(complexAttr(builder, -0.0, -imaginary->value), types.complex, expr.range));
    TypedValue operand = emitExpr(*unary->operand);
    if (!operand || unary->op == python::UnaryOp::Pos)
      return Sugar::simple(operand);
    StringRef name = unary->op == python::UnaryOp::Neg ? "aten::neg" : "aten::bitwise_not";
    return Sugar::simple(callBuiltin(name, {{"", operand, expr.range}}, {}, expr.range));
  }
  if (auto compare = dyn_cast<python::Compare>(&expr)) {
    bool isTest =
        compare->ops.size() == 1 && isa<python::NoneLiteral>(compare->operands[1]) &&
        (compare->ops[0] == python::CompareOp::Is || compare->ops[0] == python::CompareOp::IsNot);
    return Sugar::simple(isTest ? emitCondition(expr).value : emitCompare(*compare));
  }
  if (isa<python::BoolOp>(expr))
    return Sugar::simple(emitCondition(expr).value);
  const auto &conditional = cast<python::Conditional>(expr);
  Condition condition = emitCondition(*conditional.test);
  if (!condition.value)
    return {};
  static const char kName[] = "$choice";
  auto side = [&](const python::Expr &value) {
    TypedValue chosen = emitExpr(value);
    return chosen && assign(kName, Sugar::simple(chosen), value.range);
  };
  if (!emitBranches(
          condition, expr.range, [&] { return side(*conditional.body); },
          [&] { return side(*conditional.orElse); }))
    return {};
  Binding *chosen = findVariable(kName);
  if (!chosen) {
    report(expr.range, Diag::BranchTypes);
    return {};
  }
  Sugar value = chosen->sugar;
  frames.back().variables.erase(kName);
  return value;
}

/// `left op= right`, in place where there is such an operator.
TypedValue FunctionEmitter::emitInPlace(const python::AugAssign &stmt, TypedValue left) {
  TypedValue right = left ? emitExpr(*stmt.value) : TypedValue();
  if (!right)
    return {};
  std::string inPlace = std::string(operatorName(stmt.op)) + "_";
  if ((isTensor(left.type) || isa<ts::ListType>(left.type)) && !ts::findOverloads(inPlace).empty())
    return callBuiltin(inPlace, {{"", left, stmt.range}, {"", right, stmt.range}}, {},
                       stmt.opRange);
  return emitBinary(stmt.op, left, right, stmt.opRange);
}

/// `x[i] += y`: x and i are evaluated once.
bool FunctionEmitter::emitAugmentedItem(const python::AugAssign &stmt,
                                        const python::Subscript &target) {
  python::Range range = target.range;
  TypedValue base = emitExpr(*target.value);
  if (!base)
    return false;
  if (isTensor(base.type)) {
    auto tuple = dyn_cast<python::Tuple>(target.index);
    SmallVector<TypedValue> tensors;
    TypedValue view =
        emitTensorView(base, tuple ? tuple->items : python::ExprList(target.index), tensors, range);
    if (!view)
      return false;
    if (tensors.empty()) {
      TypedValue result = emitInPlace(stmt, view);
      bool isWritten = !ts::findOverloads(std::string(operatorName(stmt.op)) + "_").empty();
      return result &&
             (isWritten ||
              callBuiltin("aten::copy_", {{"", view, range}, {"", result, range}}, {}, range));
    }
    Argument list = {"", makeList(tensors, types.optional(types.tensor), range), range};
    TypedValue result =
        emitInPlace(stmt, callBuiltin("aten::index", {{"", view, range}, list}, {}, range));
    return result && callBuiltin("aten::index_put_", {{"", view, range}, list, {"", result, range}},
                                 {}, range);
  }
  if (!isa<ts::ListType, ts::DictType>(base.type))
    return report(range, Diag::NoSubscript, text(base.type));
  TypedValue index = emitExpr(*target.index);
  TypedValue left =
      index ? callBuiltin("aten::__getitem__", {{"", base, range}, {"", index, range}}, {}, range)
            : TypedValue();
  TypedValue result = emitInPlace(stmt, left);
  return result &&
         callBuiltin("aten::_set_item",
                     {{"", base, range}, {"", index, range}, {"", result, range}}, {}, range);
}

bool FunctionEmitter::emitAugmented(const python::AugAssign &stmt) {
  if (auto subscript = dyn_cast<python::Subscript>(stmt.target))
    return emitAugmentedItem(stmt, *subscript);
  TypedValue result = emitInPlace(stmt, emitExpr(*stmt.target));
  return result && emitAssign(*stmt.target, Sugar::simple(result), stmt.target->range);
}

bool FunctionEmitter::emitDelete(const python::Delete &stmt) {
  for (const python::Expr *target : stmt.targets) {
    auto subscript = dyn_cast<python::Subscript>(target);
    if (!subscript)
      return report(target->range, Diag::UnsupportedSyntax,
                    "a 'del' of something else than an item");
    TypedValue base = emitExpr(*subscript->value);
    TypedValue index = base ? emitExpr(*subscript->index) : TypedValue();
    if (!index ||
        !callBuiltin("aten::Delete", {{"", base, target->range}, {"", index, target->range}}, {},
                     target->range))
      return false;
  }
  return true;
}

bool FunctionEmitter::emitSetItem(const python::Subscript &target, Sugar value,
                                  python::Range range) {
  TypedValue base = emitExpr(*target.value);
  TypedValue stored = base ? asValue(value, range) : TypedValue();
  if (stored && isTensor(base.type))
    return emitSetTensorItem(target, base, stored);
  TypedValue index = stored ? emitExpr(*target.index) : TypedValue();
  if (!index)
    return false;
  if (!isa<ts::ListType, ts::DictType>(base.type))
    return report(target.range, Diag::NoSubscript, text(base.type));
  return static_cast<bool>(callBuiltin("aten::_set_item",
                                       {{"", base, range}, {"", index, range}, {"", stored, range}},
                                       {}, target.range));
}

bool FunctionEmitter::emitRaise(const python::Raise &stmt) {
  const python::Expr *exception = stmt.exception;
  auto call = exception ? dyn_cast<python::Call>(exception) : nullptr;
  auto name = exception ? dyn_cast<python::Name>(call ? call->callee : exception) : nullptr;
  if (!name || (call && call->args.size() > 1))
    return report(stmt.range, Diag::UnsupportedSyntax,
                  "a 'raise' of something else than an exception with a message");
  TypedValue message = call && !call->args.empty()
                           ? emitExpr(*call->args[0])
                           : constant(builder.getStringAttr(""), types.str, stmt.range);
  if (message && message.type != types.str)
    message = callBuiltin("aten::str", {{"", message, stmt.range}}, {}, stmt.range);
  if (!message)
    return false;
  TypedValue type =
      constant(builder.getStringAttr("builtins." + name->id.str()), types.str, stmt.range);
  ts::RaiseOp::create(builder, loc(stmt.range), message.value, type.value);
  exits = Exit::Ends;
  return true;
}

bool FunctionEmitter::emitAssert(const python::Assert &stmt) {
  Condition condition = emitCondition(*stmt.test);
  if (!condition.value)
    return false;
  Refinements refinements = condition.whenTrue;
  bool ok = emitBranches(
      condition, stmt.range, [] { return true; },
      [&] {
        TypedValue message = stmt.message
                                 ? emitExpr(*stmt.message)
                                 : constant(builder.getStringAttr(""), types.str, stmt.range);
        TypedValue prefix =
            constant(builder.getStringAttr("AssertionError: "), types.str, stmt.range);
        if (message)
          message = callBuiltin("aten::add", {{"", prefix, stmt.range}, {"", message, stmt.range}},
                                {}, stmt.range);
        if (!message)
          return false;
        TypedValue type =
            constant(builder.getStringAttr("builtins.AssertionError"), types.str, stmt.range);
        ts::RaiseOp::create(builder, loc(stmt.range), message.value, type.value);
        exits = Exit::Ends;
        return true;
      });
  if (ok)
    refine(refinements, stmt.range);
  return ok;
}

} // namespace tsc::importer

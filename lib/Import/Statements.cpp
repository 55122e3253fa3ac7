// SPDX-License-Identifier: Apache-2.0
// Statements without blocks.
#include "Emitter.h"

using namespace mlir;
using llvm::cast;
using llvm::dyn_cast;
using llvm::isa;

namespace tsc::importer {

bool FunctionEmitter::emitStatement(const python::Stmt &stmt) {
  switch (stmt.kind) {
  case python::StmtKind::Expression: {
    const python::Expr &value = *cast<python::ExprStmt>(stmt).value;
    if (isa<python::StringLiteral>(value)) // a docstring
      return true;
    return static_cast<bool>(emitSugar(value));
  }
  case python::StmtKind::Assign:
    return emitAssignStatement(cast<python::Assign>(stmt));
  case python::StmtKind::AnnAssign:
    return emitAnnotated(cast<python::AnnAssign>(stmt));
  case python::StmtKind::AugAssign:
    return emitAugmented(cast<python::AugAssign>(stmt));
  case python::StmtKind::If:
    return emitIf(cast<python::If>(stmt));
  case python::StmtKind::While:
    return emitWhile(cast<python::While>(stmt));
  case python::StmtKind::For:
    return emitFor(cast<python::For>(stmt));
  case python::StmtKind::Return:
    return emitReturn(cast<python::Return>(stmt));
  case python::StmtKind::Raise:
    return emitRaise(cast<python::Raise>(stmt));
  case python::StmtKind::Assert:
    return emitAssert(cast<python::Assert>(stmt));
  case python::StmtKind::With:
    return emitWith(cast<python::With>(stmt));
  case python::StmtKind::Break:
    return emitLeave(/*isBreak=*/true, stmt.range);
  case python::StmtKind::Continue:
    return emitLeave(/*isBreak=*/false, stmt.range);
  case python::StmtKind::Pass:
    return true;
  case python::StmtKind::Delete:
    return emitDelete(cast<python::Delete>(stmt));
  case python::StmtKind::Function: {
    const auto &def = cast<python::FunctionDef>(stmt);
    Sugar closure;
    closure.kind = Sugar::Closure;
    closure.closure = &def;
    return assign(def.name.text, closure, def.name.range);
  }
  default:
    return report(stmt.range, Diag::UnsupportedSyntax, python::describe(stmt));
  }
}

bool FunctionEmitter::emitAssign(const python::Expr &target, Sugar value, python::Range range) {
  if (!value)
    return false;
  if (auto name = dyn_cast<python::Name>(&target))
    return assign(name->id, std::move(value), target.range);
  if (auto attribute = dyn_cast<python::Attribute>(&target))
    return emitSetAttribute(*attribute, std::move(value), range);
  if (auto tuple = dyn_cast<python::Tuple>(&target))
    return emitUnpack(tuple->items, std::move(value), range);
  if (auto list = dyn_cast<python::List>(&target))
    return emitUnpack(list->items, std::move(value), range);
  if (auto subscript = dyn_cast<python::Subscript>(&target))
    return emitSetItem(*subscript, std::move(value), range);
  return report(target.range, Diag::UnsupportedSyntax, python::describe(target));
}

bool FunctionEmitter::emitAssignStatement(const python::Assign &stmt) {
  Sugar value = emitSugar(*stmt.value);
  if (!value)
    return false;
  for (const python::Expr *target : stmt.targets)
    if (!emitAssign(*target, value, stmt.value->range))
      return false;
  return true;
}

bool FunctionEmitter::emitAnnotated(const python::AnnAssign &stmt) {
  Type type = definitions.parseType(*stmt.annotation, source);
  if (!type)
    return false;
  auto name = dyn_cast<python::Name>(stmt.target);
  if (!stmt.value || !name)
    return report(stmt.range, Diag::UnsupportedSyntax,
                  "an annotation without a variable and a value");
  Sugar value = emitSugar(*stmt.value, type);
  if (!value)
    return false;
  if (value.kind == Sugar::Simple) {
    TypedValue converted = convertOrReport(value.value, type, stmt.value->range);
    if (!converted)
      return false;
    value = Sugar::simple(converted);
  }
  return assign(name->id, std::move(value), stmt.target->range, type);
}

bool FunctionEmitter::emitUnpack(python::ExprList targets, Sugar value, python::Range range) {
  if (llvm::any_of(targets,
                   [](const python::Expr *target) { return isa<python::Starred>(target); }))
    return report(range, Diag::UnsupportedSyntax, "a starred target");
  TypedValue tuple = asValue(value, range);
  if (!tuple)
    return false;
  std::optional<SmallVector<TypedValue>> items = unpackTuple(tuple, targets.size(), range);
  if (!items)
    return false;
  for (auto [target, item] : llvm::zip_equal(targets, *items))
    if (!emitAssign(*target, Sugar::simple(item), range))
      return false;
  return true;
}

bool FunctionEmitter::emitSetAttribute(const python::Attribute &target, Sugar value,
                                       python::Range range) {
  TypedValue object = emitExpr(*target.value);
  TypedValue stored = object ? asValue(value, range) : TypedValue();
  if (!stored)
    return false;
  Definition *definition = definitions.ofType(object.type);
  const ClassAttribute *attribute =
      definition ? definition->findAttribute(target.name.text) : nullptr;
  if (!attribute)
    return report(target.name.range, Diag::NoAttribute, text(object.type), target.name.text);
  if (attribute->constant)
    return report(target.name.range, Diag::SetsConstant, target.name.text);
  stored = convertOrReport(stored, attribute->type, range);
  if (!stored)
    return false;
  ts::SetAttrOp::create(builder, loc(target.name.range), object.value, target.name.text,
                        stored.value);
  return true;
}

/// `torch.no_grad()` and its like: nothing to enter where nothing is recorded.
static bool changesGradMode(const python::WithItem &item) {
  auto call = dyn_cast<python::Call>(item.context);
  auto callee = call ? dyn_cast<python::Attribute>(call->callee) : nullptr;
  auto module = callee ? dyn_cast<python::Name>(callee->value) : nullptr;
  return module && module->id == "torch" && !item.target && call->args.empty() &&
         (callee->name.text == "no_grad" || callee->name.text == "enable_grad" ||
          callee->name.text == "inference_mode");
}

bool FunctionEmitter::emitWith(const python::With &stmt) {
  SmallVector<TypedValue> entered;
  SmallVector<python::Range> ranges;
  for (const python::WithItem &item : stmt.items) {
    if (!source.model && changesGradMode(item))
      continue;
    ranges.push_back(item.context->range);
    TypedValue object = emitExpr(*item.context);
    if (!object)
      return false;
    Definition *definition = definitions.ofType(object.type);
    Function *enter = definition ? definition->findMethod("__enter__") : nullptr;
    Function *exit = definition ? definition->findMethod("__exit__") : nullptr;
    if (!enter || !exit)
      return report(item.context->range, Diag::NotAContext, text(object.type));
    const Signature *signature = definitions.signatureOf(*enter);
    if (!signature)
      return false;
    program.request(*enter);
    program.request(*exit);
    Type type = signature->result ? signature->result : types.any;
    TypedValue value = {ts::EnterOp::create(builder, loc(item.context->range), type, object.value),
                        type};
    entered.push_back(object);
    if (item.target && !emitAssign(*item.target, Sugar::simple(value), item.context->range))
      return false;
  }
  if (!emitBody(stmt.body))
    return false;
  Exit exit = std::exchange(exits, Exit::No); // leaving early leaves the contexts as well
  for (size_t i = entered.size(); i-- > 0;) {
    const Signature *signature =
        definitions.signatureOf(*definitions.ofType(entered[i].type)->findMethod("__exit__"));
    if (!signature)
      return false;
    Type type = signature->result ? signature->result : types.any;
    ts::ExitOp::create(builder, loc(ranges[i]), type, entered[i].value);
  }
  exits = exit;
  return true;
}

} // namespace tsc::importer

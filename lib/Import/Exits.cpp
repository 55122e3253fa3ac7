// SPDX-License-Identifier: Apache-2.0
// Early exits of ordinary source: return, break and continue inside branches and loops. (Archives
// have none: PyTorch has taken them out.) An exit sets flags; what follows a statement that may
// have exited runs under a test of them.
//
//   for x in xs:                        $skip1 = False; $broke1 = False
//     if x > 3:                         if x > 3: $skip1 = True; $broke1 = True
//       break                     →     if not $skip1: total = total + x
//     total = total + x                 (the loop goes on while not $broke1)
//
// `$returned` and `$result` are the same for return. They are variables like others, whose names no
// program can have.
#include "Emitter.h"

using namespace mlir;
using llvm::cast;
using llvm::dyn_cast;
using llvm::isa;

namespace tsc::importer {

/// Whether `found` holds for a statement or one nested in it; `intoLoops` says whether loops are
/// looked into.
static bool anyStatement(python::StmtList body, bool intoLoops,
                         llvm::function_ref<bool(const python::Stmt &)> found) {
  for (const python::Stmt *stmt : body) {
    if (found(*stmt))
      return true;
    auto inside = [&](python::StmtList list) { return anyStatement(list, intoLoops, found); };
    if (auto branch = dyn_cast<python::If>(stmt)) {
      if (inside(branch->body) || inside(branch->orElse))
        return true;
    } else if (auto with = dyn_cast<python::With>(stmt)) {
      if (inside(with->body))
        return true;
    } else if (auto loop = dyn_cast<python::While>(stmt); loop && intoLoops) {
      if (inside(loop->body))
        return true;
    } else if (auto loop = dyn_cast<python::For>(stmt); loop && intoLoops) {
      if (inside(loop->body))
        return true;
    }
  }
  return false;
}

static bool mayReturn(python::StmtList body) {
  return anyStatement(body, true,
                      [](const python::Stmt &stmt) { return isa<python::Return>(stmt); });
}

/// A break or continue of the loop around these statements.
static bool mayLeave(python::StmtList body) {
  return anyStatement(body, false, [](const python::Stmt &stmt) {
    return isa<python::Break, python::Continue>(stmt);
  });
}

static const char kReturned[] = "$returned", kResult[] = "$result";

std::string FunctionEmitter::loopFlag(llvm::StringRef name) const {
  return ("$" + name + Twine(loopDepth)).str();
}

void FunctionEmitter::setFlag(StringRef name, bool value, python::Range range) {
  assign(name, Sugar::simple(constant(builder.getBoolAttr(value), types.boolean, range)), range);
}

bool FunctionEmitter::beginExits(python::StmtList body, python::Range range) {
  // A return that ends the body needs no flags.
  bool endsPlainly = !body.empty() && isa<python::Return>(body.back());
  flagsReturns = !findsResult && mayReturn(endsPlainly ? body.drop_back() : body);
  loopDepth = 0;
  exits = Exit::No;
  if (!flagsReturns)
    return true;
  if (!returnType && &body.front() == &function.def->body.front())
    returnType = findResult();
  if (!returnType)
    return definitions.engine.hasErrors() ? false : report(range, Diag::ReturnTypeNeeded);
  setFlag(kReturned, false, range);
  TypedValue start =
      returnType == types.none
          ? none(range)
          : TypedValue{ts::UninitializedOp::create(builder, loc(range), returnType), returnType};
  frames.back().variables[kResult] = {Sugar::simple(start), returnType};
  return true;
}

Type FunctionEmitter::findResult() {
  FunctionEmitter first(program, function);
  first.findsResult = true;
  first.emit();
  if (first.op)
    first.op.erase();
  return definitions.engine.hasErrors() ? Type() : first.returnType;
}

bool FunctionEmitter::emitReturn(const python::Return &stmt) {
  TypedValue value = stmt.value ? emitExpr(*stmt.value, returnType) : none(stmt.range);
  if (!value)
    return false;
  if (returnType &&
      !(value = convertOrReport(value, returnType, stmt.value ? stmt.value->range : stmt.range)))
    return false;
  if (!returnType)
    returnType = value.type;
  if (findsResult)
    return false;
  exits = Exit::Ends;
  if (!flagsReturns) {
    ts::ReturnOp::create(builder, loc(stmt.range), ValueRange{value.value});
    return true;
  }
  setFlag(kReturned, true, stmt.range);
  if (loopDepth) {
    setFlag(loopFlag("skip"), true, stmt.range);
    setFlag(loopFlag("broke"), true, stmt.range);
  }
  return assign(kResult, Sugar::simple(value), stmt.range);
}

bool FunctionEmitter::emitLeave(bool isBreak, python::Range range) {
  if (!loopDepth)
    return report(range, Diag::LeaveOutsideLoop, isBreak ? "break" : "continue");
  setFlag(loopFlag("skip"), true, range);
  if (isBreak)
    setFlag(loopFlag("broke"), true, range);
  exits = Exit::Leaves;
  return true;
}

bool FunctionEmitter::finishFunction(python::Range range) {
  Block *block = builder.getInsertionBlock();
  if (!block->empty() && block->back().hasTrait<OpTrait::IsTerminator>())
    return true;
  Type type = returnType ? returnType : types.none;
  TypedValue value;
  if (exits == Exit::No && !isSub(types.none, type))
    return report(range, Diag::MissingReturn, function.name, text(type));
  if (flagsReturns && type != types.none)
    value = load(kResult, range).value;
  else if (exits == Exit::No || type == types.none)
    value = none(range);
  else // only exceptions end it: a value that is never read
    value = {ts::UninitializedOp::create(builder, loc(range), type), type};
  returnType = type;
  ts::ReturnOp::create(builder, loc(range), ValueRange{value.value});
  return true;
}

/// After a loop that may have returned: the loop around it ends too.
bool FunctionEmitter::passReturnOn(python::Range range) {
  if (!loopDepth)
    return true;
  for (const char *flag : {"skip", "broke"}) {
    TypedValue either = callBuiltin(
        "aten::__or__",
        {{"", load(loopFlag(flag), range).value, range}, {"", load(kReturned, range).value, range}},
        {}, range);
    if (!either || !assign(loopFlag(flag), Sugar::simple(either), range))
      return false;
  }
  return true;
}

bool FunctionEmitter::emitBody(python::StmtList body) {
  for (auto [i, stmt] : llvm::enumerate(body)) {
    pendingRefinements.clear();
    if (!emitStatement(*stmt))
      return false;
    if (exits != Exit::No)
      break; // the rest is never reached
    bool returns = flagsReturns && !isa<python::Return>(stmt) && mayReturn(body.slice(i, 1));
    bool leaves = loopDepth && !isa<python::While, python::For>(stmt) && mayLeave(body.slice(i, 1));
    if (returns && isa<python::While, python::For>(stmt) && !passReturnOn(stmt->range))
      return false;
    Refinements refinements = std::exchange(pendingRefinements, {});
    if (!returns && !leaves) {
      refine(refinements, stmt->range);
      continue;
    }
    if (i + 1 == body.size())
      break;
    return emitUnlessExited(body.drop_front(i + 1), refinements, leaves);
  }
  return true;
}

bool FunctionEmitter::emitUnlessExited(python::StmtList rest, const Refinements &refinements,
                                       bool mayHaveLeft) {
  python::Range range = rest.front()->range;
  std::string flag = loopDepth ? loopFlag("skip") : kReturned;
  Condition condition;
  condition.value = callBuiltin("aten::__not__", {{"", load(flag, range).value, range}}, {}, range);
  if (!condition.value)
    return false;
  Exit restExits = Exit::No;
  bool ok = emitBranches(
      condition, range,
      [&] {
        refine(refinements, range);
        if (!emitBody(rest))
          return false;
        restExits = exits;
        return true;
      },
      [] { return true; });
  exits = restExits == Exit::Ends && mayHaveLeft ? Exit::Leaves : restExits;
  return ok;
}

} // namespace tsc::importer

// SPDX-License-Identifier: Apache-2.0
// Branches and loops. A variable that a block assigns becomes a result: of a branch when both sides
// know it, of a loop when it was known before (what a loop may assign is read off its body first).
#include "Emitter.h"

using namespace mlir;
using llvm::cast;
using llvm::dyn_cast;
using llvm::isa;

namespace tsc::importer {

// ---- Branches

bool FunctionEmitter::emitIf(const python::If &stmt) {
  Condition condition = emitCondition(*stmt.test);
  if (!condition.value)
    return false;
  Exit ends[2] = {Exit::No, Exit::No};
  auto side = [&](python::StmtList body, Exit &end) {
    bool ok = emitBody(body);
    end = exits;
    return ok;
  };
  if (!emitBranches(
          condition, stmt.range, [&] { return side(stmt.body, ends[0]); },
          [&] { return side(stmt.orElse, ends[1]); }))
    return false;
  // Past a branch that exits, the other side's knowledge holds.
  if (!condition.known && (ends[0] == Exit::No) != (ends[1] == Exit::No))
    pendingRefinements = ends[0] == Exit::No ? condition.whenTrue : condition.whenFalse;
  return true;
}

bool FunctionEmitter::emitBranches(const Condition &condition, python::Range range,
                                   llvm::function_ref<bool()> emitThen,
                                   llvm::function_ref<bool()> emitElse) {
  if (condition.known) {
    refine(*condition.known ? condition.whenTrue : condition.whenFalse, range);
    return *condition.known ? emitThen() : emitElse();
  }
  auto op = ts::IfOp::create(builder, loc(range), TypeRange(), condition.value.value);
  Frame branchFrames[2];
  Exit branchExits[2];
  for (unsigned i = 0; i < 2; ++i) {
    OpBuilder::InsertionGuard guard(builder);
    Block *block = builder.createBlock(&op->getRegion(i));
    frames.push_back({block, {}, {}});
    refine(i == 0 ? condition.whenTrue : condition.whenFalse, range);
    if (!(i == 0 ? emitThen() : emitElse()))
      return false;
    branchExits[i] = exits;
    exits = Exit::No;
    branchFrames[i] = std::move(frames.back());
    frames.pop_back();
  }
  return mergeBranches(op, branchFrames, branchExits, range);
}

SmallVector<FunctionEmitter::MergedVariable> FunctionEmitter::mergedVariables(ts::IfOp op,
                                                                              Frame (&sides)[2],
                                                                              const bool (&ends)[2],
                                                                              python::Range range) {
  static const char *const kMissing[] = {"is not defined in the false branch",
                                         "is not defined in the true branch"};
  std::map<std::string, int> names; // sorted, as PyTorch has them
  for (unsigned i = 0; i < 2; ++i)
    for (auto &[name, binding] : sides[i].variables)
      if (sides[1 - i].variables.count(name) || findVariable(name) || ends[1 - i])
        names[name];
      else
        frames.back().errors[name] = kMissing[i];
  SmallVector<MergedVariable> merged;
  for (auto &[name, unused] : names) {
    bool isFlag = name.front() == '$'; // needed however the block ends
    if (ends[0] && ends[1] && !isFlag)
      continue;
    Binding *outer = findVariable(name), *known[2];
    for (unsigned i = 0; i < 2; ++i) {
      auto it = sides[i].variables.find(name);
      known[i] = ends[i] && !isFlag               ? nullptr
                 : it != sides[i].variables.end() ? &it->second
                                                  : outer;
    }
    auto isOther = [](Binding *binding) { return binding && binding->sugar.kind != Sugar::Simple; };
    if (isOther(known[0]) || isOther(known[1]) || (!known[0] && !known[1]))
      continue;
    MergedVariable variable;
    variable.name = name;
    if (known[0] && known[1]) {
      bool toUnion = outer && outer->declared &&
                     isa<ts::OptionalType, ts::UnionType, ts::NumberType>(outer->declared);
      variable.declared =
          unify(known[0]->declared, known[1]->declared, types, definitions, toUnion);
      variable.stored =
          unify(known[0]->sugar.value.type, known[1]->sugar.value.type, types, definitions, true);
      if (outer && outer->declared && isa<ts::AnyType>(outer->declared))
        variable.declared = variable.stored = outer->declared;
      if (!variable.declared) {
        frames.back().errors[name] = "has type '" + text(known[0]->declared) +
                                     "' in the true branch and '" + text(known[1]->declared) +
                                     "' in the false branch";
        continue;
      }
    } else {
      Binding *only = known[0] ? known[0] : known[1];
      variable.declared = only->declared;
      variable.stored = only->sugar.value.type;
    }
    for (unsigned i = 0; i < 2; ++i) {
      OpBuilder inBlock = OpBuilder::atBlockEnd(&op->getRegion(i).front());
      variable.values[i] =
          known[i] ? known[i]->sugar.value.value
                   : Value(ts::UninitializedOp::create(inBlock, loc(range), variable.stored));
    }
    merged.push_back(std::move(variable));
  }
  return merged;
}

bool FunctionEmitter::mergeBranches(ts::IfOp op, Frame (&sides)[2], const Exit (&sideExits)[2],
                                    python::Range range) {
  const bool ends[2] = {sideExits[0] == Exit::Ends, sideExits[1] == Exit::Ends};
  SmallVector<MergedVariable> variables = mergedVariables(op, sides, ends, range);
  SmallVector<Type> resultTypes =
      llvm::map_to_vector(variables, [](const MergedVariable &v) { return v.stored; });
  for (unsigned i = 0; i < 2; ++i) {
    OpBuilder atEnd = OpBuilder::atBlockEnd(&op->getRegion(i).front());
    SmallVector<Value> values =
        llvm::map_to_vector(variables, [&](const MergedVariable &v) { return v.values[i]; });
    ts::YieldOp::create(atEnd, loc(range), values);
  }
  auto merged = ts::IfOp::create(builder, op.getLoc(), resultTypes, op.getCondition());
  merged.getThenRegion().takeBody(op.getThenRegion());
  merged.getElseRegion().takeBody(op.getElseRegion());
  op.erase();
  for (auto [variable, result] : llvm::zip_equal(variables, merged.getResults())) {
    nameValue(variable.name, result);
    frames.back().variables[variable.name] = {Sugar::simple({result, variable.stored}),
                                              variable.declared};
  }
  if (sideExits[0] != Exit::No && sideExits[1] != Exit::No)
    exits = ends[0] && ends[1] ? Exit::Ends : Exit::Leaves;
  return true;
}

// ---- Loops

static void collectTargets(const python::Expr &target, std::map<std::string, int> &names) {
  if (auto name = dyn_cast<python::Name>(&target))
    names[name->id.str()];
  else if (auto tuple = dyn_cast<python::Tuple>(&target))
    for (const python::Expr *item : tuple->items)
      collectTargets(*item, names);
  else if (auto list = dyn_cast<python::List>(&target))
    for (const python::Expr *item : list->items)
      collectTargets(*item, names);
}

/// The variables that statements may assign, nested blocks included.
static void collectAssigned(python::StmtList body, std::map<std::string, int> &names) {
  for (const python::Stmt *stmt : body) {
    if (auto assign = dyn_cast<python::Assign>(stmt)) {
      for (const python::Expr *target : assign->targets)
        collectTargets(*target, names);
    } else if (auto annotated = dyn_cast<python::AnnAssign>(stmt)) {
      collectTargets(*annotated->target, names);
    } else if (auto augmented = dyn_cast<python::AugAssign>(stmt)) {
      collectTargets(*augmented->target, names);
    } else if (auto branch = dyn_cast<python::If>(stmt)) {
      collectAssigned(branch->body, names);
      collectAssigned(branch->orElse, names);
    } else if (auto loop = dyn_cast<python::While>(stmt)) {
      collectAssigned(loop->body, names);
    } else if (auto loop = dyn_cast<python::For>(stmt)) {
      collectTargets(*loop->target, names);
      collectAssigned(loop->body, names);
    } else if (auto with = dyn_cast<python::With>(stmt)) {
      for (const python::WithItem &item : with->items)
        if (item.target)
          collectTargets(*item.target, names);
      collectAssigned(with->body, names);
    }
  }
}

bool FunctionEmitter::emitWhile(const python::While &stmt) {
  if (!stmt.orElse.empty())
    return report(stmt.range, Diag::UnsupportedSyntax, "an 'else' of a loop");
  TypedValue trips = literal(builder.getI64IntegerAttr(INT64_MAX), types.integer, stmt.range);
  return emitLoop(trips, stmt.test, stmt.body, stmt.range, nullptr, nullptr);
}

bool FunctionEmitter::emitLoop(TypedValue trips, const python::Expr *test, python::StmtList body,
                               python::Range range, llvm::function_ref<bool(Value)> emitTarget,
                               const python::Expr *target) {
  std::map<std::string, int> assigned;
  collectAssigned(body, assigned);
  if (target)
    collectTargets(*target, assigned);
  if (flagsReturns) {
    assigned["$returned"];
    assigned["$result"];
  }
  if (loopDepth) { // an inner loop that returns ends this one
    assigned[loopFlag("skip")];
    assigned[loopFlag("broke")];
  }

  TypedValue start =
      test ? emitCondition(*test).value : constant(builder.getBoolAttr(true), types.boolean, range);
  if (!start)
    return false;
  SmallVector<std::string> carried;
  SmallVector<Value> inits;
  SmallVector<Type> initTypes;
  for (auto &[name, unused] : assigned) {
    Binding *binding = findVariable(name);
    if (!binding || binding->sugar.kind != Sugar::Simple)
      continue;
    carried.push_back(name);
    inits.push_back(binding->sugar.value.value);
    initTypes.push_back(binding->declared);
  }
  auto loop = ts::LoopOp::create(builder, loc(range), TypeRange(initTypes), trips.value,
                                 start.value, inits);
  SmallVector<Value> next;
  {
    OpBuilder::InsertionGuard guard(builder);
    Block *block = builder.createBlock(&loop.getBody());
    Value turn = block->addArgument(types.integer, loc(range));
    frames.push_back({block, {}, {}});
    for (auto [name, type] : llvm::zip_equal(carried, initTypes)) {
      Value argument = block->addArgument(type, loc(range));
      nameValue(name, argument);
      frames.back().variables[name] = {Sugar::simple({argument, type}), type};
    }
    TypedValue goOn = start;
    if (!emitLoopBody(test, body, range, [&] { return !emitTarget || emitTarget(turn); }, goOn))
      return false;
    next.push_back(goOn.value);
    for (auto [name, type] : llvm::zip_equal(carried, initTypes)) {
      Binding &binding = frames.back().variables[name];
      if (binding.sugar.kind != Sugar::Simple)
        return report(range, Diag::RebindsFunction, name);
      next.push_back(binding.sugar.value.value);
    }
    ts::YieldOp::create(builder, loc(range), next);
    frames.pop_back();
  }
  for (auto [i, name] : llvm::enumerate(carried)) {
    nameValue(name, loop.getResult(i));
    frames.back().variables[name] = {Sugar::simple({loop.getResult(i), initTypes[i]}),
                                     initTypes[i]};
  }
  return true;
}

/// One turn, and in `goOn` whether there is another.
bool FunctionEmitter::emitLoopBody(const python::Expr *test, python::StmtList body,
                                   python::Range range, llvm::function_ref<bool()> emitTarget,
                                   TypedValue &goOn) {
  ++loopDepth;
  bool hasFlags = !source.model;
  if (hasFlags) {
    setFlag(loopFlag("skip"), false, range);
    setFlag(loopFlag("broke"), false, range);
  }
  bool ok = emitTarget() && emitBody(body);
  exits = Exit::No;
  if (ok && test)
    ok = static_cast<bool>(goOn = emitCondition(*test).value);
  if (ok && hasFlags) {
    TypedValue unbroken = callBuiltin(
        "aten::__not__", {{"", load(loopFlag("broke"), range).value, range}}, {}, range);
    goOn = !unbroken || !test ? unbroken
                              : callBuiltin("aten::__and__",
                                            {{"", unbroken, range}, {"", goOn, range}}, {}, range);
    ok = static_cast<bool>(goOn);
  }
  --loopDepth;
  return ok;
}

bool FunctionEmitter::emitFor(const python::For &stmt) {
  if (!stmt.orElse.empty() || stmt.isAsync)
    return report(stmt.range, Diag::UnsupportedSyntax, "an 'else' of a loop or an async loop");
  Sugar iterable = emitSugar(*stmt.iterable);
  python::Range range = stmt.iterable->range;
  std::optional<Iteration> iteration = iterable ? iterate(iterable, range) : std::nullopt;
  if (!iteration)
    return false;
  bool counts =
      iterable.kind == Sugar::Iterable && iterable.name == "range" && iterable.items.size() == 1;
  return emitLoop(
      iteration->trips, nullptr, stmt.body, stmt.range,
      [&](Value turn) {
        if (auto name = dyn_cast<python::Name>(stmt.target); name && counts)
          nameValue(name->id, turn);
        TypedValue item = iteration->item({turn, types.integer});
        return item && emitAssign(*stmt.target, Sugar::simple(item), range);
      },
      stmt.target);
}

// ---- What is iterated over

std::optional<FunctionEmitter::Iteration> FunctionEmitter::iterate(const Sugar &iterable,
                                                                   python::Range range) {
  if (iterable.kind == Sugar::Iterable)
    return iterable.name == "range" ? iterateRange(iterable, range)
                                    : iterateTogether(iterable, range);
  TypedValue list = asValue(iterable, range);
  if (!list)
    return std::nullopt;
  if (auto tuple = dyn_cast<ts::TupleType>(list.type); tuple && !source.model &&
                                                       !tuple.getElements().empty() &&
                                                       llvm::all_equal(tuple.getElements()))
    list = makeList(*unpackTuple(list, tuple.getElements().size(), range),
                    tuple.getElements().front(), range);
  if (isa<ts::DictType>(list.type) &&
      !(list = callBuiltin("aten::keys", {{"", list, range}}, {}, range)))
    return std::nullopt;
  if (!isa<ts::ListType, ts::StrType>(list.type) && !isTensor(list.type)) {
    report(range, Diag::NotIterable, text(list.type));
    return std::nullopt;
  }
  TypedValue length = callBuiltin("aten::len", {{"", list, range}}, {}, range);
  if (!length)
    return std::nullopt;
  return Iteration{length, [this, list, range](TypedValue index) {
                     if (!isTensor(list.type))
                       return callBuiltin("aten::__getitem__",
                                          {{"", list, range}, {"", index, range}}, {}, range);
                     TypedValue zero = literal(builder.getI64IntegerAttr(0), types.integer, range);
                     return callBuiltin("aten::select",
                                        {{"", list, range}, {"", zero, range}, {"", index, range}},
                                        {}, range);
                   }};
}

std::optional<FunctionEmitter::Iteration> FunctionEmitter::iterateRange(const Sugar &bounds,
                                                                        python::Range range) {
  SmallVector<Argument> parts;
  for (const Sugar &item : bounds.items)
    parts.push_back({"", item.value, range});
  if (parts.size() == 1)
    return Iteration{parts[0].value, [](TypedValue turn) { return turn; }};
  if (parts.size() == 2)
    parts.push_back({"", constant(builder.getI64IntegerAttr(1), types.integer, range), range});
  TypedValue trips = callBuiltin("aten::__range_length", parts, {}, range);
  if (!trips)
    return std::nullopt;
  return Iteration{trips, [this, parts, range](TypedValue turn) {
                     return callBuiltin("aten::__derive_index",
                                        {{"", turn, range}, parts[0], parts[2]}, {}, range);
                   }};
}

/// zip and enumerate: tuples of what several iterables have at a turn, as many as the shortest.
std::optional<FunctionEmitter::Iteration> FunctionEmitter::iterateTogether(const Sugar &iterables,
                                                                           python::Range range) {
  bool counts = iterables.name == "enumerate";
  std::vector<Iteration> parts;
  TypedValue start;
  if (counts && iterables.items.size() == 2 &&
      !(start = convertOrReport(asValue(iterables.items[1], range), types.integer, range)))
    return std::nullopt;
  if (counts)
    parts.push_back({{}, [this, start, range](TypedValue turn) {
                       return start
                                  ? callBuiltin("aten::add",
                                                {{"", turn, range}, {"", start, range}}, {}, range)
                                  : turn;
                     }});
  for (const Sugar &item : ArrayRef(iterables.items).take_front(counts ? 1 : 64)) {
    std::optional<Iteration> part = iterate(item, range);
    if (!part)
      return std::nullopt;
    parts.push_back(std::move(*part));
  }
  TypedValue trips = parts.back().trips;
  for (const Iteration &part : ArrayRef(parts).drop_back())
    if (part.trips && !(trips = callBuiltin(
                            "prim::min", {{"", trips, range}, {"", part.trips, range}}, {}, range)))
      return std::nullopt;
  return Iteration{trips, [this, parts, range](TypedValue turn) {
                     SmallVector<TypedValue> items;
                     for (const Iteration &part : parts) {
                       items.push_back(part.item(turn));
                       if (!items.back())
                         return TypedValue();
                     }
                     return makeTuple(items, range);
                   }};
}

// ---- Comprehensions

/// Adds one element to the list or dict, whose type the first one decides.
bool FunctionEmitter::emitComprehensionBody(const python::Comprehension &expr,
                                            const Iteration &iteration, TypedValue turn, Type hint,
                                            TypedValue &made) {
  const python::ComprehensionFor &clause = expr.generators.front();
  python::Range range = expr.range;
  TypedValue item = iteration.item(turn);
  if (!item || !emitAssign(*clause.target, Sugar::simple(item), clause.range))
    return false;
  auto listHint = dyn_cast_or_null<ts::ListType>(hint);
  auto dictHint = dyn_cast_or_null<ts::DictType>(hint);
  TypedValue element = emitExpr(*expr.element, listHint ? listHint.getElement() : Type());
  if (!element)
    return false;
  if (expr.form == python::ComprehensionKind::List) {
    if (listHint && !(element = convertOrReport(element, listHint.getElement(), range)))
      return false;
    made.type = types.list(element.type);
    made.value.setType(made.type);
    return static_cast<bool>(
        callBuiltin("aten::append", {{"", made, range}, {"", element, range}}, {}, range));
  }
  TypedValue value = emitExpr(*expr.value, dictHint ? dictHint.getValue() : Type());
  if (!value)
    return false;
  made.type = dictHint ? Type(dictHint) : types.dict(element.type, value.type);
  made.value.setType(made.type);
  return static_cast<bool>(callBuiltin(
      "aten::_set_item", {{"", made, range}, {"", element, range}, {"", value, range}}, {}, range));
}

TypedValue FunctionEmitter::emitComprehension(const python::Comprehension &expr, Type hint) {
  bool isList = expr.form == python::ComprehensionKind::List;
  const python::ComprehensionFor &clause = expr.generators.front();
  if ((!isList && expr.form != python::ComprehensionKind::Dict) || expr.generators.size() != 1 ||
      !clause.conditions.empty() || clause.isAsync) {
    report(expr.range, Diag::UnsupportedSyntax, python::describe(expr));
    return {};
  }
  Sugar iterable = emitSugar(*clause.iterable);
  std::optional<Iteration> iteration =
      iterable ? iterate(iterable, clause.iterable->range) : std::nullopt;
  if (!iteration)
    return {};
  TypedValue made;
  made.type = isList ? types.list(types.tensor) : types.dict(types.str, types.tensor);
  made.value =
      isList
          ? Value(ts::ListConstructOp::create(builder, loc(expr.range), made.type, ValueRange()))
          : Value(ts::DictConstructOp::create(builder, loc(expr.range), made.type, ValueRange()));
  bool ok = emitPlainLoop(iteration->trips, expr.range, [&](TypedValue turn) {
    return emitComprehensionBody(expr, *iteration, turn, hint, made);
  });
  return ok ? made : TypedValue();
}

/// Keys and values from an iterable of pairs.
TypedValue FunctionEmitter::emitDictOfPairs(const Sugar &pairs, python::Range range) {
  std::optional<Iteration> iteration = iterate(pairs, range);
  if (!iteration)
    return {};
  TypedValue made;
  made.type = types.dict(types.str, types.tensor);
  made.value = ts::DictConstructOp::create(builder, loc(range), made.type, ValueRange());
  bool ok = emitPlainLoop(iteration->trips, range, [&](TypedValue turn) {
    TypedValue pair = iteration->item(turn);
    std::optional<SmallVector<TypedValue>> items =
        pair ? unpackTuple(pair, 2, range) : std::nullopt;
    if (!items)
      return false;
    made.type = types.dict((*items)[0].type, (*items)[1].type);
    made.value.setType(made.type);
    return static_cast<bool>(callBuiltin(
        "aten::_set_item", {{"", made, range}, {"", (*items)[0], range}, {"", (*items)[1], range}},
        {}, range));
  });
  return ok ? made : TypedValue();
}

bool FunctionEmitter::emitPlainLoop(TypedValue trips, python::Range range,
                                    llvm::function_ref<bool(TypedValue turn)> body) {
  TypedValue yes = constant(builder.getBoolAttr(true), types.boolean, range);
  auto loop =
      ts::LoopOp::create(builder, loc(range), TypeRange(), trips.value, yes.value, ValueRange());
  OpBuilder::InsertionGuard guard(builder);
  Block *block = builder.createBlock(&loop.getBody());
  Value turn = block->addArgument(types.integer, loc(range));
  frames.push_back({block, {}, {}});
  bool ok = body({turn, types.integer});
  frames.pop_back();
  if (ok)
    ts::YieldOp::create(builder, loc(range), yes.value);
  return ok;
}

} // namespace tsc::importer

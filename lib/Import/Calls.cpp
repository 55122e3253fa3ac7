// SPDX-License-Identifier: Apache-2.0
// Calls: of operators, functions, methods, constructors, and the special forms that look like
// calls.
#include "Emitter.h"

#include "NamedConstants.h"

using namespace mlir;
using llvm::cast;
using llvm::dyn_cast;
using llvm::isa;

namespace tsc::importer {

bool FunctionEmitter::collectArguments(const python::Call &expr, SmallVectorImpl<Argument> &args,
                                       SmallVectorImpl<Argument> &keywords, size_t skip) {
  for (const python::Expr *arg : expr.args.drop_front(skip)) {
    if (auto starred = dyn_cast<python::Starred>(arg)) {
      TypedValue tuple = emitExpr(*starred->value);
      auto type = tuple ? dyn_cast<ts::TupleType>(tuple.type) : ts::TupleType();
      if (!type)
        return tuple ? report(arg->range, Diag::CannotUnpack, text(tuple.type)) : false;
      SmallVector<TypedValue> items = *unpackTuple(tuple, type.getElements().size(), arg->range);
      for (TypedValue item : items)
        args.push_back({"", item, arg->range});
      continue;
    }
    TypedValue value = emitExpr(*arg);
    if (!value)
      return false;
    args.push_back({"", value, arg->range});
  }
  for (const python::Keyword &keyword : expr.keywords) {
    if (keyword.name.text.empty())
      return report(keyword.value->range, Diag::UnsupportedSyntax, "'**' in a call");
    TypedValue value = emitExpr(*keyword.value);
    if (!value)
      return false;
    keywords.push_back({keyword.name.text.str(), value, keyword.value->range});
  }
  return true;
}

/// The range that a call's operations are placed at: of the name that is called.
static python::Range calleeRange(const python::Expr &callee) {
  if (auto attribute = dyn_cast<python::Attribute>(&callee))
    return attribute->name.range;
  return callee.range;
}

Sugar FunctionEmitter::emitCall(const python::Call &expr, Type hint) {
  Sugar callee = emitSugar(*expr.callee);
  if (!callee)
    return {};
  if (callee.kind == Sugar::Form)
    return emitForm(callee, expr, hint);
  SmallVector<Argument> args, keywords;
  if (!collectArguments(expr, args, keywords))
    return {};
  return call(callee, args, keywords, calleeRange(*expr.callee));
}

Sugar FunctionEmitter::call(const Sugar &callee, ArrayRef<Argument> args,
                            ArrayRef<Argument> keywords, python::Range range) {
  switch (callee.kind) {
  case Sugar::Builtin: {
    if (!callee.value)
      return Sugar::simple(callBuiltin(callee.name, args, keywords, range));
    SmallVector<Argument> all = {{"", callee.value, range}};
    all.append(args.begin(), args.end());
    return Sugar::simple(callBuiltin(callee.name, all, keywords, range));
  }
  case Sugar::Cast:
    if (args.size() == 1 && keywords.empty() && isSub(args[0].value.type, callee.type))
      return Sugar::simple(args[0].value);
    return Sugar::simple(callBuiltin(callee.name, args, keywords, range));
  case Sugar::Method:
    return callMethod(callee.value, callee.name, args, keywords, range);
  case Sugar::Reference:
    switch (callee.definition->kind) {
    case DefinitionKind::Function:
      return callFunction(*callee.definition->function, args, keywords, range);
    case DefinitionKind::NamedTuple:
      return constructTuple(*callee.definition, args, keywords, range);
    case DefinitionKind::Class:
      return constructObject(*callee.definition, args, keywords, range);
    default:
      break;
    }
    break;
  case Sugar::Simple:
    if (isa<ts::ClassType, ts::InterfaceType>(callee.value.type)) {
      Definition *definition = definitions.ofType(callee.value.type);
      bool isModule = definition && definition->isModule;
      return callMethod(callee.value, isModule ? "forward" : "__call__", args, keywords, range);
    }
    if (auto type = dyn_cast<ts::FunctionType>(callee.value.type))
      if (Definition *definition = definitions.find(type.getName().getValue());
          definition && definition->function)
        return callFunction(*definition->function, args, keywords, range);
    break;
  default:
    break;
  }
  report(range, Diag::NotCallable, source.tree->source.text(range));
  return {};
}

static SmallVector<Formal> formalsOf(const Signature &signature) {
  SmallVector<Formal> formals;
  for (const Parameter &parameter : signature.parameters) {
    Formal formal;
    formal.name = parameter.name;
    formal.type = parameter.type;
    formal.keywordOnly = parameter.keywordOnly;
    formal.defaultValue = parameter.defaultValue;
    formals.push_back(formal);
  }
  return formals;
}

/// A function without a declared result says its type once it is emitted.
bool FunctionEmitter::emitCalleeNow(Function &callee, python::Range range) {
  static constexpr unsigned kMaxDepth = 100;
  if (!program.emitted.insert(callee.name).second || program.calleeDepth == kMaxDepth)
    return report(range, Diag::RecursiveCall, callee.name);
  ++program.calleeDepth;
  bool ok = FunctionEmitter(program, callee).emit();
  --program.calleeDepth;
  return ok;
}

Sugar FunctionEmitter::callFunction(Function &callee, ArrayRef<Argument> args,
                                    ArrayRef<Argument> keywords, python::Range range) {
  const Signature *signature = definitions.signatureOf(callee);
  if (!signature)
    return {};
  program.request(callee);
  if (!signature->result && !emitCalleeNow(callee, range))
    return {};
  SmallVector<Formal> formals = formalsOf(*signature);
  TypeVariables variables;
  std::string why;
  auto matched = matchArguments(formals, false, args, keywords, true, variables, range, why);
  if (!matched) {
    report(range, Diag::CallMismatch, callee.name, why);
    return {};
  }
  Type result = signature->result ? signature->result : types.none;
  auto name = FlatSymbolRefAttr::get(types.context, callee.name);
  TypedValue function = constant(name, ts::FunctionType::get(types.context, name), range);
  SmallVector<Value> values =
      llvm::map_to_vector(*matched, [](const TypedValue &value) { return value.value; });
  auto op =
      ts::CallFunctionOp::create(builder, loc(range), TypeRange{result}, function.value, values);
  return Sugar::simple({op.getResult(0), result});
}

Sugar FunctionEmitter::callMethod(TypedValue self, StringRef name, ArrayRef<Argument> args,
                                  ArrayRef<Argument> keywords, python::Range range) {
  if (isTensor(self.type)) { // x.float(), x.type(torch.float32)
    SmallVector<Argument> all = {{"", self, range}};
    if (std::optional<DType> dtype = conversionMethod(name))
      all.push_back(
          {"",
           constant(builder.getI64IntegerAttr(static_cast<int64_t>(*dtype)), types.integer, range),
           range});
    all.append(args.begin(), args.end());
    return Sugar::simple(callBuiltin("aten::to", all, keywords, range));
  }
  Definition *definition = definitions.ofType(self.type);
  Function *method = definition ? definition->findMethod(name) : nullptr;
  if (definition && definition->isOpaque)
    return callOpaqueMethod(self, name, args, range);
  if (!method) {
    report(range, Diag::NoAttribute, text(self.type), name);
    return {};
  }
  const Signature *signature = definitions.signatureOf(*method);
  if (!signature)
    return {};
  if (definition->kind == DefinitionKind::Class) {
    program.request(*method);
    if (!signature->result && !emitCalleeNow(*method, range))
      return {};
  }
  SmallVector<Formal> formals = formalsOf(*signature);
  TypeVariables variables;
  std::string why;
  auto matched = matchArguments(ArrayRef<Formal>(formals).drop_front(), false, args, keywords, true,
                                variables, range, why);
  if (!matched) {
    report(range, Diag::CallMismatch, method->name, why);
    return {};
  }
  Type result = signature->result ? signature->result : types.none;
  SmallVector<Value> values =
      llvm::map_to_vector(*matched, [](const TypedValue &value) { return value.value; });
  auto op = ts::CallMethodOp::create(builder, loc(range), TypeRange{result},
                                     builder.getStringAttr(name), self.value, values);
  return Sugar::simple({op.getResult(0), result});
}

Sugar FunctionEmitter::constructTuple(Definition &definition, ArrayRef<Argument> args,
                                      ArrayRef<Argument> keywords, python::Range range) {
  if (!definitions.load(definition))
    return {};
  SmallVector<Formal> formals;
  for (const ClassAttribute &field : definition.attributes) {
    Formal formal;
    formal.name = field.name;
    formal.type = field.type;
    formal.defaultValue = field.constant;
    formals.push_back(formal);
  }
  TypeVariables variables;
  std::string why;
  auto matched = matchArguments(formals, false, args, keywords, true, variables, range, why);
  if (!matched) {
    report(range, Diag::CallMismatch, definition.name, why);
    return {};
  }
  return Sugar::simple(makeTuple(*matched, range, definition.type));
}

Sugar FunctionEmitter::constructObject(Definition &definition, ArrayRef<Argument> args,
                                       ArrayRef<Argument> keywords, python::Range range) {
  if (!definitions.load(definition))
    return {};
  TypedValue object = {ts::CreateObjectOp::create(builder, loc(range), definition.type),
                       definition.type};
  if (!callMethod(object, "__init__", args, keywords, range))
    return {};
  return Sugar::simple(object);
}

/// The fields of PyTorch's own classes are not known, their few methods are.
Sugar FunctionEmitter::callOpaqueMethod(TypedValue self, StringRef name, ArrayRef<Argument> args,
                                        python::Range range) {
  StringRef className = cast<ts::ClassType>(self.type).getName().getValue();
  Type weightAndBias = types.tuple({types.tensor, types.optional(types.tensor)});
  Type ints = types.list(types.integer);
  Type result;
  if (name == "unpack")
    result = className.ends_with("EmbeddingPackedParamsBase") ? types.tensor : weightAndBias;
  else if (name == "bias")
    result = types.optional(types.tensor);
  else if (name == "stride" || name == "padding" || name == "output_padding" || name == "dilation")
    result = ints;
  else if (name == "groups" || name == "bit_rate" || name == "version")
    result = types.integer;
  else if (name == "transpose")
    result = types.boolean;
  if (!result) {
    report(range, Diag::NoAttribute, className, name);
    return {};
  }
  SmallVector<Value> values =
      llvm::map_to_vector(args, [](const Argument &argument) { return argument.value.value; });
  auto op = ts::CallMethodOp::create(builder, loc(range), TypeRange{result},
                                     builder.getStringAttr(name), self.value, values);
  return Sugar::simple({op.getResult(0), result});
}

// ---- Special forms

static Sugar formValue(Sugar::Kind kind, std::string name) {
  Sugar sugar;
  sugar.kind = kind;
  sugar.name = std::move(name);
  return sugar;
}

/// `annotate(T, e)`, `unchecked_cast(T, e)`
Sugar FunctionEmitter::emitTypedForm(StringRef form, const python::Call &expr) {
  Type type = definitions.parseType(*expr.args[0], source);
  if (!type)
    return {};
  if (form == "annotate") {
    if (std::optional<TypedValue> list = emitToList(*expr.args[1], type))
      return Sugar::simple(*list);
    TypedValue value = emitExpr(*expr.args[1], type);
    return Sugar::simple(value ? convertOrReport(value, type, expr.args[1]->range) : value);
  }
  TypedValue value = emitExpr(*expr.args[1]);
  if (!value || (value.value.getDefiningOp<ts::UncheckedCastOp>() && value.type == type))
    return Sugar::simple(value);
  return Sugar::simple(
      {ts::UncheckedCastOp::create(builder, loc(expr.callee->range), type, value.value), type});
}

Sugar FunctionEmitter::emitRange(const python::Call &expr) {
  SmallVector<Argument> args, keywords;
  if (!collectArguments(expr, args, keywords))
    return {};
  Sugar sugar = formValue(Sugar::Iterable, "range");
  for (Argument &arg : args) {
    TypedValue value = convertOrReport(arg.value, types.integer, arg.range);
    if (!value)
      return {};
    sugar.items.push_back(Sugar::simple(value));
  }
  return sugar;
}

/// `list(x)`; without x an empty one of the type that is wanted there.
TypedValue FunctionEmitter::emitListOf(const python::Call &expr, Type hint) {
  auto list = dyn_cast_or_null<ts::ListType>(hint);
  if (expr.args.empty())
    return makeList({}, list ? list.getElement() : types.tensor, expr.range);
  TypedValue value = emitExpr(*expr.args[0], hint);
  return value ? callBuiltin("aten::list", {{"", value, expr.range}}, {}, expr.range)
               : TypedValue();
}

/// `dict()`, `dict(pairs)`, `dict(other)`, `dict(a=1)`, and these together.
TypedValue FunctionEmitter::emitDictOf(const python::Call &expr, Type hint) {
  python::Range range = expr.range;
  if (expr.args.size() > 1) {
    report(range, Diag::FormArguments, "dict", expr.args.size(), 0, 1);
    return {};
  }
  TypedValue made;
  if (!expr.args.empty()) {
    Sugar pairs = emitSugar(*expr.args[0], hint);
    if (!pairs)
      return {};
    bool isDict = pairs.kind == Sugar::Simple && isa<ts::DictType>(pairs.value.type);
    made = isDict ? callBuiltin("aten::dict", {{"", pairs.value, range}}, {}, range)
                  : emitDictOfPairs(pairs, range);
    if (!made)
      return {};
  }
  for (const python::Keyword &keyword : expr.keywords) {
    TypedValue key = constant(builder.getStringAttr(keyword.name.text), types.str, range);
    TypedValue value = emitExpr(*keyword.value);
    if (!value)
      return {};
    if (!made) {
      auto dict = dyn_cast_or_null<ts::DictType>(hint);
      Type type = dict ? Type(dict) : types.dict(types.str, value.type);
      made = {ts::DictConstructOp::create(builder, loc(range), type, ValueRange()), type};
    }
    if (!callBuiltin("aten::_set_item", {{"", made, range}, {"", key, range}, {"", value, range}},
                     {}, range))
      return {};
  }
  if (made)
    return made;
  auto dict = dyn_cast_or_null<ts::DictType>(hint);
  Type type = dict ? Type(dict) : types.dict(types.str, types.tensor);
  return {ts::DictConstructOp::create(builder, loc(range), type, ValueRange()), type};
}

Sugar FunctionEmitter::emitForm(const Sugar &callee, const python::Call &expr, Type hint) {
  StringRef form = callee.name;
  python::Range range = expr.callee->range;
  auto arity = [&](size_t least, size_t most) {
    if (expr.args.size() >= least && expr.args.size() <= most && expr.keywords.empty())
      return true;
    return report(expr.range, Diag::FormArguments, form, expr.args.size(), least, most);
  };
  if (form == "fork" || form == "awaitable")
    return emitFork(expr, form == "awaitable");
  if (form == "__new__")
    return Sugar::simple({ts::CreateObjectOp::create(builder, loc(range), callee.definition->type),
                          callee.definition->type});
  if (form == "annotate" || form == "unchecked_cast")
    return arity(2, 2) ? emitTypedForm(form, expr) : Sugar();
  if (form == "uninitialized") {
    Type type = arity(1, 1) ? definitions.parseType(*expr.args[0], source) : Type();
    return type ? Sugar::simple({ts::UninitializedOp::create(builder, loc(range), type), type})
                : Sugar();
  }
  if (form == "isinstance")
    return arity(2, 2) ? Sugar::simple(emitIsInstance(*expr.args[0], *expr.args[1]).value)
                       : Sugar();
  if (form == "range")
    return arity(1, 3) ? emitRange(expr) : Sugar();
  if ((form == "zip" || form == "enumerate") && !source.model) {
    Sugar iterable = formValue(Sugar::Iterable, form.str());
    for (const python::Expr *arg : expr.args) {
      iterable.items.push_back(emitSugar(*arg));
      if (!iterable.items.back())
        return {};
    }
    return arity(1, form == "zip" ? 64 : 2) ? iterable : Sugar();
  }
  if (form == "list" && !source.model)
    return arity(0, 1) ? Sugar::simple(emitListOf(expr, hint)) : Sugar();
  if (form == "dict" && !source.model)
    return Sugar::simple(emitDictOf(expr, hint));
  if (form == "getattr") {
    if (!arity(2, 2))
      return {};
    auto name = dyn_cast<python::StringLiteral>(expr.args[1]);
    if (!name) {
      report(expr.args[1]->range, Diag::NotAConstant, python::describe(*expr.args[1]));
      return {};
    }
    Sugar base = emitSugar(*expr.args[0]);
    return base ? emitAttribute(base, name->value, range) : Sugar();
  }
  report(expr.range, Diag::UnsupportedSyntax, ("'" + form + "'").str());
  return {};
}

/// `annotate(List[int], x.tolist())`: the type decides what tolist makes.
std::optional<TypedValue> FunctionEmitter::emitToList(const python::Expr &expr, Type type) {
  auto call = dyn_cast<python::Call>(&expr);
  auto method = call ? dyn_cast<python::Attribute>(call->callee) : nullptr;
  if (!method || method->name.text != "tolist" || !call->args.empty())
    return std::nullopt;
  TypedValue base = emitExpr(*method->value);
  if (!base || !isTensor(base.type))
    return base ? std::optional<TypedValue>() : TypedValue();
  int64_t depth = 0;
  Type element = type;
  for (; isa<ts::ListType>(element); element = cast<ts::ListType>(element).getElement())
    ++depth;
  int64_t kind = element == types.integer    ? 0
                 : element == types.floating ? 1
                 : element == types.boolean  ? 2
                 : element == types.complex  ? 3
                                             : -1;
  if (kind < 0) {
    report(expr.range, Diag::ValueType, text(element), "int, float, bool or complex");
    return TypedValue();
  }
  TypedValue dims = constant(builder.getI64IntegerAttr(depth), types.integer, expr.range);
  TypedValue code = constant(builder.getI64IntegerAttr(kind), types.integer, expr.range);
  auto op = ts::AtenOp::create(builder, loc(method->name.range), TypeRange{type},
                               builder.getStringAttr("prim::tolist"),
                               ValueRange{base.value, dims.value, code.value});
  return TypedValue{op.getResult(0), type};
}

// ---- Forks

/// Values from outside become arguments, in the order of their first use.
static void liftCaptures(Region &body, Operation *op, SmallVectorImpl<Value> &captured) {
  llvm::DenseMap<Value, Value> arguments;
  body.walk<WalkOrder::PreOrder>([&](Operation *inner) {
    for (OpOperand &operand : inner->getOpOperands()) {
      Value value = operand.get();
      if (body.isAncestor(value.getParentRegion()))
        continue;
      Value &argument = arguments[value];
      if (!argument) {
        captured.push_back(value);
        StringRef name = ts::getDebugName(value);
        Location loc = ts::withDebugNames(op->getLoc(), {name});
        argument = body.front().addArgument(value.getType(), loc);
      }
      operand.set(argument);
    }
  });
}

Sugar FunctionEmitter::emitFork(const python::Call &expr, bool isAwaitable) {
  if (expr.args.empty()) {
    report(expr.range, Diag::FormArguments, isAwaitable ? "awaitable" : "fork", 0, 1, 1);
    return {};
  }
  Sugar callee = emitSugar(*expr.args[0]);
  SmallVector<Argument> args, keywords;
  if (!callee || !collectArguments(expr, args, keywords, 1))
    return {};
  python::Range range = expr.callee->range;
  Region body;
  Type result;
  {
    OpBuilder::InsertionGuard guard(builder);
    Block *block = builder.createBlock(&body);
    (void)block;
  }
  // The body is made inside a fork without operands, which the lifted one replaces.
  auto draft = ts::ForkOp::create(builder, loc(range), types.future(types.none), ValueRange());
  draft.getBody().takeBody(body);
  bool ok = emitForkBody(callee, args, keywords, &draft.getBody().front(), range, result);
  if (!ok)
    return {};
  SmallVector<Value> captured;
  liftCaptures(draft.getBody(), draft, captured);
  Type type = isAwaitable ? Type(ts::AwaitType::get(types.context, result)) : types.future(result);
  Operation *op;
  if (isAwaitable) {
    auto made = ts::AwaitableOp::create(builder, loc(range), type, captured);
    made.getBody().takeBody(draft.getBody());
    op = made;
  } else {
    auto made = ts::ForkOp::create(builder, loc(range), type, captured);
    made.getBody().takeBody(draft.getBody());
    op = made;
  }
  draft.erase();
  return Sugar::simple({op->getResult(0), type});
}

bool FunctionEmitter::emitForkBody(const Sugar &callee, ArrayRef<Argument> args,
                                   ArrayRef<Argument> keywords, Block *block, python::Range range,
                                   Type &result) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(block);
  frames.push_back({block, {}, {}});
  // The closure's returns, loops and exits are its own.
  Type outerReturn = std::exchange(returnType, Type());
  unsigned outerDepth = std::exchange(loopDepth, 0);
  bool outerFlags = std::exchange(flagsReturns, false);
  bool ok;
  if (callee.kind == Sugar::Closure) {
    if (callee.closure->returns)
      returnType = definitions.parseType(*callee.closure->returns, source);
    ok = beginExits(callee.closure->body, range) && emitBody(callee.closure->body) &&
         finishFunction(range);
    result = returnType;
  } else {
    TypedValue value = asValue(call(callee, args, keywords, range), range);
    ok = static_cast<bool>(value);
    if (ok) {
      result = value.type;
      ts::ReturnOp::create(builder, loc(range), ValueRange{value.value});
    }
  }
  exits = Exit::No;
  returnType = outerReturn;
  loopDepth = outerDepth;
  flagsReturns = outerFlags;
  frames.pop_back();
  return ok;
}

} // namespace tsc::importer

// SPDX-License-Identifier: Apache-2.0
#include "Program.h"

#include "FunctionLowering.h"

using namespace mlir;

namespace tsc::lowering {

Program::Program(ModuleOp source, ModuleOp target, const TsToLLVMOptions &options,
                 DiagnosticEngine &diagnostics)
    : context(source.getContext()), options(options), source(source), target(target), data(target),
      types(*this), constants(*this), sites(*this), diagnostics(diagnostics), sourceSymbols(source),
      builder(context) {
  voidType = LLVM::LLVMVoidType::get(context);
  i1 = builder.getI1Type();
  i8 = builder.getI8Type();
  i16 = builder.getI16Type();
  i32 = builder.getI32Type();
  i64 = builder.getI64Type();
  f64 = builder.getF64Type();
  pointer = LLVM::LLVMPointerType::get(context);
  valueType = LLVM::LLVMStructType::getLiteral(context, {i64, i64});
  source.walk([&](Operation *op) {
    if (auto create = dyn_cast<ts::CreateObjectOp>(op))
      createdClasses.insert(create.getType());
    if (auto object = dyn_cast<ts::ObjectOp>(op); object && object.getStateAttr())
      createdClasses.insert(ts::ClassType::get(context, object.getClassNameAttr()));
    if (auto signature = dyn_cast<ts::SignatureOp>(op))
      interfaceMethods.insert(signature.getSymName());
  });
}

ts::ClassOp Program::classOf(Type type) {
  auto named = dyn_cast<ts::ClassType>(type);
  return named ? lookup<ts::ClassOp>(named.getName()) : ts::ClassOp();
}

ts::FuncOp Program::methodOf(Type type, StringRef name) {
  ts::ClassOp owner = classOf(type);
  return owner ? lookup<ts::FuncOp>(owner.findMethod(name)) : ts::FuncOp();
}

// ---- Types
Type Program::machineType(Type type) {
  if (Type known = machineTypes.lookup(type))
    return known;
  Type made;
  switch (ts::formOf(type)) {
  case ts::Form::None:
  case ts::Form::Bool:
    made = i1;
    break;
  case ts::Form::Int:
    made = i64;
    break;
  case ts::Form::Float:
    made = f64;
    break;
  case ts::Form::Complex:
    made = LLVM::LLVMStructType::getLiteral(context, {f64, f64});
    break;
  case ts::Form::Pointer:
    made = pointer;
    break;
  case ts::Form::Optional:
    made = LLVM::LLVMStructType::getLiteral(context, {i1, machineType(ts::stripOptional(type))});
    break;
  case ts::Form::Tuple: {
    SmallVector<Type> fields;
    for (Type field : cast<ts::TupleType>(type).getElements())
      fields.push_back(machineType(field));
    made = LLVM::LLVMStructType::getLiteral(context, fields);
    break;
  }
  case ts::Form::Boxed:
    made = valueType;
    break;
  }
  machineTypes[type] = made;
  return made;
}

// ---- Functions
LLVM::LLVMFuncOp Program::newFunction(StringRef name, Type result, ArrayRef<Type> arguments,
                                      LLVM::Linkage linkage) {
  std::string unique = name.str();
  for (int i = 1; !usedNames.try_emplace(unique).second; ++i)
    unique = (name + "." + std::to_string(i)).str();
  builder.setInsertionPointToEnd(target.getBody());
  auto function = LLVM::LLVMFuncOp::create(builder, UnknownLoc::get(context), unique,
                                           LLVM::LLVMFunctionType::get(result, arguments), linkage);
  function.setDsoLocal(true);
  return function;
}

namespace {
/// Result and parameters, a letter each: v nothing, p pointer, i 32 bits, l 64 bits, d double.
struct RuntimeEntry {
  StringLiteral name, signature;
};
} // namespace

static constexpr RuntimeEntry kRuntimeEntries[] = {
    {"tsc_rt_retain", "vp"},
    {"tsc_rt_release", "vp"},
    {"tsc_rt_release_frame", "vpl"},
    {"tsc_rt_list_new", "ppppl"},
    {"tsc_rt_dict_new", "ppppl"},
    {"tsc_rt_tuple_new", "ppppl"},
    {"tsc_rt_object_new", "ppp"},
    {"tsc_rt_complex_new", "ppdd"},
    {"tsc_rt_raise", "ippp"},
    {"tsc_rt_raise_text", "ippp"},
    {"tsc_rt_trace", "vpi"},
    {"tsc_rt_cancelled", "ip"},
    {"tsc_rt_isinstance", "ipp"},
    {"tsc_rt_find_method", "ppp"},
    {"tsc_rt_fork", "ipppl"
                    "pp"},
    {"tsc_rt_has_dtype", "ipli"},
    {"tsc_rt_map", "ipppplip"},
    {"tsc_rt_region", "ipppp"},
    {"tsc_rt_launch", "vppppll"},
    {"tsc_rt_compare", "ipppp"},
    {"tsc_rt_create_instance", "ipppp"},
    {"tsc_rt_find_exported", "ipp"},
    {"tsc_rt_model_api", "pp"},
    {"tsc_rt_copy_state", "ippp"},
};

LLVM::LLVMFuncOp Program::runtime(StringRef name) {
  LLVM::LLVMFuncOp &known = kernels[name];
  if (known)
    return known;
  const RuntimeEntry *entry =
      llvm::find_if(kRuntimeEntries, [&](const RuntimeEntry &e) { return e.name == name; });
  auto typeOf = [&](char letter) -> Type {
    return letter == 'v'   ? voidType
           : letter == 'p' ? pointer
           : letter == 'i' ? i32
           : letter == 'l' ? i64
                           : f64;
  };
  SmallVector<Type> arguments;
  for (char letter : entry->signature.drop_front())
    arguments.push_back(typeOf(letter));
  return known = newFunction(name, typeOf(entry->signature[0]), arguments, LLVM::Linkage::External);
}

LLVM::LLVMFuncOp Program::kernel(StringRef symbol) {
  LLVM::LLVMFuncOp &known = kernels[symbol];
  if (!known)
    known = newFunction(symbol, i32, {pointer, pointer, pointer}, LLVM::Linkage::External);
  return known;
}

LLVM::LLVMFuncOp Program::declare(StringRef name, TypeRange arguments, TypeRange results) {
  SmallVector<Type> types = {pointer};
  for (Type argument : arguments)
    types.push_back(machineType(argument));
  types.append(results.size(), pointer);
  return newFunction(name, i32, types, LLVM::Linkage::Internal);
}

LLVM::LLVMFuncOp Program::function(ts::FuncOp op) {
  LLVM::LLVMFuncOp &known = functions[op.getSymName()];
  if (known)
    return known;
  known = declare(op.getSymName(), op.getArgumentTypes(), op.getResultTypes());
  LLVM::LLVMFuncOp result = known;
  if (op.isExternal())
    reportMalformed(op.getLoc(), "a function without a body is called");
  else
    pending.push_back({result,
                       &op.getBody(),
                       op.getSymName().str(),
                       llvm::to_vector(op.getArgumentTypes()),
                       llvm::to_vector(op.getResultTypes()),
                       {}});
  return result;
}

LLVM::LLVMFuncOp Program::taskFunction(StringRef parent, Region &body, TypeRange results) {
  LLVM::LLVMFuncOp function = declare((parent + ".task").str(), body.getArgumentTypes(), results);
  pending.push_back({function,
                     &body,
                     parent.str(),
                     llvm::to_vector(body.getArgumentTypes()),
                     llvm::to_vector(results),
                     {}});
  return function;
}

StringAttr Program::boxedEntry(LLVM::LLVMFuncOp callee, TypeRange arguments, TypeRange results) {
  LLVM::LLVMFuncOp &known = entries[callee.getSymName()];
  if (!known) {
    known = newFunction((callee.getSymName() + ".boxed").str(), i32, {pointer, pointer, pointer},
                        LLVM::Linkage::Internal);
    pending.push_back(
        {known, nullptr, "", llvm::to_vector(arguments), llvm::to_vector(results), callee});
  }
  return known.getSymNameAttr();
}

void Program::writeFunctions() {
  while (!pending.empty()) {
    Pending next = std::move(pending.front());
    pending.pop_front();
    FunctionLowering lowering(*this, next.function, next.displayName);
    if (next.body)
      lowering.writeBody(*next.body, next.results);
    else
      lowering.writeBoxedEntry(next.callee, next.arguments, next.results);
  }
}

// ---- Errors
SourceLocation Program::sourceLocation(Location loc) {
  FileLineColRange range = ts::getOriginalRange(loc);
  if (!range)
    range = ts::getSerializedRange(loc);
  if (!range)
    return {options.name, 0, 0, 0, ""};
  SourceLocation place{range.getFilename().str(), range.getStartLine(), range.getStartColumn(), 0,
                       ""};
  if (range.getEndLine() == range.getStartLine())
    place.endColumn = range.getEndColumn();
  if (options.sourceLine)
    place.lineText = options.sourceLine(place.file, place.line).str();
  return place;
}

void Program::reportUnsupported(Location loc, StringRef operatorName) {
  failed = true;
  SourceLocation place = sourceLocation(loc);
  std::string key =
      llvm::formatv("{0}:{1}:{2}:{3}", place.file, place.line, place.column, operatorName);
  if (reported.insert(key).second)
    diagnostics.report(std::move(place), Diag::UnsupportedOperator, operatorName);
}

void Program::reportMalformed(Location loc, StringRef text) {
  failed = true;
  diagnostics.report(sourceLocation(loc), Diag::BadIrText, text);
}

} // namespace tsc::lowering

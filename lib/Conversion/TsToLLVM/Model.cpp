// SPDX-License-Identifier: Apache-2.0
// What the runtime is handed of a compiled model: ModelData (tsc/Common/Model.h), a function that
// makes a new root object from its template, and the entry functions.
#include "Program.h"

#include "tsc/Common/Model.h"

using namespace mlir;

namespace tsc::lowering {

bool ModelWriter::isExported(StringRef shortName, StringRef qualifiedName) const {
  const std::vector<std::string> &wanted = program.options.methods;
  return wanted.empty() || llvm::is_contained(wanted, shortName) ||
         llvm::is_contained(wanted, qualifiedName);
}

bool ModelWriter::begin() {
  SmallVector<std::pair<StringAttr, ts::FuncOp>> exported;
  auto rootName = program.source->getAttrOfType<FlatSymbolRefAttr>(ts::kRootAttr);
  root = program.lookup<ts::ObjectOp>(rootName);
  if (root) {
    Type type = ts::ClassType::get(program.context, root.getClassNameAttr());
    rootType = Word::address(program.types.get(type));
    if (!findStatefulObjects())
      return true; // reported
    setup = program.constants.setupObject(rootName, stateful);
    if (ts::ClassOp owner = program.classOf(type))
      for (ts::MethodOp method : owner.getBody().getOps<ts::MethodOp>())
        if (auto function = program.lookup<ts::FuncOp>(method.getFunctionAttr());
            function && !function.isExternal() &&
            isExported(method.getSymName(), function.getSymName()))
          exported.emplace_back(method.getSymNameAttr(), function);
  } else {
    llvm::DenseSet<Attribute> methods;
    program.source.walk(
        [&](ts::MethodOp method) { methods.insert(method.getFunctionAttr().getAttr()); });
    for (auto function : program.source.getOps<ts::FuncOp>())
      if (!function.isExternal() && !methods.contains(function.getSymNameAttr()) &&
          isExported(function.getShortName(), function.getSymName()))
        exported.emplace_back(StringAttr::get(program.context, function.getShortName()), function);
  }
  methodTable = program.types.methods(exported, static_cast<bool>(root));
  methodCount = static_cast<int64_t>(exported.size());
  return root || !exported.empty();
}

/// Objects were written to the program as they were finished: those inside others come first.
bool ModelWriter::findStatefulObjects() {
  for (auto op : program.source.getOps<ts::ObjectOp>()) {
    if (!op.getStateAttr())
      continue;
    ts::FuncOp setState = program.methodOf(
        ts::ClassType::get(program.context, op.getClassNameAttr()), "__setstate__");
    if (!setState || setState.isExternal() || setState.getNumArguments() != 2) {
      program.reportUnsupported(op.getLoc(), (op.getClassName() + "::__setstate__").str());
      continue;
    }
    stateful.push_back(op);
    setStateEntries.push_back(program.boxedEntry(
        program.function(setState), setState.getArgumentTypes(), setState.getResultTypes()));
  }
  return !program.failed;
}

/// i32 initialize(context, no arguments, results): copies the template of the root and of what
/// __setstate__ needs, and calls each __setstate__ where its two arguments lie in the copy.
StringAttr ModelWriter::writeInitialize() {
  constexpr int64_t kItems = offsetof(TupleObject, items);
  StringAttr given = program.data.add(
      "setup", {Word::i64(static_cast<int64_t>(Tag::Tuple)), Word::address(setup)});
  LLVM::LLVMFuncOp function = program.newFunction(
      ".tsc.initialize", program.i32, {program.pointer, program.pointer, program.pointer},
      LLVM::Linkage::Internal);
  OpBuilder b(program.context);
  Location loc = UnknownLoc::get(program.context);
  Block *block = function.addEntryBlock(b), *failed = b.createBlock(&function.getBody());
  b.setInsertionPointToEnd(block);
  Value context = block->getArgument(0), results = block->getArgument(2);
  auto int32 = [&](int32_t n) -> Value {
    return LLVM::ConstantOp::create(b, loc, program.i32, b.getI32IntegerAttr(n));
  };
  auto at = [&](Value base, int64_t offset) -> Value {
    return LLVM::GEPOp::create(b, loc, program.pointer, program.i8, base,
                               ArrayRef<LLVM::GEPArg>{LLVM::GEPArg(static_cast<int32_t>(offset))});
  };
  auto succeedOr = [&](Value status, Block *otherwise) {
    Block *next = b.createBlock(&function.getBody());
    b.setInsertionPointAfterValue(status);
    Value bad = LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::ne, status, int32(0));
    LLVM::CondBrOp::create(b, loc, bad, otherwise, next);
    b.setInsertionPointToEnd(next);
  };
  Value one = LLVM::ConstantOp::create(b, loc, program.i64, b.getI64IntegerAttr(1));
  Value copied = LLVM::AllocaOp::create(b, loc, program.pointer, program.valueType, one, 8);
  Value scratch = LLVM::AllocaOp::create(b, loc, program.pointer, program.valueType, one, 8);
  Value address = LLVM::AddressOfOp::create(b, loc, program.pointer, given);
  Block *early = b.createBlock(&function.getBody());
  LLVM::ReturnOp::create(b, loc, int32(1));
  b.setInsertionPointToEnd(block);
  succeedOr(LLVM::CallOp::create(b, loc, program.runtime("tsc_rt_copy_state"),
                                 ValueRange{context, address, copied})
                .getResult(),
            early);
  Value tuple = LLVM::LoadOp::create(b, loc, program.pointer, at(copied, 8), 8);
  for (auto [i, entry] : llvm::enumerate(setStateEntries)) {
    Value arguments = at(tuple, kItems + 16 * (1 + 2 * static_cast<int64_t>(i)));
    auto call = LLVM::CallOp::create(b, loc, TypeRange{program.i32}, entry,
                                     ValueRange{context, arguments, scratch});
    succeedOr(call.getResult(), failed);
  }
  for (int64_t offset : {0, 8})
    LLVM::StoreOp::create(b, loc,
                          LLVM::LoadOp::create(b, loc, program.i64, at(tuple, kItems + offset), 8),
                          at(results, offset), 8);
  Value root = LLVM::LoadOp::create(b, loc, program.pointer, at(tuple, kItems + 8), 8);
  LLVM::CallOp::create(b, loc, program.runtime("tsc_rt_retain"), ValueRange{root});
  LLVM::CallOp::create(b, loc, program.runtime("tsc_rt_release"), ValueRange{tuple});
  LLVM::ReturnOp::create(b, loc, int32(0));
  b.setInsertionPointToEnd(failed);
  if (failed->hasNoPredecessors()) {
    failed->erase();
    return function.getSymNameAttr();
  }
  LLVM::CallOp::create(b, loc, program.runtime("tsc_rt_release"), ValueRange{tuple});
  LLVM::ReturnOp::create(b, loc, int32(1));
  return function.getSymNameAttr();
}

StringAttr ModelWriter::writeForwarder(StringRef name, StringRef runtimeName, LLVM::Linkage linkage,
                                       StringAttr modelData) {
  LLVM::LLVMFuncOp callee = program.runtime(runtimeName);
  auto type = callee.getFunctionType();
  LLVM::LLVMFuncOp function =
      program.newFunction(name, type.getReturnType(), type.getParams().drop_front(), linkage);
  OpBuilder builder(program.context);
  Location loc = UnknownLoc::get(program.context);
  Block *entry = function.addEntryBlock(builder);
  builder.setInsertionPointToEnd(entry);
  SmallVector<Value> arguments = {
      LLVM::AddressOfOp::create(builder, loc, program.pointer, modelData)};
  arguments.append(entry->args_begin(), entry->args_end());
  LLVM::ReturnOp::create(builder, loc,
                         LLVM::CallOp::create(builder, loc, callee, arguments).getResult());
  return function.getSymNameAttr();
}

void ModelWriter::finish() {
  auto [sites, siteCount] = program.sites.finish();
  Words types;
  for (StringAttr type : program.types.named())
    types.push_back(Word::address(type));
  int64_t flags = program.constants.writesState() ? 1 : 0;
  Words words = {
      Word::i32(kModelAbiVersion),
      Word::i32(flags),
      Word::address(program.data.text(program.options.name)),
      Word::address(program.data.text(program.options.target)),
      rootType,
      methodTable,
      Word::i32(methodCount),
      Word::i32(siteCount),
      sites,
      root ? Word::address(writeInitialize()) : Word::null(),
      types.empty() ? Word::null() : Word::address(program.data.add("types", types)),
      Word::i64(static_cast<int64_t>(types.size())),
      Word::address(program.data.text(program.options.manifest)),
  };
  // The two forwarders refer to the data that refers to them.
  StringAttr create = StringAttr::get(program.context, "model.create");
  StringAttr findMethod = StringAttr::get(program.context, "model.find_method");
  words.push_back(Word::address(create));
  words.push_back(Word::address(findMethod));
  StringAttr modelData = program.data.add("model", words);
  writeForwarder(create, "tsc_rt_create_instance", LLVM::Linkage::Internal, modelData);
  writeForwarder(findMethod, "tsc_rt_find_exported", LLVM::Linkage::Internal, modelData);
  if (!program.options.symbolPrefix.empty())
    writeForwarder(program.options.symbolPrefix + "_model", "tsc_rt_model_api",
                   LLVM::Linkage::External, modelData);
  if (program.options.defineEntry)
    writeForwarder("tsc_model_entry", "tsc_rt_model_api", LLVM::Linkage::External, modelData);
}

} // namespace tsc::lowering

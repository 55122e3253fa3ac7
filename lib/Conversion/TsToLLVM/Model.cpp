// SPDX-License-Identifier: Apache-2.0
// What the runtime is handed of a compiled model: ModelData (tsc/Common/Model.h), a function that makes a new root object from
// its template, and the entry functions.
#include "Program.h"

#include "tsc/Common/Model.h"

using namespace mlir;

namespace tsc::lowering {

bool ModelWriter::isExported(StringRef shortName, StringRef qualifiedName) const {
  const std::vector<std::string> &wanted = program.options.methods;
  return wanted.empty() || llvm::is_contained(wanted, shortName) || llvm::is_contained(wanted, qualifiedName);
}

bool ModelWriter::begin() {
  SmallVector<std::pair<StringAttr, ts::FuncOp>> exported;
  auto rootName = program.source->getAttrOfType<FlatSymbolRefAttr>(ts::kRootAttr);
  root = program.lookup<ts::ObjectOp>(rootName);
  if (root) {
    Type type = ts::ClassType::get(program.context, root.getClassNameAttr());
    rootType = Word::address(program.types.get(type));
    rootObject = program.constants.symbolObject(rootName);
    if (ts::ClassOp owner = program.classOf(type))
      for (ts::MethodOp method : owner.getBody().getOps<ts::MethodOp>())
        if (auto function = program.lookup<ts::FuncOp>(method.getFunctionAttr());
            function && !function.isExternal() && isExported(method.getSymName(), function.getSymName()))
          exported.emplace_back(method.getSymNameAttr(), function);
  } else {
    llvm::DenseSet<Attribute> methods;
    program.source.walk([&](ts::MethodOp method) { methods.insert(method.getFunctionAttr().getAttr()); });
    for (auto function : program.source.getOps<ts::FuncOp>())
      if (!function.isExternal() && !methods.contains(function.getSymNameAttr()) &&
          isExported(function.getShortName(), function.getSymName()))
        exported.emplace_back(StringAttr::get(program.context, function.getShortName()), function);
  }
  methodTable = program.types.methods(exported, static_cast<bool>(root));
  methodCount = static_cast<int64_t>(exported.size());
  return root || !exported.empty();
}

/// i32 initialize(context, no arguments, results): a copy of the root's template.
StringAttr ModelWriter::writeInitialize() {
  LLVM::LLVMFuncOp copy = program.runtime("tsc_rt_copy_state");
  Words value = {Word::i64(static_cast<int64_t>(Tag::Object)), rootObject};
  StringAttr given = program.data.add("root", value);
  LLVM::LLVMFuncOp function = program.newFunction(".tsc.initialize", program.i32,
                                                  {program.pointer, program.pointer, program.pointer},
                                                  LLVM::Linkage::Internal);
  OpBuilder builder(program.context);
  Location loc = UnknownLoc::get(program.context);
  Block *block = function.addEntryBlock(builder);
  builder.setInsertionPointToEnd(block);
  Value address = LLVM::AddressOfOp::create(builder, loc, program.pointer, given);
  auto call = LLVM::CallOp::create(builder, loc, copy, ValueRange{block->getArgument(0), address, block->getArgument(2)});
  LLVM::ReturnOp::create(builder, loc, call.getResult());
  return function.getSymNameAttr();
}

void ModelWriter::writeEntry(StringRef name, StringAttr modelData) {
  LLVM::LLVMFuncOp api = program.runtime("tsc_rt_model_api");
  LLVM::LLVMFuncOp function = program.newFunction(name, program.pointer, {}, LLVM::Linkage::External);
  OpBuilder builder(program.context);
  Location loc = UnknownLoc::get(program.context);
  builder.setInsertionPointToEnd(function.addEntryBlock(builder));
  Value address = LLVM::AddressOfOp::create(builder, loc, program.pointer, modelData);
  LLVM::ReturnOp::create(builder, loc, LLVM::CallOp::create(builder, loc, api, ValueRange{address}).getResult());
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
  StringAttr modelData = program.data.add("model", words);
  if (!program.options.symbolPrefix.empty())
    writeEntry(program.options.symbolPrefix + "_model", modelData);
  if (program.options.defineEntry)
    writeEntry("tsc_model_entry", modelData);
}

} // namespace tsc::lowering

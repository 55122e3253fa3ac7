// SPDX-License-Identifier: Apache-2.0
#include "StaticData.h"

#include "llvm/ADT/bit.h"

using namespace mlir;

namespace tsc::lowering {

/// Fields of one struct: putting a field into a constant copies it, so a long array is a struct of
/// short ones.
static constexpr size_t kChunk = 64;

Word Word::f64(double d) { return {8, llvm::bit_cast<int64_t>(d), {}, false}; }

StaticData::StaticData(ModuleOp target)
    : builder(target.getContext()), loc(UnknownLoc::get(target.getContext())),
      body(target.getBody()) {}

LLVM::GlobalOp StaticData::makeGlobal(Type type, StringAttr name, Attribute value) {
  builder.setInsertionPointToEnd(body);
  auto global = LLVM::GlobalOp::create(builder, loc, type, /*isConstant=*/true,
                                       LLVM::Linkage::Private, name, value,
                                       /*alignment=*/8);
  global.setDsoLocal(true);
  return global;
}

Type StaticData::typeOf(const Word &word) {
  if (word.isAddress)
    return LLVM::LLVMPointerType::get(builder.getContext());
  return builder.getIntegerType(word.bytes * 8);
}

Type StaticData::chunkType(ArrayRef<Word> words) {
  SmallVector<Type> fields;
  for (const Word &word : words)
    fields.push_back(typeOf(word));
  return LLVM::LLVMStructType::getLiteral(builder.getContext(), fields, /*isPacked=*/true);
}

Value StaticData::buildWord(const Word &word) {
  Type type = typeOf(word);
  if (!word.isAddress)
    return LLVM::ConstantOp::create(builder, loc, type, builder.getIntegerAttr(type, word.number));
  if (!word.symbol)
    return LLVM::ZeroOp::create(builder, loc, type);
  Value address = LLVM::AddressOfOp::create(builder, loc, type, word.symbol);
  if (word.number == 0)
    return address;
  return LLVM::GEPOp::create(
      builder, loc, type, builder.getI8Type(), address,
      ArrayRef<LLVM::GEPArg>{LLVM::GEPArg(static_cast<int32_t>(word.number))});
}

Value StaticData::buildChunk(ArrayRef<Word> words) {
  Value chunk = LLVM::PoisonOp::create(builder, loc, chunkType(words));
  for (auto [i, word] : llvm::enumerate(words))
    chunk = LLVM::InsertValueOp::create(builder, loc, chunk, buildWord(word),
                                        ArrayRef<int64_t>{static_cast<int64_t>(i)});
  return chunk;
}

StringAttr StaticData::declare(StringRef stem) {
  return builder.getStringAttr(".tsc." + stem + "." + std::to_string(next++));
}

void StaticData::define(StringAttr symbol, ArrayRef<Word> words, bool isConstant) {
  SmallVector<ArrayRef<Word>> chunks;
  for (ArrayRef<Word> rest = words; !rest.empty(); rest = rest.drop_front(chunks.back().size()))
    chunks.push_back(rest.take_front(kChunk));
  SmallVector<Type> types =
      llvm::map_to_vector(chunks, [&](ArrayRef<Word> chunk) { return chunkType(chunk); });
  bool isFlat = chunks.size() == 1;
  Type type =
      isFlat ? types.front()
             : LLVM::LLVMStructType::getLiteral(builder.getContext(), types, /*isPacked=*/true);
  LLVM::GlobalOp global = makeGlobal(type, symbol, Attribute());
  global.setConstant(isConstant);
  builder.setInsertionPointToStart(builder.createBlock(&global.getInitializerRegion()));
  Value value;
  if (isFlat) {
    value = buildChunk(words);
  } else {
    value = LLVM::PoisonOp::create(builder, loc, type);
    for (auto [i, chunk] : llvm::enumerate(chunks))
      value = LLVM::InsertValueOp::create(builder, loc, value, buildChunk(chunk),
                                          ArrayRef<int64_t>{static_cast<int64_t>(i)});
  }
  LLVM::ReturnOp::create(builder, loc, value);
}

StringAttr StaticData::add(StringRef stem, ArrayRef<Word> words, bool isConstant) {
  StringAttr symbol = declare(stem);
  define(symbol, words, isConstant);
  return symbol;
}

StringAttr StaticData::text(StringRef bytes) {
  auto [it, isNew] = texts.try_emplace(bytes);
  if (!isNew)
    return it->second;
  std::string withZero = bytes.str();
  withZero.push_back(0);
  StringAttr symbol = declare("text");
  it->second = symbol;
  Type type = LLVM::LLVMArrayType::get(builder.getI8Type(), withZero.size());
  makeGlobal(type, symbol, builder.getStringAttr(withZero));
  return symbol;
}

StringAttr StaticData::integers(ArrayRef<int64_t> numbers) {
  StringAttr symbol = declare("ints");
  Type type = LLVM::LLVMArrayType::get(builder.getI64Type(), numbers.size());
  makeGlobal(type, symbol, builder.getI64TensorAttr(numbers));
  return symbol;
}

StringAttr StaticData::bytes(ArrayRef<uint8_t> data) {
  StringAttr symbol = declare("bytes");
  Type type = LLVM::LLVMArrayType::get(builder.getI8Type(), data.size());
  makeGlobal(
      type, symbol,
      builder.getStringAttr(StringRef(reinterpret_cast<const char *>(data.data()), data.size())));
  return symbol;
}

StringAttr StaticData::external(StringRef name) {
  auto [it, isNew] = externals.try_emplace(name);
  if (!isNew)
    return it->second;
  builder.setInsertionPointToEnd(body);
  it->second = builder.getStringAttr(name);
  auto global = LLVM::GlobalOp::create(builder, loc, builder.getI8Type(), /*isConstant=*/false,
                                       LLVM::Linkage::External, it->second, Attribute());
  global.setVisibility_(LLVM::Visibility::Hidden);
  global.setDsoLocal(true);
  return it->second;
}

} // namespace tsc::lowering

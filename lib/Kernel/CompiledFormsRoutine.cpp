// SPDX-License-Identifier: Apache-2.0
// Finds the reader of an operator that is a routine; readers stand by family in Routines*.cpp.
#include "RoutineReader.h"

#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace tsc::kernel {

int64_t productOf(ArrayRef<int64_t> sizes) {
  int64_t product = 1;
  for (int64_t size : sizes)
    product *= size;
  return product;
}

/// A constant argument, or what stands for one that is not given.
template <typename T>
bool RoutineReader::readConstant(StringRef name, T &read, T otherwise,
                                 std::optional<T> (*constantOf)(Value)) {
  read = otherwise;
  Value given = op.getArg(name);
  if (!given || isNone(given))
    return true;
  std::optional<T> constant = constantOf(given);
  read = constant.value_or(T());
  return constant || fail(Reason::NotConstant, name);
}

bool RoutineReader::readInt(StringRef name, int64_t &number, int64_t otherwise) {
  return readConstant(name, number, otherwise, constantInt);
}
bool RoutineReader::readBool(StringRef name, bool &flag, bool otherwise) {
  return readConstant(name, flag, otherwise, constantBool);
}
bool RoutineReader::readNumber(StringRef name, double &number, double otherwise) {
  return readConstant(name, number, otherwise, constantNumber);
}

std::optional<RoutineForm> readRoutine(ts::AtenOp op, std::string &why) {
  static const llvm::StringMap<ReadRoutine> kReaders = [] {
    llvm::StringMap<ReadRoutine> readers;
    for (ArrayRef<RoutineRow> family : {matrixRoutines(), spectralRoutines(), orderRoutines(),
                                        fourierRoutines(), imageRoutines()})
      for (const RoutineRow &row : family)
        readers[row.name] = row.read;
    return readers;
  }();
  RoutineReader reader(op, why);
  for (OpResult result : op->getResults())
    if (!staticTensor(result)) {
      why = because(Reason::NotPrecise);
      return std::nullopt;
    }
  ReadRoutine read = kReaders.lookup(op.getBaseName().drop_front(StringRef("aten::").size()));
  if (!read || !read(reader))
    return std::nullopt;
  return std::move(reader.form);
}

std::optional<std::string> whyNotRoutine(ts::AtenOp op) {
  std::string why;
  if (readRoutine(op, why))
    return std::nullopt;
  return why;
}

} // namespace tsc::kernel

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

bool RoutineReader::readInt(StringRef name, int64_t &number, int64_t otherwise) {
  number = otherwise;
  Value given = op.getArg(name);
  if (!given || isNone(given))
    return true;
  std::optional<int64_t> constant = constantInt(given);
  number = constant.value_or(0);
  return constant || fail(Reason::NotConstant, name);
}

bool RoutineReader::readBool(StringRef name, bool &flag, bool otherwise) {
  flag = otherwise;
  Value given = op.getArg(name);
  if (!given || isNone(given))
    return true;
  std::optional<bool> constant = constantBool(given);
  flag = constant.value_or(false);
  return constant || fail(Reason::NotConstant, name);
}

bool RoutineReader::readNumber(StringRef name, double &number, double otherwise) {
  number = otherwise;
  Value given = op.getArg(name);
  if (!given || isNone(given))
    return true;
  std::optional<double> constant = constantNumber(given);
  number = constant.value_or(0);
  return constant || fail(Reason::NotConstant, name);
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

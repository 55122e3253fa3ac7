// SPDX-License-Identifier: Apache-2.0
// What the archive tests share: pickles spelled by hand, a sound archive to spoil, and errors as
// one line.
#pragma once

#include "../../support/ZipBuilder.h"
#include "tsc/Archive/ValueFile.h"

#include <catch2/catch.hpp>

namespace tsc::test {

/// A literal with its zero bytes.
template <size_t N> std::string lit(const char (&text)[N]) { return std::string(text, N - 1); }

inline std::string str(const std::string &text) {
  std::string out = "X";
  ZipBuilder::put(out, text.size(), 4);
  return out + text;
}
inline std::string num(int64_t number) {
  std::string out("\x8a\x08");
  ZipBuilder::put(out, number, 8);
  return out;
}
inline std::string dbl(double number) {
  uint64_t bits;
  memcpy(&bits, &number, 8);
  std::string out = "G";
  for (int s = 56; s >= 0; s -= 8)
    out += static_cast<char>(bits >> s & 0xff);
  return out;
}
inline std::string ints(const std::vector<int64_t> &numbers) {
  std::string out = "(";
  for (int64_t n : numbers)
    out += num(n);
  return out + "t";
}
inline std::string storage(const std::string &type, const std::string &key, int64_t count,
                           const std::string &device = "cpu") {
  return "(" + str("storage") + "ctorch\n" + type + "\n" + str(key) + str(device) + num(count) +
         "tQ";
}
inline std::string tensor(const std::string &storage, int64_t offset,
                          const std::vector<int64_t> &sizes, const std::vector<int64_t> &strides) {
  return "ctorch._utils\n_rebuild_tensor_v2\n(" + storage + num(offset) + ints(sizes) +
         ints(strides) + "\x89" + "ccollections\nOrderedDict\n)RtR";
}
/// A module object with the given dict entries.
inline std::string module(const std::string &entries) {
  return "\x80\x02"
         "c__torch__\nM\n)\x81}(" +
         entries + "ub.";
}
inline const std::string kFloats =
    lit("\0\0\x80\x3f\0\0\0\x40\0\0\x40\x40\0\0\x80\x40\0\0\xa0\x40\0\0\xc0\x40");

/// A sound archive with six floats in data/0.
inline ZipBuilder archive(const std::string &pickle = module("")) {
  ZipBuilder zip;
  zip.add("m/data.pkl", pickle);
  zip.add("m/data/0", kFloats);
  zip.add("m/code/__torch__.py", "class M(Module):\n  pass\n");
  zip.add("m/constants.pkl", "\x80\x02).");
  zip.add("m/version", "3\n");
  return zip;
}
inline llvm::ArrayRef<uint8_t> raw(const std::string &text) {
  return {reinterpret_cast<const uint8_t *>(text.data()), text.size()};
}
/// "PLACE: TEXT (EXIT CODE)" of the first error, or "ok".
inline std::string firstError(const DiagnosticEngine &engine, bool ok) {
  if (ok)
    return "ok";
  for (const Diagnostic &d : engine.diagnostics())
    if (exitCodeOf(d.kind) != 0)
      return d.location.file + ": " + d.text + " (" + std::to_string(exitCodeOf(d.kind)) + ")";
  return "failed in silence";
}
inline std::string check(const std::string &bytes, uint64_t maxExpanded = 0) {
  DiagnosticEngine engine;
  archive::ReadOptions options;
  options.maxExpanded = maxExpanded;
  return firstError(engine,
                    archive::readArchiveBytes(raw(bytes), "f.pt", options, engine) != nullptr);
}
inline std::string checkPickle(const std::string &pickle) { return check(archive(pickle).bytes()); }
inline std::string checkTensor(const std::string &tensor) {
  return checkPickle(module(str("w") + tensor));
}

} // namespace tsc::test

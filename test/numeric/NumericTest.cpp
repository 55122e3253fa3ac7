// SPDX-License-Identifier: Apache-2.0
// Every operator that has a compiled form, against its generic kernel. Cases of elementwise
// operators are made from their schemas; those of the other kinds stand in <kind>.case, where each
// row of CompiledForms.def must have one that runs compiled. Operators of which none does yet are
// listed in uncovered.case; a name leaves that list as soon as a case of it runs.
#include "CaseRun.h"

#include "tsc/Kernel/KernelDialect.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MemoryBuffer.h"

#include <catch2/catch.hpp>

using namespace llvm;
using tsc::kernel::Kind;

namespace tsc::test {

/// Functions of one library, so that no compilation grows large.
static constexpr size_t kChunk = 250;

static std::vector<std::string> readLines(StringRef kind) {
  auto file = MemoryBuffer::getFile(Twine(TSC_CASES) + "/" + kind + ".case");
  REQUIRE(file);
  std::vector<std::string> lines;
  for (StringRef line : split((*file)->getBuffer(), '\n'))
    if (!line.trim().empty() && !line.starts_with("#"))
      lines.push_back(line.trim().str());
  return lines;
}

/// Operators by name; those that stand for all overloads by their base name.
static std::vector<StringRef> formsOf(Kind kind) {
  std::vector<StringRef> names;
#define KERNEL_FORM(NAME, KIND)                                                                    \
  if (Kind::KIND == kind)                                                                          \
    names.push_back(NAME);
#include "CompiledForms.def"
#undef KERNEL_FORM
  return names;
}

static std::vector<Case> expandLines(ArrayRef<std::string> lines) {
  std::vector<Case> cases;
  for (const std::string &line : lines) {
    std::string error;
    std::vector<Case> made = expandLine(line, error);
    INFO(error);
    CHECK(!made.empty());
    cases.insert(cases.end(), made.begin(), made.end());
  }
  return cases;
}

/// Runs the cases; the names, full and base, of operators that ran compiled.
static StringSet<> runAll(ArrayRef<Case> cases) {
  StringSet<> compiled;
  for (size_t begin = 0; begin < cases.size(); begin += kChunk) {
    ArrayRef<Case> chunk = cases.slice(begin, std::min(kChunk, cases.size() - begin));
    std::string error;
    std::vector<CaseResult> results = runCases(chunk, error);
    INFO(error);
    REQUIRE(results.size() == chunk.size());
    for (auto [test, result] : zip(chunk, results)) {
      if (!result.differs.empty())
        FAIL_CHECK(test.text << "\n  " << result.differs);
      if (!result.isCompiled)
        UNSCOPED_INFO(test.text << ": "
                                << (result.raised.empty() ? result.generic : result.raised));
      if (result.isCompiled) {
        compiled.insert(test.row->fullName);
        compiled.insert(test.row->baseName());
      }
    }
  }
  return compiled;
}

/// Every operator must have run compiled, but for the listed ones, which must not.
static void checkCoverage(ArrayRef<StringRef> operators, const StringSet<> &compiled) {
  StringSet<> listed;
  for (const std::string &name : readLines("uncovered"))
    listed.insert(name);
  std::vector<StringRef> missing, needless;
  for (StringRef name : operators) {
    if (!compiled.contains(name) && !listed.contains(name))
      missing.push_back(name);
    if (compiled.contains(name) && listed.contains(name))
      needless.push_back(name);
  }
  INFO("no case of these runs compiled: " << join(missing, " "));
  CHECK(missing.empty());
  INFO("these run compiled and still stand in uncovered.case: " << join(needless, " "));
  CHECK(needless.empty());
}

static void runKind(Kind kind) {
  std::vector<Case> cases = expandLines(readLines(kernel::stringifyKind(kind)));
  for (size_t i = 0; i < cases.size(); ++i) {
    cases[i].wrapsBefore = kind == Kind::View && i % 2;
    cases[i].wrapsBehind = kind == Kind::View;
  }
  StringSet<> compiled = runAll(cases);
  checkCoverage(formsOf(kind), compiled);
}

TEST_CASE("views against generic kernels") { runKind(Kind::View); }
TEST_CASE("contractions against generic kernels") { runKind(Kind::Contraction); }
TEST_CASE("rows against generic kernels") { runKind(Kind::Rows); }
TEST_CASE("attention against generic kernels") { runKind(Kind::Attention); }
TEST_CASE("recurrent networks against generic kernels") { runKind(Kind::Recurrent); }
TEST_CASE("windows against generic kernels") { runKind(Kind::Window); }
TEST_CASE("moves against generic kernels") { runKind(Kind::Move); }

TEST_CASE("elementwise operators against generic kernels") {
  std::vector<std::string> lines = elementwiseLines();
  StringSet<> own; // operators that a line of the file stands for
  std::vector<std::string> written = readLines("map");
  for (const std::string &line : written)
    own.insert(StringRef(line).split(' ').first);
  erase_if(lines, [&](StringRef line) { return own.contains(line.split(' ').first); });
  lines.insert(lines.end(), written.begin(), written.end());
  std::vector<Case> cases = expandLines(lines);
  StringSet<> compiled = runAll(cases);
  SetVector<StringRef> operators;
  for (const Case &test : cases)
    operators.insert(test.row->fullName);
  checkCoverage(operators.getArrayRef(), compiled);
}

} // namespace tsc::test

// SPDX-License-Identifier: Apache-2.0
// Every operator that has a compiled form, against its generic kernel. Cases of elementwise
// operators are made from their schemas; those of the other kinds stand in <kind>.case, where each
// row of CompiledForms.def must have one that runs compiled.
#include "CaseRun.h"

#include "tsc/Kernel/KernelDialect.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

#include <catch2/catch.hpp>

#include <map>

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

/// By the names of operators, full and base: why none of its cases ran compiled; "" when one did.
using Outcomes = std::map<std::string, std::string>;

static Outcomes runAll(ArrayRef<Case> cases) {
  Outcomes outcomes;
  for (size_t begin = 0; begin < cases.size(); begin += kChunk) {
    ArrayRef<Case> chunk = cases.slice(begin, std::min(kChunk, cases.size() - begin));
    std::string error;
    std::vector<CaseResult> results = runCases(chunk, error);
    INFO(error);
    REQUIRE(results.size() == chunk.size());
    for (auto [test, result] : zip(chunk, results)) {
      if (!result.differs.empty())
        FAIL_CHECK(test.text << "\n  " << result.differs);
      if (!test.raises.empty()) {
        INFO(test.text << "\n  " << result.generic << result.raised);
        CHECK((result.generic.empty() && StringRef(result.raised).contains(test.raises)));
        continue;
      }
      for (StringRef name : {test.row->fullName, test.row->baseName()}) {
        std::string why = result.raised.empty() ? result.generic : result.raised;
        std::string &known = outcomes.try_emplace(name.str(), why).first->second;
        if (result.isCompiled)
          known.clear();
      }
    }
  }
  return outcomes;
}

static void checkCompiled(ArrayRef<StringRef> names, const Outcomes &outcomes) {
  for (StringRef name : names) {
    auto found = outcomes.find(name.str());
    if (found == outcomes.end() || !found->second.empty())
      FAIL_CHECK("no case of " << name.str() << " runs compiled: "
                               << (found == outcomes.end() ? "there is none" : found->second));
  }
}

static void runKind(Kind kind) {
  std::vector<Case> cases = expandLines(readLines(kernel::stringifyKind(kind)));
  for (size_t i = 0; i < cases.size(); ++i) {
    cases[i].wrapsBefore = kind == Kind::View && i % 2;
    cases[i].wrapsBehind = kind == Kind::View;
  }
  checkCompiled(formsOf(kind), runAll(cases));
}

TEST_CASE("views against generic kernels") { runKind(Kind::View); }
TEST_CASE("contractions against generic kernels") { runKind(Kind::Contraction); }
TEST_CASE("rows against generic kernels") { runKind(Kind::Rows); }
TEST_CASE("attention against generic kernels") { runKind(Kind::Attention); }
TEST_CASE("recurrent networks against generic kernels") { runKind(Kind::Recurrent); }
TEST_CASE("windows against generic kernels") { runKind(Kind::Window); }
TEST_CASE("moves against generic kernels") { runKind(Kind::Move); }
TEST_CASE("scans against generic kernels") { runKind(Kind::Scan); }
TEST_CASE("scatters against generic kernels") { runKind(Kind::Scatter); }
TEST_CASE("routines against generic kernels") { runKind(Kind::Routine); }

/// Half floats differ by roundings, which a comparison within the program does not allow.
static bool canCompare(const Case &test) {
  return test.raises.empty() && llvm::all_of(test.arguments, [](const ArgumentCase &argument) {
           return llvm::all_of(argument.tensors, [](const TensorCase &tensor) {
             return !isFloating(tensor.dtype) || dtypeBytes(tensor.dtype) >= 4;
           });
         });
}

TEST_CASE("batches of unknown size against generic kernels") {
  std::vector<Case> cases;
  for (StringRef kind : {"contraction", "rows", "attention", "window", "scan"})
    for (Case &test : expandLines(readLines(kind)))
      if (canCompare(test)) {
        test.isBatched = true;
        cases.push_back(std::move(test));
      }
  Outcomes outcomes = runAll(cases);
  // Those of which no case runs in parts would not be tested here.
  for (StringRef name : {"aten::linear",
                         "aten::matmul",
                         "aten::bmm",
                         "aten::addmm",
                         "aten::conv1d",
                         "aten::conv2d",
                         "aten::conv3d",
                         "aten::softmax",
                         "aten::layer_norm",
                         "aten::batch_norm",
                         "aten::group_norm",
                         "aten::mean",
                         "aten::sum",
                         "aten::max",
                         "aten::var",
                         "aten::scaled_dot_product_attention",
                         "aten::max_pool2d",
                         "aten::avg_pool2d",
                         "aten::adaptive_avg_pool2d",
                         "aten::upsample_bilinear2d",
                         "aten::cumsum"}) {
    INFO(name.str() << ": " << outcomes[name.str()]);
    CHECK(outcomes[name.str()].empty());
  }
}

/// Operators that have a function in the library and give tensors; an overload's is
/// `base__overload`.
static std::vector<std::string> libraryOperators() {
  std::vector<std::string> names;
  std::error_code ec;
  for (sys::fs::directory_iterator at(TSC_LIBRARY, ec), end; at != end && !ec; at.increment(ec)) {
    auto file = MemoryBuffer::getFile(at->path());
    REQUIRE(file);
    for (StringRef line : split((*file)->getBuffer(), '\n')) {
      if (!line.consume_front("def ") || line.contains("-> List[Tensor]"))
        continue;
      auto [base, overload] = line.split('(').first.split("__");
      bool isSplit = !base.empty() && !overload.empty();
      std::string name = "aten::" + (isSplit ? base : line.split('(').first).str();
      if (isSplit && ts::findOperator(name + "." + overload.str()))
        names.push_back(name + "." + overload.str());
      else if (!isSplit && !ts::findOverloads(name).empty())
        names.push_back(name);
    }
  }
  return names;
}

TEST_CASE("functions of the library against the operators") {
  std::vector<Case> cases = expandLines(readLines("library"));
  for (Case &test : cases)
    test.isLibrary = true;
  std::vector<std::string> names = libraryOperators();
  CHECK(names.size() > 100);
  llvm::erase(names, "aten::_weight_norm"); // there is no kernel to compare with
  checkCompiled(std::vector<StringRef>(names.begin(), names.end()), runAll(cases));
}

/// What the lines are for: the file's own lines stand for their operators alone.
static std::vector<std::string> allElementwiseLines() {
  std::vector<std::string> lines = elementwiseLines(), written = readLines("map");
  StringSet<> own;
  for (const std::string &line : written)
    own.insert(StringRef(line).split(' ').first);
  for (StringRef name : formsOf(Kind::View)) // these have formulas too, for fusion alone
    own.insert(name);
  erase_if(lines, [&](StringRef line) { return own.contains(line.split(' ').first); });
  lines.insert(lines.end(), written.begin(), written.end());
  return lines;
}

TEST_CASE("elementwise operators against generic kernels") {
  std::vector<Case> cases = expandLines(allElementwiseLines());
  SetVector<StringRef> names;
  for (Case &test : cases) {
    names.insert(test.row->fullName);
    // A conversion to the dtype that a tensor has is a view of it.
    test.wrapsBehind = test.row->lowering.ends_with("cast(self)");
  }
  checkCompiled(names.getArrayRef(), runAll(cases));
}

} // namespace tsc::test

// SPDX-License-Identifier: Apache-2.0
#include "Golden.h"

#include "tsc/Kernel/KernelDialect.h"
#include "tsc/Transforms/Passes.h"

#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/FileCheck/FileCheck.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"

#include <catch2/catch.hpp>

using namespace mlir;

namespace tsc::test {

static std::string print(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream os(text);
  module.print(os);
  return text;
}

/// What follows the marker on its line.
static StringRef directive(StringRef text, StringRef marker) {
  size_t at = text.find(marker);
  REQUIRE(at != StringRef::npos);
  return text.substr(at + marker.size()).split('\n').first.trim();
}

static bool matches(StringRef output, std::unique_ptr<llvm::MemoryBuffer> checks) {
  llvm::FileCheckRequest request;
  request.CheckPrefixes = {"CHECK"};
  llvm::FileCheck checker(request);
  llvm::SourceMgr sources;
  StringRef text = checks->getBuffer();
  sources.AddNewSourceBuffer(std::move(checks), llvm::SMLoc());
  if (checker.readCheckFile(sources, text))
    return false;
  auto copy = llvm::MemoryBuffer::getMemBufferCopy(output, "output");
  StringRef input = copy->getBuffer();
  sources.AddNewSourceBuffer(std::move(copy), llvm::SMLoc());
  return checker.checkInput(sources, input);
}

void runGolden(const std::string &path) {
  static const bool registered = (ts::registerTsPasses(), true);
  (void)registered;
  auto file = llvm::MemoryBuffer::getFile(path);
  REQUIRE(file);
  std::string passes = directive((*file)->getBuffer(), "// PASSES:").str();
  MLIRContext context(MLIRContext::Threading::DISABLED); // as in the driver
  context.loadDialect<ts::TsDialect, kernel::KernelDialect>();
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>((*file)->getBuffer(), &context, path);
  REQUIRE(module);
  PassManager manager(&context);
  REQUIRE(succeeded(parsePassPipeline(passes, manager)));
  REQUIRE(succeeded(manager.run(*module)));
  std::string once = print(*module);
  OwningOpRef<ModuleOp> again = parseSourceString<ModuleOp>(once, &context);
  REQUIRE(again);
  CHECK(print(*again) == once);
  INFO(once);
  CHECK(matches(once, std::move(*file)));
}

} // namespace tsc::test

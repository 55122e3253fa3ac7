// SPDX-License-Identifier: Apache-2.0
// Every reason stands in a golden file of reasons, its places filled.
#include "tsc/Kernel/Reasons.h"

#include "llvm/Support/MemoryBuffer.h"

#include <catch2/catch.hpp>

namespace tsc::kernel {

static constexpr Reason kReasons[] = {
#define REASON(NAME, TEXT) Reason::NAME,
#include "tsc/Kernel/Reasons.def"
};

TEST_CASE("every reason is tested") {
  std::string text;
  for (const char *part : {"", "-arguments", "-tensors", "-kinds"}) {
    auto file = llvm::MemoryBuffer::getFile(std::string(TSC_REASONS_GOLDEN) + part + ".mlir");
    REQUIRE(file);
    text += (*file)->getBuffer();
  }
  llvm::StringRef golden = text;
  for (Reason reason : kReasons) {
    INFO(reasonName(reason).str());
    auto [before, after] = llvm::StringRef(reasonText(reason)).split("{0}");
    bool found = false;
    for (llvm::StringRef rest = golden; !found && rest.contains(before);) {
      rest = rest.substr(rest.find(before) + before.size());
      found = rest.split('\n').first.contains(after);
    }
    CHECK(found);
  }
}

} // namespace tsc::kernel

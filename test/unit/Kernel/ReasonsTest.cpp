// SPDX-License-Identifier: Apache-2.0
// Every reason stands in the golden file of reasons, its places filled.
#include "tsc/Kernel/Reasons.h"

#include "llvm/Support/MemoryBuffer.h"

#include <catch2/catch.hpp>

namespace tsc::kernel {

static constexpr Reason kReasons[] = {
#define REASON(NAME, TEXT) Reason::NAME,
#include "tsc/Kernel/Reasons.def"
};

TEST_CASE("every reason is tested") {
  auto file = llvm::MemoryBuffer::getFile(TSC_REASONS_GOLDEN);
  REQUIRE(file);
  llvm::StringRef golden = (*file)->getBuffer();
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

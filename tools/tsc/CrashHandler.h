// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace tsc {
/// A fault inside tsc ends it with exit code 70 and one sentence; files that were not finished are
/// removed.
void installCrashHandler();
} // namespace tsc

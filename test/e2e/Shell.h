// SPDX-License-Identifier: Apache-2.0
// Programs that a test runs, in a folder of its own that goes with it.
#pragma once

#include <filesystem>
#include <string>

namespace tsc::test {

struct Outcome {
  int code;
  std::string out, err;
};

class Shell {
public:
  Shell();
  ~Shell();
  Shell(const Shell &) = delete;
  /// Runs a command line in the folder; `tsc` and `cc`, `c++` at its start are those of the build.
  Outcome run(const std::string &command) const;
  void write(const std::string &name, const std::string &text) const;
  std::string read(const std::string &name) const;
  bool exists(const std::string &name) const { return std::filesystem::exists(folder / name); }
  /// How many files are in the folder.
  size_t fileCount() const;

private:
  std::filesystem::path folder;
};

/// A path in the source tree.
std::string sourcePath(const std::string &name);

} // namespace tsc::test

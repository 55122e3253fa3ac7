// SPDX-License-Identifier: Apache-2.0
#include "Shell.h"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <sys/wait.h>

namespace tsc::test {

namespace fs = std::filesystem;

std::string sourcePath(const std::string &name) { return TSC_SOURCE_DIR "/" + name; }

Shell::Shell() {
  std::string pattern = (fs::temp_directory_path() / "tsc-e2e-XXXXXX").string();
  folder = mkdtemp(pattern.data());
}
Shell::~Shell() { fs::remove_all(folder); }

static std::string readFile(const fs::path &path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void Shell::write(const std::string &name, const std::string &text) const {
  std::ofstream(folder / name, std::ios::binary) << text;
}
std::string Shell::read(const std::string &name) const { return readFile(folder / name); }

size_t Shell::fileCount() const {
  size_t count = 0;
  for ([[maybe_unused]] const fs::directory_entry &entry : fs::directory_iterator(folder))
    ++count;
  return count;
}

Outcome Shell::run(const std::string &command) const {
  std::string line = command;
  for (auto [word, program] : {std::pair{"tsc ", TSC_EXECUTABLE " "},
                               {"cc ", TSC_C_COMPILER " "},
                               {"c++ ", TSC_CXX_COMPILER " "}})
    if (line.rfind(word, 0) == 0) {
      line = program + line.substr(std::string(word).size());
      break;
    }
  fs::path out = folder.string() + ".out", err = folder.string() + ".err";
  int status = std::system(("cd '" + folder.string() + "' && { " + line + "; } >'" + out.string() +
                            "' 2>'" + err.string() + "' </dev/null")
                               .c_str());
  Outcome outcome = {WIFEXITED(status) ? WEXITSTATUS(status) : -1, readFile(out), readFile(err)};
  fs::remove(out);
  fs::remove(err);
  return outcome;
}

} // namespace tsc::test

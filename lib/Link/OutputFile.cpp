// SPDX-License-Identifier: Apache-2.0
#include "tsc/Link/OutputFile.h"

#include "tsc/Support/Diagnostics.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace tsc {

static bool fillFile(StringRef temporary, StringRef path,
                     function_ref<bool(raw_fd_ostream &)> write, DiagnosticEngine &engine) {
  std::error_code ec;
  raw_fd_ostream os(temporary, ec, sys::fs::OF_None);
  if (ec)
    return engine.report({path.str()}, Diag::CannotWrite, ec.message()), false;
  bool ok = write(os);
  os.close();
  if (os.has_error()) {
    ec = os.error();
    os.clear_error();
    if (ok)
      engine.report({path.str()}, Diag::CannotWrite, ec.message());
    return false;
  }
  return ok;
}

static void removeFile(const std::string &path) {
  (void)sys::fs::remove(path);
  sys::DontRemoveFileOnSignal(path);
}

OutputFile::~OutputFile() {
  if (!temporary.empty() && !kept)
    removeFile(temporary);
}

bool OutputFile::open(DiagnosticEngine &engine) {
  if (sys::fs::is_directory(path))
    return engine.report({path}, Diag::CannotWrite, "it is a directory"), false;
  SmallString<128> name;
  int fd;
  if (std::error_code ec =
          sys::fs::createUniqueFile(path + ".%%%%%%%%.tmp", fd, name, sys::fs::OF_None, 0666))
    return engine.report({path}, Diag::CannotWrite, ec.message()), false;
  (void)sys::Process::SafelyCloseFileDescriptor(fd);
  temporary = name.str().str();
  (void)sys::RemoveFileOnSignal(temporary);
  return true;
}

bool OutputFile::keep(DiagnosticEngine &engine) {
  if (std::error_code ec = sys::fs::rename(temporary, path))
    return engine.report({path}, Diag::CannotWrite, ec.message()), false;
  sys::DontRemoveFileOnSignal(temporary);
  kept = true;
  return true;
}

bool OutputFile::fill(function_ref<bool(raw_fd_ostream &)> write, DiagnosticEngine &engine) {
  return fillFile(temporary, path, write, engine);
}

TemporaryFile::~TemporaryFile() {
  if (!name.empty())
    removeFile(name);
}

bool TemporaryFile::open(StringRef suffix, DiagnosticEngine &engine) {
  SmallString<128> made;
  int fd;
  if (std::error_code ec = sys::fs::createTemporaryFile("tsc", suffix, fd, made))
    return engine.report({}, Diag::CannotWrite, ec.message()), false;
  (void)sys::Process::SafelyCloseFileDescriptor(fd);
  name = made.str().str();
  (void)sys::RemoveFileOnSignal(name);
  return true;
}

bool TemporaryFile::fill(function_ref<bool(raw_fd_ostream &)> write, DiagnosticEngine &engine) {
  return fillFile(name, name, write, engine);
}

} // namespace tsc

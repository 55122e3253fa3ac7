// SPDX-License-Identifier: Apache-2.0
// Names and order of the inputs do not reach the output: sections come in the order of the objects,
// symbols are stripped unless they are wanted, and no build id is made, so that equal inputs give
// equal bytes.
#include "tsc/Link/Linker.h"

#include "tsc/Link/OutputFile.h"
#include "tsc/Support/Diagnostics.h"

#include "lld/Common/CommonLinkerContext.h"
#include "lld/Common/Driver.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

LLD_HAS_DRIVER(elf)

namespace tsc {

/// Threads help where much is copied; for a small library starting them costs more.
static constexpr uint64_t kThreadsFrom = 32 << 20;

static bool runLinker(ArrayRef<std::string> arguments, DiagnosticEngine &engine) {
  std::vector<const char *> argv = {"ld.lld"};
  for (const std::string &a : arguments)
    argv.push_back(a.c_str());
  std::string text;
  raw_string_ostream os(text);
  bool ok = lld::elf::link(argv, os, os, /*exitEarly=*/false, /*disableOutput=*/false);
  lld::CommonLinkerContext::destroy();
  if (ok)
    return true;
  StringRef first = StringRef(text).split('\n').first;
  first.consume_front("ld.lld: ");
  first.consume_front("error: ");
  engine.report({}, Diag::LinkFailed, first);
  return false;
}

static uint64_t totalSize(ArrayRef<std::string> files) {
  uint64_t total = 0, size;
  for (const std::string &file : files)
    if (!sys::fs::file_size(file, size))
      total += size;
  return total;
}

bool linkSharedLibrary(ArrayRef<std::string> objects, const RuntimeFiles &runtime,
                       StringRef function, bool keepSymbols, StringRef out,
                       DiagnosticEngine &engine) {
  TemporaryFile script;
  auto writeScript = [&](raw_fd_ostream &os) {
    os << "{ global: tsc_model_entry; " << function << "; local: *; };\n";
    return true;
  };
  if (!script.open("map", engine) || !script.fill(writeScript, engine))
    return false;
  std::vector<std::string> arguments = {"-shared",
                                        "--hash-style=gnu",
                                        "--build-id=none",
                                        "--gc-sections",
                                        "--as-needed",
                                        "-znow",
                                        "-zrelro",
                                        "-znoexecstack",
                                        "-zdefs",
                                        "-O1",
                                        "--defsym=tsc_model_entry=" + function.str(),
                                        "-o",
                                        out.str(),
                                        "--version-script=" + script.path()};
  if (!keepSymbols)
    arguments.push_back("--strip-all");
  if (totalSize(objects) < kThreadsFrom)
    arguments.push_back("--threads=1");
  arguments.insert(arguments.end(), objects.begin(), objects.end());
  for (const std::string *file :
       {&runtime.archive, &runtime.builtins, &runtime.libc, &runtime.libm})
    arguments.push_back(*file);
  return runLinker(arguments, engine);
}

bool linkObject(ArrayRef<std::string> objects, StringRef out, DiagnosticEngine &engine) {
  std::vector<std::string> arguments = {"-r", "-o", out.str()};
  if (totalSize(objects) < kThreadsFrom)
    arguments.push_back("--threads=1");
  arguments.insert(arguments.end(), objects.begin(), objects.end());
  return runLinker(arguments, engine);
}

bool writeStaticLibrary(ArrayRef<ArchiveMember> members, StringRef out, DiagnosticEngine &engine) {
  std::vector<NewArchiveMember> list;
  for (const ArchiveMember &member : members) {
    Expected<NewArchiveMember> made =
        NewArchiveMember::getFile(member.path, /*Deterministic=*/true);
    if (!made)
      return engine.report({member.path}, Diag::CannotRead, toString(made.takeError())), false;
    made->MemberName = member.name;
    list.push_back(std::move(*made));
  }
  if (Error error = writeArchive(out, list, SymtabWritingMode::NormalSymtab, object::Archive::K_GNU,
                                 /*Deterministic=*/true, /*Thin=*/false))
    return engine.report({out.str()}, Diag::CannotWrite, toString(std::move(error))), false;
  return true;
}

} // namespace tsc

// SPDX-License-Identifier: Apache-2.0
#include "tsc/CodeGenCPU/Target.h"
#include "tsc/Driver/LoadedModel.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

#include <dlfcn.h>

using namespace llvm;

namespace tsc {

ModelLibrary::~ModelLibrary() {
  if (handle)
    dlclose(handle);
}

std::unique_ptr<ModelLibrary> ModelLibrary::open(StringRef path, DiagnosticEngine &engine) {
  std::unique_ptr<ModelLibrary> library(new ModelLibrary());
  library->file = path.str();
  // The loader searches its folders for a name without a slash.
  SmallString<256> whole(path);
  if (std::error_code ec = sys::fs::make_absolute(whole))
    return engine.report({path.str()}, Diag::CannotRead, ec.message()), nullptr;
  library->handle = dlopen(whole.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library->handle) {
    const char *why = dlerror();
    return engine.report({path.str()}, Diag::CannotRead, why ? why : "the loader refuses it"),
           nullptr;
  }
  using Entry = const tsc_model_api *(*)();
  Entry entry = reinterpret_cast<Entry>(dlsym(library->handle, "tsc_model_entry"));
  if (!entry)
    return engine.report({path.str()}, Diag::NotAModel), nullptr;
  library->model = entry();
  if (!library->model)
    return engine.report({path.str()}, Diag::NotAModel), nullptr;
  if (library->model->abi_version != TSC_MODEL_ABI_VERSION ||
      library->model->size < sizeof(tsc_model_api))
    return engine.report({path.str()}, Diag::ModelAbi, library->model->abi_version,
                         TSC_MODEL_ABI_VERSION),
           nullptr;
  std::vector<std::string> missing =
      cpu::missingOnHost(library->model->target ? library->model->target : "");
  if (!missing.empty())
    return engine.report({path.str()}, Diag::ModelCpu, library->model->target,
                         llvm::join(missing, ", ")),
           nullptr;
  return library;
}

ModelValues::~ModelValues() {
  for (tsc_value value : values)
    api.release(value);
}

/// A traceback may hold what a file's author likes: nothing but text and line ends gets to the
/// terminal.
static void printTraceback(StringRef text) {
  for (char c : text)
    errs() << (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? '?' : c);
  if (!text.empty() && text.back() != '\n')
    errs() << '\n';
}

void reportModelError(const tsc_model_api &api, tsc_error &error, DiagnosticEngine &engine) {
  StringRef message = error.message ? error.message : "",
            className = error.class_name ? error.class_name : "";
  className.consume_front("builtins.");
  switch (error.status) {
  case TSC_RAISED:
  case TSC_CANCELLED:
  case TSC_OUT_OF_MEMORY:
    outs().flush();
    printTraceback(error.traceback ? error.traceback : "");
    if (className.empty())
      className = error.status == TSC_OUT_OF_MEMORY ? "MemoryError" : "RuntimeError";
    if (className == "CodegenDiffers") {
      engine.report({}, Diag::ResultDiffers, message);
      break;
    }
    engine.report({}, Diag::ProgramRaised, className, message.split('\n').first);
    break;
  default:
    engine.report({}, Diag::BadArgument, message);
  }
  api.error_clear(&error);
}

} // namespace tsc

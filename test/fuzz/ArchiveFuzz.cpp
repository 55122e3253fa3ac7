// SPDX-License-Identifier: Apache-2.0
// Mutated archives through reading, import and conversion, in one process: any error or success
// will do, a crash or a report of a sanitizer will not. Half of the mutations change bytes of the
// file (most of which the container's checks catch), half change a member's bytes and repair its
// checksum, so that they reach pickles, tensors and code.
//
// usage: tsc-archive-fuzz [--count N] [--seed S] ARCHIVE...
#include "tsc/Archive/ArchiveModel.h"
#include "tsc/Conversion/TsToLLVM.h"
#include "tsc/Evaluate/Evaluator.h"
#include "tsc/Import/Import.h"
#include "tsc/Transforms/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"

#include "llvm/Support/CRC.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MemoryBuffer.h"

#include <random>

using namespace tsc;
using llvm::ArrayRef;

namespace {
using Random = std::mt19937_64;
using Bytes = std::vector<uint8_t>;

/// Where a stored member's bytes lie, and its entry in the central directory.
struct MemberPlace {
  size_t begin, size, entry, local;
};
} // namespace

static uint32_t read32(const Bytes &bytes, size_t at) {
  return llvm::support::endian::read32le(&bytes[at]);
}
static uint16_t read16(const Bytes &bytes, size_t at) {
  return llvm::support::endian::read16le(&bytes[at]);
}

/// The stored members of an honest archive.
static std::vector<MemberPlace> findMembers(const Bytes &bytes) {
  std::vector<MemberPlace> members;
  size_t end = bytes.size() - 22;
  while (end > 0 && read32(bytes, end) != 0x06054b50)
    --end;
  size_t at = read32(bytes, end + 16);
  while (at + 46 <= end && read32(bytes, at) == 0x02014b50) {
    size_t local = read32(bytes, at + 42);
    size_t data = local + 30 + read16(bytes, local + 26) + read16(bytes, local + 28);
    if (read16(bytes, at + 10) == 0 && read32(bytes, at + 24) > 0)
      members.push_back({data, read32(bytes, at + 24), at, local});
    at += 46 + read16(bytes, at + 28) + read16(bytes, at + 30) + read16(bytes, at + 32);
  }
  return members;
}

static void changeByte(Bytes &bytes, size_t begin, size_t size, Random &random) {
  static constexpr uint8_t kTelling[] = {0,   1,   0x7f, 0x80, 0xff, '(', ')',
                                         '.', '"', '\n', ' ',  '[',  '-', '9'};
  uint8_t &byte = bytes[begin + random() % size];
  switch (random() % 3) {
  case 0:
    byte ^= static_cast<uint8_t>(1u << (random() % 8));
    break;
  case 1:
    byte = kTelling[random() % std::size(kTelling)];
    break;
  default:
    byte = bytes[begin + random() % size];
  }
}

static Bytes mutate(const Bytes &original, const std::vector<MemberPlace> &members,
                    Random &random) {
  Bytes bytes = original;
  unsigned changes = 1 + random() % 4;
  if (members.empty() || random() % 2) {
    for (unsigned i = 0; i < changes; ++i)
      changeByte(bytes, 0, bytes.size(), random);
    if (random() % 8 == 0)
      bytes.resize(random() % bytes.size());
    return bytes;
  }
  const MemberPlace &member = members[random() % members.size()];
  for (unsigned i = 0; i < changes; ++i)
    changeByte(bytes, member.begin, member.size, random);
  uint32_t crc = llvm::crc32(ArrayRef<uint8_t>(&bytes[member.begin], member.size));
  llvm::support::endian::write32le(&bytes[member.entry + 16], crc);
  if (read32(bytes, member.local + 14) != 0)
    llvm::support::endian::write32le(&bytes[member.local + 14], crc);
  return bytes;
}

/// True when the archive went all the way; what was reported is in the engine.
static bool compile(ArrayRef<uint8_t> bytes, DiagnosticEngine &engine) {
  std::shared_ptr<archive::ArchiveModel> archive =
      archive::readArchiveBytes(bytes, "fuzz.pt", {}, engine);
  if (!archive)
    return false;
  mlir::DialectRegistry registry;
  registry.insert<ts::TsDialect, mlir::LLVM::LLVMDialect, mlir::arith::ArithDialect,
                  mlir::math::MathDialect, mlir::vector::VectorDialect>();
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  mlir::OwningOpRef<mlir::ModuleOp> module = importer::importArchive(archive, &context, engine);
  if (!module || mlir::failed(mlir::verify(*module)))
    return false;
  mlir::PassManager passes(&context);
  passes.addPass(ts::createInlineCalls());
  passes.addPass(ts::createFreezeAttributes());
  passes.addPass(ts::createFoldConstants());
  passes.addPass(ts::createEliminateDeadCode());
  passes.addPass(ts::createInsertUpcasts());
  passes.addPass(ts::createInsertReferenceCounts());
  if (mlir::failed(passes.run(*module)))
    return false;
  TsToLLVMOptions options;
  options.hasKernel = ts::hasKernel;
  return mlir::succeeded(convertTsToLLVM(*module, options, engine));
}

int main(int argc, char **argv) {
  uint64_t count = 1000, seed = 1;
  std::vector<Bytes> archives;
  for (int i = 1; i < argc; ++i) {
    llvm::StringRef word = argv[i];
    if ((word == "--count" || word == "--seed") && i + 1 < argc) {
      if (llvm::StringRef(argv[++i]).getAsInteger(10, word == "--count" ? count : seed))
        return 2;
      continue;
    }
    auto file = llvm::MemoryBuffer::getFile(word, false, false);
    if (!file) {
      llvm::errs() << word << ": " << file.getError().message() << "\n";
      return 2;
    }
    archives.emplace_back((*file)->getBuffer().bytes_begin(), (*file)->getBuffer().bytes_end());
    DiagnosticEngine engine;
    if (!compile(archives.back(), engine)) {
      llvm::errs() << word << ": does not compile as it is\n";
      engine.printText(llvm::errs());
      return 1;
    }
  }
  if (archives.empty())
    return 2;
  uint64_t good = 0;
  for (uint64_t i = 0; i < count; ++i) {
    Random random(seed * 1000003 + i);
    const Bytes &base = archives[i % archives.size()];
    DiagnosticEngine engine;
    good += compile(mutate(base, findMembers(base), random), engine);
  }
  llvm::outs() << count << " mutations of " << archives.size() << " archives, " << good
               << " compiled\n";
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// An ELF object by hand. It holds data and symbols but no code and no relocations, so its layout is
// fixed:
//
//   file header | weights, each at a multiple of 64 | symbol table | symbol names | section names |
//   section headers
//
// LLVM's own writer would want every byte inside an IR constant; here a weight of any size goes
// from where it lies (a mapped archive, mostly) to the file in one write. Weights beyond 1 GiB go
// to a large section, which linkers place behind everything else, so that code and small data stay
// within reach of each other.
#include "tsc/Link/Linker.h"
#include "tsc/Link/OutputFile.h"
#include "tsc/Support/Diagnostics.h"

#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Triple.h"

using namespace llvm;

namespace tsc {

static constexpr uint64_t kAlignment = 64;
static constexpr uint64_t kLargeFrom = uint64_t(1) << 30;

namespace {
enum SectionIndex : unsigned {
  kNull,
  kWeights,
  kSymbols,
  kNames,
  kSectionNames,
  kStack,
  kSectionCount
};

struct Section {
  std::string name;
  uint32_t type = 0;
  uint64_t flags = 0, offset = 0, size = 0;
  uint32_t link = 0, info = 0;
  uint64_t alignment = 1, entrySize = 0;
};
} // namespace

static void write16(raw_ostream &os, uint16_t x) {
  char b[2];
  support::endian::write16le(b, x);
  os.write(b, 2);
}
static void write32(raw_ostream &os, uint32_t x) {
  char b[4];
  support::endian::write32le(b, x);
  os.write(b, 4);
}
static void write64(raw_ostream &os, uint64_t x) {
  char b[8];
  support::endian::write64le(b, x);
  os.write(b, 8);
}

static void writeFileHeader(raw_ostream &os, uint16_t machine, uint64_t sectionHeaders) {
  static const unsigned char ident[16] = {
      0x7f, 'E', 'L', 'F', ELF::ELFCLASS64, ELF::ELFDATA2LSB, ELF::EV_CURRENT};
  os.write(reinterpret_cast<const char *>(ident), sizeof ident);
  write16(os, ELF::ET_REL);
  write16(os, machine);
  write32(os, ELF::EV_CURRENT);
  write64(os, 0); // entry
  write64(os, 0); // program headers
  write64(os, sectionHeaders);
  write32(os, 0); // flags
  write16(os, 64);
  write16(os, 0);
  write16(os, 0);
  write16(os, 64);
  write16(os, kSectionCount);
  write16(os, kSectionNames);
}

static void writeSymbol(raw_ostream &os, uint32_t name, uint64_t value, uint64_t size) {
  write32(os, name);
  bool real = name != 0;
  os << static_cast<char>(real ? ELF::STB_GLOBAL << 4 | ELF::STT_OBJECT : 0)
     << static_cast<char>(real ? ELF::STV_HIDDEN : 0);
  write16(os, real ? uint16_t(kWeights) : 0);
  write64(os, value);
  write64(os, size);
}

static void writeSectionHeader(raw_ostream &os, const Section &s, uint32_t name) {
  write32(os, name);
  write32(os, s.type);
  write64(os, s.flags);
  write64(os, 0); // address
  write64(os, s.offset);
  write64(os, s.size);
  write32(os, s.link);
  write32(os, s.info);
  write64(os, s.alignment);
  write64(os, s.entrySize);
}

/// Everything but the file offsets.
static std::vector<Section> describeSections(uint64_t weightBytes, bool isX86, size_t symbolCount) {
  std::vector<Section> sections(kSectionCount);
  bool large = isX86 && weightBytes >= kLargeFrom;
  sections[kNull].alignment = 0;
  sections[kWeights] = {large ? ".ldata.tsc_weights" : ".data.tsc_weights", ELF::SHT_PROGBITS,
                        ELF::SHF_ALLOC | ELF::SHF_WRITE |
                            (large ? uint64_t(ELF::SHF_X86_64_LARGE) : 0)};
  sections[kWeights].alignment = kAlignment;
  sections[kSymbols] = {".symtab", ELF::SHT_SYMTAB};
  sections[kSymbols].link = kNames;
  sections[kSymbols].info = 1; // the first global symbol
  sections[kSymbols].alignment = 8;
  sections[kSymbols].entrySize = 24;
  sections[kSymbols].size = 24 * (symbolCount + 1);
  sections[kNames] = {".strtab", ELF::SHT_STRTAB};
  sections[kSectionNames] = {".shstrtab", ELF::SHT_STRTAB};
  sections[kStack] = {".note.GNU-stack", ELF::SHT_PROGBITS};
  return sections;
}

static bool writeObject(raw_fd_ostream &os, const Triple &triple, ArrayRef<WeightBytes> weights) {
  std::string names(1, '\0');
  std::vector<uint32_t> nameOffsets;
  std::vector<uint64_t> places;
  uint64_t end = 0;
  for (const WeightBytes &w : weights) {
    nameOffsets.push_back(static_cast<uint32_t>(names.size()));
    names += w.symbol + '\0';
    end = alignTo(end, kAlignment);
    places.push_back(end);
    end += w.bytes.size();
  }
  std::vector<Section> sections = describeSections(end, triple.isX86(), weights.size());
  std::string sectionNames(1, '\0');
  std::vector<uint32_t> sectionNameOffsets;
  for (const Section &s : sections) {
    sectionNameOffsets.push_back(s.name.empty() ? 0 : static_cast<uint32_t>(sectionNames.size()));
    if (!s.name.empty())
      sectionNames += s.name + '\0';
  }
  sections[kWeights].size = end;
  sections[kNames].size = names.size();
  sections[kSectionNames].size = sectionNames.size();
  uint64_t at = 64; // the file header
  for (unsigned i = kWeights; i < kSectionCount; ++i) {
    at = alignTo(at, sections[i].alignment);
    sections[i].offset = at;
    at += sections[i].size;
  }
  uint64_t headers = alignTo(at, 8);

  writeFileHeader(os, triple.isX86() ? ELF::EM_X86_64 : ELF::EM_AARCH64, headers);
  auto padTo = [&](uint64_t offset) { os.write_zeros(offset - os.tell()); };
  for (size_t i = 0; i < weights.size(); ++i) {
    padTo(sections[kWeights].offset + places[i]);
    os.write(reinterpret_cast<const char *>(weights[i].bytes.data()), weights[i].bytes.size());
  }
  padTo(sections[kSymbols].offset);
  writeSymbol(os, 0, 0, 0);
  for (size_t i = 0; i < weights.size(); ++i)
    writeSymbol(os, nameOffsets[i], places[i], weights[i].bytes.size());
  os << names << sectionNames;
  padTo(headers);
  for (unsigned i = 0; i < kSectionCount; ++i)
    writeSectionHeader(os, sections[i], sectionNameOffsets[i]);
  return true;
}

bool writeWeightsObject(StringRef path, StringRef triple, ArrayRef<WeightBytes> weights,
                        DiagnosticEngine &engine) {
  std::error_code ec;
  raw_fd_ostream os(path, ec);
  if (ec)
    return engine.report({path.str()}, Diag::CannotWrite, ec.message()), false;
  bool ok = writeObject(os, Triple(triple), weights);
  os.close();
  if (os.has_error()) {
    engine.report({path.str()}, Diag::CannotWrite, os.error().message());
    os.clear_error();
    return false;
  }
  return ok;
}

} // namespace tsc

// SPDX-License-Identifier: Apache-2.0
// Containers: what is read, and each way in which one may lie.
#include "ArchiveTestSupport.h"

using namespace tsc::test;
using Catch::Matchers::Contains;

TEST_CASE("a sound archive is read", "[archive]") {
  tsc::DiagnosticEngine engine;
  ZipBuilder zip = archive();
  zip.add("m/extra/note.txt", "hello");
  zip.add("m/byteorder", "little");
  auto model = tsc::archive::readArchiveBytes(raw(zip.bytes()), "f.pt", {}, engine);
  REQUIRE(model);
  CHECK(engine.diagnostics().empty());
  CHECK(model->topFolder == "m");
  CHECK(model->version == 3);
  CHECK(model->byteorder == "little");
  CHECK(model->graph.typeText(model->root) == "__torch__.M");
  CHECK(model->constants.empty());
  CHECK(model->extraFiles.at("note.txt") == "hello");
  REQUIRE(model->codeFileOf("__torch__.M"));
  CHECK(model->codeFileOf("__torch__.M")->member == "code/__torch__.py");
  CHECK(model->codeFileOf("__torch__.a.M") == nullptr);
}

TEST_CASE("deflated members and comments are read", "[archive]") {
  ZipBuilder zip;
  zip.addDeflated("m/data.pkl", module(""));
  zip.addDeflated("m/code/__torch__.py", "class M(Module):\n  pass\n");
  zip.addDeflated("m/version", "10");
  zip.comment = "made by hand";
  CHECK(check(zip.bytes()) == "ok");
  zip.entries[1].data.back() ^= 1;
  CHECK_THAT(check(zip.bytes()), Contains("f.pt:code/__torch__.py: ") && Contains("(1)"));
  zip.entries[1].data.resize(8);
  CHECK_THAT(check(zip.bytes()), Contains("does not expand to the recorded"));
}

TEST_CASE("files that are no zip", "[archive]") {
  CHECK(check("") == "f.pt: not a zip archive (file has 0 bytes) (1)");
  CHECK(check("x") == "f.pt: not a zip archive (file has 1 bytes) (1)");
  CHECK_THAT(check("import torch\nclass M:\n    pass\n"), Contains("pass source as .py"));
  CHECK_THAT(check("PYTORCH1" + std::string(40, '\0')), Contains("PYTORCH1"));
  CHECK_THAT(check("\x80\x02]q."), Contains("a bare pickle"));
  CHECK_THAT(check(lit("\x20\0\0\0PTMF") + std::string(40, '\0')), Contains("flatbuffer"));
  std::string whole = archive().bytes();
  CHECK(check(whole.substr(0, whole.size() / 2)) ==
        "f.pt: end-of-central-directory record not found (truncated?) (1)");
  CHECK_THAT(check(whole.substr(0, whole.size() - 1)), Contains("(truncated?)"));
}

TEST_CASE("files that cannot be read", "[archive]") {
  for (const char *path : {"/", "/dev/zero", "/nonexistent/f.pt"}) {
    tsc::DiagnosticEngine engine;
    CHECK(tsc::archive::readArchive(path, {}, engine) == nullptr);
    CHECK_THAT(firstError(engine, false), Contains("cannot read: "));
    CHECK(engine.exitCode() == 1);
  }
}

TEST_CASE("bytes around the archive", "[archive]") {
  ZipBuilder zip = archive();
  zip.prefix = "#!/bin/sh\n";
  CHECK_THAT(check(zip.bytes()), Contains("offset of central directory inconsistent"));
  zip.prefix.clear();
  zip.suffix = std::string(70000, 'x');
  CHECK_THAT(check(zip.bytes()), Contains("70000 extra bytes after archive end"));
  zip.suffix = "x";
  CHECK_THAT(check(zip.bytes()), Contains("1 extra bytes after archive end"));
}

TEST_CASE("directories out of bounds", "[archive]") {
  ZipBuilder zip = archive();
  zip.directoryOffset = 0x7fffffff;
  CHECK_THAT(check(zip.bytes()), Contains("central directory out of bounds (offset 2147483647"));
  zip = archive();
  zip.entryCount = 0xffff;
  CHECK_THAT(check(zip.bytes()), Contains("central directory out of bounds"));
  zip = archive();
  zip.entries[1].localOffset = 0x7fffffff;
  CHECK_THAT(check(zip.bytes()), Contains("f.pt:m/data/0: local header out of bounds"));
  zip = archive();
  zip.entries[1].localOffset = 0;
  CHECK_THAT(check(zip.bytes()), Contains("local header differs"));
  zip = archive();
  zip.entries[1].localName = "m/data/1";
  CHECK_THAT(check(zip.bytes()), Contains("local header differs"));
}

/// `zip` with a ZIP64 end record and its locator before the end record, as PyTorch writes them.
static std::string withZip64(const ZipBuilder &zip, uint64_t shift = 0, int64_t moreEntries = 0) {
  std::string bytes = zip.bytes(), end = bytes.substr(bytes.size() - 22), extra;
  bytes.resize(bytes.size() - 22);
  uint32_t size, offset;
  memcpy(&size, end.data() + 12, 4);
  memcpy(&offset, end.data() + 16, 4);
  uint64_t record = bytes.size();
  for (auto [number, width] :
       std::initializer_list<std::pair<uint64_t, unsigned>>{{0x06064b50, 4},
                                                            {44, 8},
                                                            {45, 2},
                                                            {45, 2},
                                                            {0, 8},
                                                            {zip.entries.size() + moreEntries, 8},
                                                            {zip.entries.size() + moreEntries, 8},
                                                            {size, 8},
                                                            {offset, 8},
                                                            {0x07064b50, 4},
                                                            {0, 4},
                                                            {record + shift, 8},
                                                            {1, 4}})
    ZipBuilder::put(extra, number, width);
  return bytes + extra + end;
}

TEST_CASE("ZIP64 end records", "[archive]") {
  CHECK(check(withZip64(archive())) == "ok");
  CHECK_THAT(check("xxxx" + withZip64(archive())), Contains("central directory inconsistent"));
  CHECK_THAT(check(withZip64(archive(), 1)), Contains("central directory inconsistent"));
  CHECK_THAT(check(withZip64(archive(), 0, 1)), Contains("ZIP64 field inconsistent"));
  ZipBuilder zip = archive();
  zip.directoryOffset = 0x7fffffff;
  CHECK_THAT(check(withZip64(zip)), Contains("central directory out of bounds"));
  std::string lone = withZip64(archive());
  lone[lone.size() - 14] = lone[lone.size() - 13] = lone[lone.size() - 12] =
      lone[lone.size() - 11] = '\xff';
  CHECK_THAT(check(lone), Contains("central directory out of bounds"));
}

TEST_CASE("members whose sizes lie", "[archive]") {
  ZipBuilder zip = archive();
  zip.entries[1].size = zip.entries[1].compressedSize = 1 << 20;
  CHECK_THAT(check(zip.bytes()), Contains("member size 1048576 exceeds file"));
  zip = archive();
  zip.entries[1].size = 8;
  CHECK_THAT(check(zip.bytes()), Contains("stored size 24 and uncompressed size 8 differ"));
  zip = archive();
  zip.addDeflated("m/data/1", "x").size = 300u << 20;
  CHECK_THAT(check(zip.bytes()), Contains("use --max-expanded"));
  zip = archive();
  zip.addDeflated("m/extra/x", std::string(1000, 'x'));
  CHECK_THAT(check(zip.bytes(), 500), Contains("member expands beyond limit"));
  CHECK(check(zip.bytes(), 1000) == "ok");
}

TEST_CASE("a flipped byte is found", "[archive]") {
  ZipBuilder zip = archive(module(str("w") + tensor(storage("FloatStorage", "0", 6), 0, {6}, {1})));
  CHECK(check(zip.bytes()) == "ok");
  zip.entries[1].crc = ZipBuilder::crcOf(kFloats) ^ 1;
  CHECK_THAT(check(zip.bytes()), Contains("CRC mismatch in data/0"));
}

TEST_CASE("compression and encryption that are not read", "[archive]") {
  ZipBuilder zip = archive();
  zip.entries[1].method = 12;
  CHECK_THAT(check(zip.bytes()),
             Contains("unsupported compression (method 12)") && Contains("(3)"));
  zip = archive();
  zip.entries[1].flags = 1;
  CHECK_THAT(check(zip.bytes()), Contains("unsupported encryption") && Contains("(3)"));
  zip = archive();
  zip.entries[1].size = zip.entries[1].compressedSize = UINT32_MAX;
  CHECK_THAT(check(zip.bytes()), Contains("ZIP64 field inconsistent"));
}

TEST_CASE("member names", "[archive]") {
  ZipBuilder zip = archive();
  zip.add("m/data.pkl", module(""));
  CHECK(check(zip.bytes()) == "f.pt: duplicate member 'm/data.pkl' (1)");
  for (std::string name : {lit("m/../x"), lit("/m/x"), lit("m\\x"), lit("m/\0x"), lit("m/\xff"),
                           lit("m//x"), std::string(5000, 'n'), lit("")}) {
    zip = archive();
    zip.add(name, "");
    CHECK_THAT(check(zip.bytes()), Contains("illegal member name"));
  }
  zip = archive();
  zip.add("n/x", "");
  CHECK_THAT(check(zip.bytes()), Contains("all members must be under one folder"));
  zip = archive();
  zip.add("x", "");
  CHECK_THAT(check(zip.bytes()), Contains("all members must be under one folder"));
}

TEST_CASE("version and byte order", "[archive]") {
  auto with = [](const std::string &version) {
    ZipBuilder zip = archive();
    zip.entries.back().data = version;
    return check(zip.bytes());
  };
  CHECK(with("10") == "ok");
  CHECK_THAT(with("abc"), Contains("f.pt:version: version record is not a number: 'abc'"));
  CHECK_THAT(with(""), Contains("not a number"));
  CHECK_THAT(with("0"), Contains("version 0 is older"));
  CHECK_THAT(with("-1"), Contains("version -1 is older"));
  CHECK_THAT(with("99"), Contains("version 99 is newer than supported 10"));
  CHECK_THAT(with(std::string(30, '9')), Contains("is newer than supported 10"));
  ZipBuilder zip = archive();
  zip.entries.pop_back();
  CHECK(check(zip.bytes()) == "f.pt: version record missing (1)");
  zip.add("m/.data/version", "9\n");
  CHECK(check(zip.bytes()) == "ok");
  ZipEntry &order = zip.add("m/byteorder", "big");
  CHECK_THAT(check(zip.bytes()), Contains("big-endian archive is unsupported") && Contains("(3)"));
  order.data = "middle";
  CHECK_THAT(check(zip.bytes()), Contains("unknown byteorder 'middle'") && Contains("(1)"));
}

TEST_CASE("other kinds of zip are named", "[archive]") {
  auto only = [](const std::string &member) {
    ZipBuilder zip;
    zip.add("m/" + member, "x");
    zip.add("m/version", "3");
    return check(zip.bytes());
  };
  CHECK_THAT(only("data.pkl"), Contains("an eager checkpoint") && Contains("(1)"));
  CHECK_THAT(only("models/model.json"), Contains("torch.export"));
  CHECK_THAT(only("model.json"), Contains("layout before 1.4"));
  CHECK_THAT(only("readme"), Contains("without data.pkl"));
  ZipBuilder zip;
  zip.add("a.npy", "x");
  CHECK_THAT(check(zip.bytes()), Contains(".npz"));
}

TEST_CASE("code must be UTF-8, debug info is best effort", "[archive]") {
  ZipBuilder zip = archive();
  zip.entries[2].data = "class \xff";
  CHECK_THAT(check(zip.bytes()), Contains("f.pt:code/__torch__.py: invalid UTF-8 at byte 6"));
  zip = archive();
  zip.add("m/code/__torch__.py.debug_pkl", "garbage");
  tsc::DiagnosticEngine engine;
  auto model = tsc::archive::readArchiveBytes(raw(zip.bytes()), "f.pt", {}, engine);
  REQUIRE(model);
  REQUIRE(engine.diagnostics().size() == 1);
  CHECK_THAT(engine.diagnostics()[0].text, Contains("debug info unreadable, ignored"));
}

TEST_CASE("a package's one module is read", "[archive]") {
  ZipBuilder zip;
  zip.add("m/.data/0.storage", kFloats);
  zip.add("m/.data/ts_code/0/data.pkl",
          module(str("w") + tensor(storage("FloatStorage", "0.storage", 6), 0, {6}, {1})));
  zip.add("m/.data/ts_code/code/__torch__.py", "class M(Module):\n  pass\n");
  zip.add("m/.data/version", "6\n");
  CHECK(check(zip.bytes()) == "ok");
  zip.add("m/.data/ts_code/1/data.pkl", module(""));
  CHECK_THAT(check(zip.bytes()), Contains("package holds 2") && Contains("(3)"));
}

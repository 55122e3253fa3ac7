// SPDX-License-Identifier: Apache-2.0
// Value files: what torch.save and NumPy write, and what is written for them.
#include "ArchiveTestSupport.h"

#include "llvm/Support/FileSystem.h"

using namespace tsc::test;
using namespace tsc::archive;
using Catch::Matchers::Contains;

static ZipBuilder saved(const std::string &pickle) {
  ZipBuilder zip;
  zip.add("archive/data.pkl", "\x80\x02" + pickle + ".");
  zip.add("archive/data/0", kFloats);
  zip.add("archive/version", "3\n");
  return zip;
}

static std::string checkValue(const std::string &bytes) {
  tsc::DiagnosticEngine engine;
  return firstError(engine, readValueBytes(raw(bytes), "v.pt", engine) != nullptr);
}

static std::unique_ptr<ValueFile> value(const std::string &pickle) {
  tsc::DiagnosticEngine engine;
  auto file = readValueBytes(raw(saved(pickle).bytes()), "v.pt", engine);
  INFO(firstError(engine, file != nullptr));
  REQUIRE(file);
  return file;
}

TEST_CASE("values of torch.save", "[value]") {
  auto f = value("(ctorch\nfloat16\nctorch\nSize\nK\1K\2\x86\x85R"
                 "ctorch\ndevice\n" +
                 str("cuda") + lit("K\0\x86R") + "ctorch.serialization\n_get_layout\n" +
                 str("torch.sparse_coo") +
                 "\x85R"
                 "c__builtin__\ncomplex\n" +
                 dbl(1) + dbl(2) +
                 "\x86R"
                 "ccollections\nOrderedDict\n)R" +
                 str("k") + "Nst");
  const ValueGraph &g = f->graph;
  auto items = g.items(f->root);
  REQUIRE(items.size() == 6);
  CHECK(g.kind(items[0]) == NodeKind::DType);
  CHECK(g.integer(items[0]) == 5);
  CHECK(g.kind(items[1]) == NodeKind::Tuple);
  CHECK(g.text(items[2]) == "cuda:0");
  CHECK(g.kind(items[3]) == NodeKind::Layout);
  CHECK(g.kind(items[4]) == NodeKind::Complex);
  CHECK(g.dictSize(items[5]) == 1);
}

TEST_CASE("tensors of torch.save", "[value]") {
  auto f = value("ctorch._utils\n_rebuild_tensor_v3\n((" + str("storage") +
                 "ctorch.storage\nUntypedStorage\n" + str("0") + str("cpu") + num(24) + "tQ" +
                 num(0) + ints({12}) + ints({1}) +
                 "\x89"
                 "ccollections\nOrderedDict\n)Rctorch\nuint16\ntR");
  CHECK(f->graph.tensor(f->root).dtype == tsc::DType::UInt16);
  f = value("ctorch._utils\n_rebuild_parameter\n" +
            tensor(storage("FloatStorage", "0", 6), 0, {6}, {1}) +
            "\x88"
            "ccollections\nOrderedDict\n)R\x87R");
  CHECK(f->graph.tensor(f->root).isParameter);
  CHECK(f->graph.tensor(f->root).requiresGrad);
  f = value("ctorch._utils\n_rebuild_tensor_v2\n(" + storage("FloatStorage", "0", 6) + num(0) +
            ints({6}) + ints({1}) +
            "\x89"
            "ccollections\nOrderedDict\n)R}" +
            str("neg") + "\x88stR");
  CHECK(f->graph.tensor(f->root).negative);
}

TEST_CASE("value files that are something else", "[value]") {
  CHECK_THAT(checkValue(saved("c__torch__\nM\n)\x81}b").bytes()),
             Contains("global __torch__.M not allowed"));
  CHECK_THAT(checkValue(archive().bytes()), Contains("this is a TorchScript archive, not a value"));
  CHECK_THAT(checkValue("hello\nworld\nhello\nworld\n"), Contains("looks like text"));
  ZipBuilder zip = saved("N");
  zip.add("archive/byteorder", "big");
  CHECK_THAT(checkValue(zip.bytes()), Contains("big-endian") && Contains("(3)"));
}

static std::string npy(const std::string &dict, const std::string &data) {
  std::string out = lit("\x93NUMPY\1\0");
  ZipBuilder::put(out, dict.size(), 2);
  return out + dict + data;
}

TEST_CASE("npy and npz", "[value]") {
  std::string good = npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }\n", kFloats);
  tsc::DiagnosticEngine engine;
  auto f = readValueBytes(raw(good), "v.npy", engine);
  REQUIRE(f);
  CHECK(f->graph.tensor(f->root).strides[1] == 2);
  ZipBuilder zip;
  zip.add("a.npy", good);
  zip.add("b.npy", good);
  auto z = readValueBytes(raw(zip.bytes()), "v.npz", engine);
  REQUIRE(z);
  CHECK(z->graph.kind(z->graph.lookup(z->root, "b")) == NodeKind::Tensor);
  CHECK_THAT(checkValue(good.substr(0, 40)), Contains("npy: the header is cut"));
  CHECK_THAT(checkValue(good.substr(0, good.size() - 1)), Contains("23 bytes of data, needs 24"));
  CHECK_THAT(checkValue(npy("{'descr': '>f4', 'fortran_order': False, 'shape': (6,), }", kFloats)),
             Contains("big-endian") && Contains("(3)"));
  CHECK_THAT(checkValue(npy("{'descr': '|O', 'fortran_order': False, 'shape': (6,), }", kFloats)),
             Contains("has no PyTorch dtype"));
  CHECK_THAT(checkValue(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-6,), }", kFloats)),
             Contains("npy: the header is not"));
  CHECK_THAT(checkValue(npy(
                 "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 9), }",
                 kFloats)),
             Contains("overflows"));
}

TEST_CASE("what is written is read again", "[value]") {
  ValueGraph g;
  llvm::MutableArrayRef<uint8_t> data;
  NodeId t = g.makeDenseTensor(tsc::DType::Float32, {2, 3}, data);
  memcpy(data.data(), kFloats.data(), data.size());
  NodeId list = g.makeContainer(NodeKind::List, {t, t, g.makeInt(-5), g.makeFloat(0.5), g.none()});
  NodeId root =
      g.makeContainer(NodeKind::Tuple,
                      {list, list, g.makeString("s"), g.makeComplex({1, 2}), g.makeDevice("cuda:1"),
                       g.makeContainer(NodeKind::Dict, {g.makeString("k"), g.makeInt(INT64_MIN)})});
  llvm::SmallString<64> path;
  REQUIRE(!llvm::sys::fs::createTemporaryFile("value", "pt", path));
  tsc::DiagnosticEngine engine;
  REQUIRE(writeValueFile(path, g, root, engine));
  auto f = readValueFile(path, engine);
  llvm::sys::fs::remove(path);
  REQUIRE(f);
  auto items = f->graph.items(f->root);
  REQUIRE(items.size() == 6);
  CHECK(items[0] == items[1]);
  auto inner = f->graph.items(items[0]);
  CHECK(inner[0] == inner[1]);
  CHECK(f->graph.tensorBytes(inner[0]) == raw(kFloats));
  CHECK(f->graph.integer(inner[2]) == -5);
  CHECK(f->graph.text(items[4]) == "cuda:1");
  CHECK(f->graph.integer(f->graph.lookup(items[5], "k")) == INT64_MIN);
}

TEST_CASE("what cannot be written leaves nothing", "[value]") {
  ValueGraph g;
  tsc::DiagnosticEngine engine;
  CHECK(!writeValueFile("/nonexistent/v.pt", g, g.none(), engine));
  CHECK(!writeValueFile(".", g, g.none(), engine));
  CHECK(!writeValueFile("tsc-none.npy", g, g.none(), engine));
  CHECK(engine.diagnostics().size() == 3);
  CHECK(!llvm::sys::fs::exists("tsc-none.npy"));
}

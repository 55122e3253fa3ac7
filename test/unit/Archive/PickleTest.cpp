// SPDX-License-Identifier: Apache-2.0
// Pickles: values with their identity, and every way in which one may be wrong.
#include "ArchiveTestSupport.h"

#include <cmath>

using namespace tsc::test;
using namespace tsc::archive;
using Catch::Matchers::Contains;

static std::unique_ptr<ArchiveModel> load(const std::string &pickle) {
  tsc::DiagnosticEngine engine;
  auto model = readArchiveBytes(raw(archive(pickle).bytes()), "f.pt", {}, engine);
  INFO(firstError(engine, model != nullptr));
  REQUIRE(model);
  return model;
}

TEST_CASE("scalars are exact", "[pickle]") {
  auto m = load(module(str("a") + num(INT64_MIN) + str("b") + dbl(-0.0) + str("c") + dbl(NAN) +
                       str("d") + dbl(INFINITY) + str("e") + "K\xff" + str("f") + lit("M\xff\xff") +
                       str("g") + "J\xff\xff\xff\xff" + str("h") + "\x88" + str("i") + "N" +
                       str("j") + str(lit("x\0y")) + str("k") + "cbuiltins\ncomplex\n" + dbl(1) +
                       dbl(2) + "\x86R" + str("l") + "ctorch\ndevice\n" + str("cuda:0") + "\x85R" +
                       str("m") + "\x8a\x01\xff" + str("n") + "ctorch\nper_channel_affine\n"));
  const ValueGraph &g = m->graph;
  auto at = [&](const char *name) { return g.attribute(m->root, name); };
  CHECK(g.integer(at("a")) == INT64_MIN);
  CHECK(std::signbit(g.real(at("b"))));
  CHECK(std::isnan(g.real(at("c"))));
  CHECK(std::isinf(g.real(at("d"))));
  CHECK(g.integer(at("e")) == 255);
  CHECK(g.integer(at("f")) == 65535);
  CHECK(g.integer(at("g")) == -1);
  CHECK(g.boolean(at("h")));
  CHECK(g.isNone(at("i")));
  CHECK(g.text(at("j")) == llvm::StringRef("x\0y", 3));
  CHECK(g.complex(at("k")) == std::complex<double>(1, 2));
  CHECK(g.kind(at("l")) == NodeKind::Device);
  CHECK(g.text(at("l")) == "cuda:0");
  CHECK(g.integer(at("m")) == -1);
  CHECK(g.integer(at("n")) == 1);
  CHECK(at("z") == kNoNode);
}

TEST_CASE("containers, tags, enums and objects", "[pickle]") {
  auto m = load(module(str("a") + "ctorch.jit._pickle\nbuild_intlist\n(](K\1K\2etR" + str("b") +
                       "ctorch.jit._pickle\nrestore_type_tag\n(}(" + str("x") + "K\1u" +
                       str("Dict[str, int]") + "tR" + str("c") + "c__torch__.a\nColor\nK\2R" +
                       str("d") + "c__torch__.a\nB\n)\x81(K\1K\2tb" + str("e") + "]K\1a" +
                       str("f") + "}" + str("k") + "Ns" + str("g") + "(K\1K\2l"));
  const ValueGraph &g = m->graph;
  auto at = [&](const char *name) { return g.attribute(m->root, name); };
  CHECK(g.typeText(at("a")) == "List[int]");
  CHECK(g.items(at("a")).size() == 2);
  CHECK(g.typeText(at("b")) == "Dict[str, int]");
  CHECK(g.integer(g.lookup(at("b"), "x")) == 1);
  CHECK(g.kind(at("c")) == NodeKind::Enum);
  CHECK(g.typeText(at("c")) == "__torch__.a.Color");
  CHECK(g.integer(g.state(at("c"))) == 2);
  CHECK(g.kind(at("d")) == NodeKind::Object);
  CHECK(g.kind(g.state(at("d"))) == NodeKind::Tuple);
  CHECK(g.items(at("e")).size() == 1);
  CHECK(g.dictSize(at("f")) == 1);
  CHECK(g.items(at("g")).size() == 2);
}

TEST_CASE("identity is kept", "[pickle]") {
  std::string one = tensor(storage("FloatStorage", "0", 6), 0, {6}, {1});
  std::string view = tensor(storage("FloatStorage", "0", 6), 2, {2, 2}, {2, 1});
  auto m = load(module(str("a") + one + "q\1" + str("b") + "h\1" + str("c") + view + str("d") +
                       "]q\2" + str("e") + lit("j\2\0\0\0")));
  const ValueGraph &g = m->graph;
  auto at = [&](const char *name) { return g.attribute(m->root, name); };
  CHECK(at("a") == at("b"));
  CHECK(at("a") != at("c"));
  CHECK(at("d") == at("e"));
  CHECK(g.tensor(at("a")).storage == g.tensor(at("c")).storage);
  CHECK(g.storages().size() == 1);
  float first;
  memcpy(&first, g.tensorBytes(at("c")).data(), 4);
  CHECK(first == 3.0f);
}

TEST_CASE("malformed pickles", "[pickle]") {
  CHECK_THAT(checkPickle(""), Contains("f.pt:data.pkl: pickle: protocol 2 required"));
  CHECK_THAT(checkPickle("N."), Contains("protocol 2 required"));
  CHECK_THAT(checkPickle("\x80\x04N."), Contains("protocol 2 required, found 4"));
  CHECK_THAT(checkPickle("\x80\x02N"), Contains("unexpected end at byte 3"));
  CHECK_THAT(checkPickle("\x80\x02."), Contains("expected one value, found 0"));
  CHECK_THAT(checkPickle("\x80\x02NN."), Contains("expected one value, found 2"));
  CHECK_THAT(checkPickle("\x80\x02N.N"), Contains("expected one value, found 1 bytes after it"));
  CHECK_THAT(checkPickle("\x80\x02\xff."), Contains("opcode 0xff at byte 2 not allowed"));
  CHECK_THAT(checkPickle("\x80\x02"
                         "cos\nsystem\n."),
             Contains("global os.system not allowed"));
  CHECK_THAT(checkPickle("\x80\x02"
                         "cbuiltins\neval\n."),
             Contains("global builtins.eval not allowed"));
  CHECK_THAT(checkPickle("\x80\x02"
                         "ctorch.hub\nload\n."),
             Contains("not allowed"));
  CHECK_THAT(checkPickle("\x80\x02h\5."), Contains("memo 5 undefined"));
  CHECK_THAT(checkPickle("\x80\x02Nr\xff\xff\xff\x0f."), Contains("memo 268435455 out of range"));
  CHECK_THAT(checkPickle("\x80\x02X\xff\xff\xff\xff."),
             Contains("string of 4294967295 bytes, 1 left"));
  CHECK_THAT(checkPickle(lit("\x80\x02\x8a\x09\0\0\0\0\0\0\0\0\0.")),
             Contains("wider than 64 bits"));
  CHECK_THAT(checkPickle(lit("\x80\x02\x8a\0.")), Contains("wider than 64 bits"));
  CHECK_THAT(checkPickle("\x80\x02N."), Contains("root value must be a module object, found None"));
  CHECK_THAT(checkPickle("\x80\x02"
                         "c__torch__\nM\n."),
             Contains("cannot be a value"));
}

TEST_CASE("operands of the wrong type", "[pickle]") {
  auto needs = [](const std::string &body, const char *what) {
    INFO(body);
    CHECK_THAT(checkPickle("\x80\x02" + body + "."), Contains(what) && Contains("(1)"));
  };
  needs("}(K\1u", "SETITEMS needs pairs");
  needs("](K\1K\1u", "SETITEMS needs a dict");
  needs("}K\1K\1u", "SETITEMS needs a mark");
  needs("N(K\1e", "APPENDS needs a list");
  needs("\x85", "TUPLE1 needs a value");
  needs("(\x85", "TUPLE1 needs a value");
  needs("K\1)R", "REDUCE needs a global");
  needs("K\1}b", "BUILD needs an object");
  needs("K\1)\x81", "NEWOBJ needs a class");
  needs("NQ", "BINPERSID needs a tuple");
  needs("a", "APPEND needs a list");
  needs("s", "SETITEM needs a dict");
  needs("t", "TUPLE needs a mark");
  needs("ctorch.jit._pickle\nbuild_intlist\n(](NetR", "items of type int");
  needs("ctorch\ndevice\n)R", "REDUCE of torch.device needs");
  needs("ctorch._utils\n_rebuild_tensor_v2\n)R", "needs a storage");
}

TEST_CASE("memory stays in proportion", "[pickle]") {
  CHECK_THAT(checkPickle(module(str("a") + "(" + std::string(5000000, ']') + "t")),
             Contains("more than any writer makes"));
  CHECK(checkPickle(module(str("a") + "](" + std::string(5000000, ')') + "e")) == "ok");
}

TEST_CASE("depth and cycles", "[pickle]") {
  std::string deep = "N";
  for (int i = 0; i < 500000; ++i)
    deep += "\x85";
  CHECK_THAT(checkPickle(module(str("a") + deep)), Contains("nesting deeper than 1000"));
  std::string fine = "N";
  for (int i = 0; i < 900; ++i)
    fine += "\x85";
  CHECK(checkPickle(module(str("a") + fine)) == "ok");
  CHECK_THAT(checkPickle(module(str("a") + "]q\1h\1a")), Contains("cyclic value"));
  CHECK_THAT(checkPickle("\x80\x02"
                         "c__torch__\nM\n)\x81q\1}" +
                         str("a") + "h\1sb."),
             Contains("cyclic value"));
  // Doubling by reference: 2^60 paths, one walk.
  std::string twice = "]q\1";
  for (char i = 1; i < 60; ++i)
    twice += std::string("h") + i + "h" + i + "\x86q" + static_cast<char>(i + 1);
  CHECK(checkPickle(module(str("a") + "(" + twice + "t")) == "ok");
  CHECK_THAT(checkPickle(module(str("a") + "N" + str("a") + "N")),
             Contains("dict key 'a' occurs twice"));
}

TEST_CASE("source ranges", "[pickle]") {
  auto record = [](int64_t at, const std::string &source, int64_t start, int64_t end) {
    return "(" + num(at) + "(" + source + num(start) + num(end) + "tNt";
  };
  auto with = [&](const std::string &debug, auto inspect) {
    ZipBuilder zip = archive();
    zip.add("m/code/__torch__.py.debug_pkl", "\x80\x02" + debug + ".");
    tsc::DiagnosticEngine engine;
    auto model = readArchiveBytes(raw(zip.bytes()), "f.pt", {}, engine);
    REQUIRE(model);
    REQUIRE(engine.diagnostics().empty());
    inspect(*model);
  };
  std::string table =
      "(" + str("FORMAT_WITH_STRING_TABLE") + "(" + str("") + str("def f(x):\n") +
      str("  return x + 1\n") + str("a.py") + "t(" + record(0, "(]" + num(0) + num(0) + "t", 0, 0) +
      record(4, "((" + num(1) + num(2) + "l" + num(3) + num(7) + "t", 19, 24) + "tt";
  with(table, [](const ArchiveModel &m) {
    CHECK(!m.lookup("__torch__.py", 3));
    CHECK(!m.lookup("other.py", 5));
    auto range = m.lookup("__torch__.py", 9);
    REQUIRE(range);
    CHECK(range->file == "a.py");
    CHECK(range->line == 8);
    CHECK(range->column == 10);
    CHECK(range->endColumn == 15);
    CHECK(range->lineText == "  return x + 1");
    CHECK(range->location().endColumn == 15);
  });
  with("(" + record(0, "(" + str("one\ntwo\n") + "N" + num(0) + "t", 4, 7) + "t",
       [](const ArchiveModel &m) {
         auto range = m.lookup("__torch__.py", 100);
         REQUIRE(range);
         CHECK(range->file.empty());
         CHECK(range->line == 2);
         CHECK(range->column == 1);
       });
  std::string stack = "/a/b.py(12): forward\n/c.py(3): trace\n";
  with("(" + record(0, "(" + str(stack) + str("/a/b.py") + num(12) + "t", 0, stack.size()) + "t",
       [](const ArchiveModel &m) {
         auto range = m.lookup("__torch__.py", 0);
         REQUIRE(range);
         CHECK(range->line == 12);
         CHECK(range->column == 0);
         CHECK(range->lineText.empty());
       });
}

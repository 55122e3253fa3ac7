// SPDX-License-Identifier: Apache-2.0
// Archives: graphs as PyTorch prints them after loading, and the state of modules.
#include "ImportTestSupport.h"

using namespace tsc::test;
using Catch::Contains;

TEST_CASE("An add gets its default alpha") {
  CHECK(importBody("return torch.add(x, x)")->graph() == R"(graph(%self : __torch__.M,
      %x.1 : Tensor):
  %0 : int = prim::Constant[value=1]()
  %1 : Tensor = aten::add(%x.1, %x.1, %0)
  return (%1)

)");
}

TEST_CASE("Literals come first in order, other constants before them in reverse") {
  std::string graph =
      importBody("_0 = torch.pad(x, [3, 4], \"reflect\")\nreturn torch.mul(_0, 2.5)")->graph();
  size_t none = graph.find("NoneType"), text = graph.find("reflect"), three = graph.find("value=3"),
         half = graph.find("2.5");
  CHECK(none < text);
  CHECK(text < three);
  CHECK(three < half);
}

TEST_CASE("Results of branches and loops are ordered by use") {
  std::string graph =
      importBody("if torch.gt(torch.dim(x), 2):\n  a, b = 1, 2\nelse:\n  a, b = 3, 4\n"
                 "for i in range(b):\n  a = torch.add(a, i)\nreturn a",
                 "int")
          ->graph();
  CHECK_THAT(graph, Contains("%b.1 : int, %a.1 : int = prim::If"));
  CHECK_THAT(graph, Contains("prim::Loop(%b.1, "));
}

TEST_CASE("Tuples made only to be taken apart are gone") {
  std::string graph = importBody("_0, _1, = (x, torch.neg(x))\nreturn torch.mul(_0, _1)")->graph();
  CHECK_THAT(graph, !Contains("Tuple"));
}

TEST_CASE("A mutation keeps what it writes to, dead code goes") {
  std::string graph =
      importBody(
          "l = annotate(List[Tensor], [])\n_0 = torch.append(l, x)\n_1 = torch.relu(x)\nreturn l",
          "List[Tensor]")
          ->graph();
  CHECK_THAT(graph, Contains("aten::append"));
  CHECK_THAT(graph, !Contains("aten::relu"));
}

TEST_CASE("A forked function captures what it uses") {
  std::string graph = importBody("def __forked_function():\n  return torch.mul(x, 2)\n"
                                 "fut = fork(__forked_function)\nreturn torch.wait(fut)")
                          ->graph();
  CHECK_THAT(graph, Contains("Future[Tensor] = prim::fork_0(%x.1, "));
  CHECK_THAT(graph, Contains("with prim::fork_0 = graph(%x.1 : Tensor,"));
}

TEST_CASE("A type test narrows a variable") {
  std::string graph =
      importBody("y = unchecked_cast(Any, x)\n_0 = isinstance(y, (Tensor, int))\nreturn _0", "bool")
          ->graph();
  CHECK_THAT(graph, Contains("prim::isinstance[types=[Tensor, int]]"));
}

TEST_CASE("Operators of older archives are upgraded") {
  CHECK_THAT(importBody("return torch.div_(x, x)", "Tensor", "3\n")->graph(),
             Contains("aten::is_floating_point"));
  CHECK_THAT(importBody("return torch.div_(x, x)", "Tensor", "4\n")->graph(),
             !Contains("aten::is_floating_point"));
}

TEST_CASE("Attributes keep their order and values, tied tensors their storage") {
  std::string w = tensor(storage("FloatStorage", "0", 6), 0, {2, 3}, {3, 1});
  auto imported = importCode(
      "class M(Module):\n  __parameters__ = [\"w\", ]\n  __buffers__ = [\"v\", ]\n  w : Tensor\n"
      "  v : Tensor\n  n : int\n  k : Final[int] = 5\n",
      str("v") + w + str("w") + w + str("n") + "K\x07");
  std::string ir = imported->ir();
  CHECK_THAT(ir, Contains("ts.attribute @w : !ts.tensor {kind = \"parameter\"}"));
  CHECK_THAT(ir, Contains("ts.attribute @v : !ts.tensor {kind = \"buffer\"}"));
  CHECK_THAT(ir, Contains("ts.attribute @k : !ts.int = 5"));
  CHECK_THAT(ir, Contains("ts.object @self of @__torch__.M [#ts.tensor<0,0,f32,[2,3],[3,1]>, "
                          "#ts.tensor<0,0,f32,[2,3],[3,1]>, 7]"));
}

TEST_CASE("What __getstate__ returned is kept for __setstate__") {
  ZipBuilder zip = archive("\x80\x02"
                           "c__torch__\nM\n)\x81K\x07"
                           "b.");
  zip.entries[2].data = "class M(Module):\n  n : int\n  def __getstate__(self: __torch__.M) -> "
                        "int:\n    return self.n\n"
                        "  def __setstate__(self: __torch__.M,\n    state: int) -> NoneType:\n    "
                        "self.n = state\n    return None\n";
  Imported imported;
  std::string bytes = zip.bytes();
  std::shared_ptr<const tsc::archive::ArchiveModel> model =
      tsc::archive::readArchiveBytes(raw(bytes), "f.pt", {}, imported.engine);
  REQUIRE(model);
  imported.module = tsc::importer::importArchive(model, &imported.context, imported.engine);
  CHECK_THAT(imported.ir(), Contains("ts.object @self of @__torch__.M [] {state = 7"));
}

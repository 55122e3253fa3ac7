// SPDX-License-Identifier: Apache-2.0
// `tsc run`, `bench`, `inspect`: values in, values out, comparisons and exit codes.
#include "Shell.h"

#include <catch2/catch.hpp>

using namespace tsc::test;

static const char *const kSource = R"(
def same(x: Any) -> Any:
    return x

def halve(x: Tensor) -> Tensor:
    return x / 2

def push(items: List[int], n: int = 7) -> int:
    items.append(n)
    return len(items)

def check(x: int) -> int:
    if x < 0:
        raise ValueError("x must not be negative")
    return x
)";

static bool contains(const std::string &text, const std::string &part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("values cross the command line as Python literals") {
  Shell shell;
  shell.write("f.py", kSource);
  REQUIRE(shell.run("tsc f.py -o libf.so").code == 0);
  for (const char *value : {"None", "True", "-3", "2.5", "1e+30", "'it'", "[1, 2]", "(1,)",
                            "{'a': [1.5, 2.5], 'b': []}", "(1.0+2.0j)", "nan", "-inf"}) {
    INFO(value);
    std::string quoted = value;
    Outcome o = shell.run("tsc run libf.so --method same --arg x=\"" + quoted + "\"");
    CHECK(o.err == "");
    CHECK(o.out == quoted + "\n");
  }
}

TEST_CASE("tensors are made at random or read from files, and results are saved and compared") {
  Shell shell;
  shell.write("f.py", kSource);
  REQUIRE(shell.run("tsc f.py -o libf.so").code == 0);
  CHECK(shell.run("tsc run libf.so --method halve --arg x=randint:f32[3]:2:3").out ==
        "tensor([1.0, 1.0, 1.0], dtype=float32)\n");
  REQUIRE(
      shell.run("tsc run libf.so --method halve --arg x=randint:f32[3]:2:3 --save half.pt").code ==
      0);
  REQUIRE(shell.run("tsc run libf.so --method halve --arg x=@half.pt --save quarter.npy").code ==
          0);
  CHECK(shell.run("tsc run libf.so --method same --arg x=@quarter.npy").out ==
        "tensor([0.5, 0.5, 0.5], dtype=float32)\n");
  CHECK(shell.run("tsc run libf.so --method halve --args half.pt --expect quarter.npy").code == 0);
  Outcome differs = shell.run("tsc run libf.so --method halve --args half.pt --expect half.pt");
  CHECK(differs.code == 5);
  CHECK(contains(differs.err, "element [0] is 0.5, expected 1; 3 of 3 elements"));
  CHECK(
      shell.run("tsc run libf.so --method halve --args half.pt --expect half.pt --atol 0.5").code ==
      0);
}

static const char *const kBatches = R"(
def make(count: int) -> Tuple[List[Tensor], Tensor]:
    images: List[Tensor] = []
    for i in range(count):
        images.append(torch.sin((torch.arange(297) + i).reshape([3, 9, 11]) * 1.0))
    return images, torch.cos(torch.arange(216).reshape([8, 3, 3, 3]) * 1.0)

def run(images: List[Tensor], weight: Tensor) -> Tensor:
    height = 0
    for image in images:
        height = max(height, image.size(1))
    batch = torch.zeros([len(images), 3, height, images[0].size(2)])
    for i in range(len(images)):
        batch[i].copy_(images[i])
    y = torch.conv2d(batch, weight, None, [1, 1], [1, 1])
    print("computed", y.size())
    y.relu_()
    y.add_(1.0)
    return torch.softmax(y.flatten(1), 1)

def pick(images: List[Tensor], weight: Tensor) -> Tensor:
    chosen = images[0][images[0] > 0.5]
    return torch.matmul(chosen, chosen)

def fail(images: List[Tensor], weight: Tensor) -> Tensor:
    if len(images) < 3:
        raise ValueError("too few")
    return run(images, weight)
)";

TEST_CASE("sizes that cannot be proven are observed, and others still take generic kernels") {
  Shell shell;
  shell.write("f.py", kBatches);
  REQUIRE(shell.run("tsc f.py --no-codegen -o libf.so").code == 0);
  for (const char *count : {"1", "2"}) {
    std::string n = count;
    REQUIRE(
        shell.run("tsc run libf.so --method make --arg count=" + n + " --save " + n + ".pt").code ==
        0);
    REQUIRE(
        shell.run("tsc run libf.so --method run --args " + n + ".pt --save " + n + ".npy").code ==
        0);
  }
  Outcome made = shell.run("tsc f.py --method run --args 1.pt -v -o librun.so");
  CHECK(made.code == 0);
  CHECK(made.out == ""); // what the program prints when it is observed
  CHECK(contains(made.err, " compiled for f32[1,3,9,11]; other sizes take generic kernels"));
  CHECK(shell.run("tsc run librun.so --args 1.pt --expect 1.npy").out ==
        "computed [1, 8, 9, 11]\n");
  CHECK(shell.run("tsc run librun.so --args 2.pt --expect 2.npy").out ==
        "computed [2, 8, 9, 11]\n");
  for (const char *count : {"1", "2"})
    CHECK(shell
              .run(std::string("tsc run librun.so --args ") + count + ".pt --expect " + count +
                   ".npy")
              .code == 0);
  CHECK(!contains(shell.run("tsc f.py --method run --args 1.pt -v --no-speculate -o librun.so").err,
                  "speculated"));
  CHECK(shell.run("tsc run f.py --method run --args 2.pt --speculate --expect 2.npy").code == 0);
  // How many elements are chosen depends on their values.
  CHECK(!contains(shell.run("tsc f.py --method pick --args 1.pt -v -o libpick.so").err,
                  "speculated"));
  // A program that raises is compiled as it is.
  CHECK(shell.run("tsc f.py --method fail --args 1.pt -o libfail.so").code == 0);
  CHECK(shell.run("tsc run libfail.so --args 1.pt").code == 4);
}

TEST_CASE("arguments are bound by position, name and default, and seen after the call") {
  Shell shell;
  shell.write("f.py", kSource);
  REQUIRE(shell.run("tsc f.py -o libf.so").code == 0);
  std::string run = "tsc run libf.so --method push ";
  CHECK(shell.run(run + "--arg items=[1,2]").out == "3\n");
  CHECK(shell.run(run + "--arg 0=[] --arg n=4").out == "1\n");
  CHECK(contains(shell.run(run).err, "missing value for argument 'items'"));
  CHECK(shell.run(run).code == 1);
  CHECK(shell.run(run + "--arg items=[] --arg colour=1").code == 2);
  REQUIRE(shell.run("tsc run libf.so --method same --arg x=\"([1],)\" --save args.pt").code == 0);
  REQUIRE(shell.run("tsc run libf.so --method same --arg x=\"([1, 7],)\" --save after.pt").code ==
          0);
  CHECK(shell.run(run + "--args args.pt --expect-args after.pt").code == 0);
  CHECK(shell.run(run + "--args args.pt --expect-args args.pt").code == 5);
}

TEST_CASE("what the program raises ends with exit code 4 and its traceback") {
  Shell shell;
  shell.write("f.py", kSource);
  Outcome o = shell.run("tsc run f.py --method check --arg x=-1");
  CHECK(o.code == 4);
  CHECK(contains(o.err, "x must not be negative"));
  CHECK(contains(o.err, "File \"f.py\", line 14"));
  CHECK(shell.run("tsc run f.py --method check --arg x=1").out == "1\n");
  CHECK(shell.run("tsc run f.py --method check --arg x=1.5").code == 1);
}

TEST_CASE("state lasts from call to call of one instance, not from run to run") {
  Shell shell;
  Outcome o = shell.run("tsc run " + sourcePath("examples/python/scale.pt") +
                        " --arg tensors=\"{}\" --arg unit=\"'cm'\" --arg factor=2 --save first.pt");
  REQUIRE(o.code == 0);
  CHECK(shell
            .run("tsc run " + sourcePath("examples/python/scale.pt") +
                 " --arg tensors=\"{}\" --arg unit=\"'cm'\" --arg factor=2 --expect first.pt "
                 "--again first.pt")
            .code == 0);
}

TEST_CASE("bench prints one line of JSON") {
  Shell shell;
  shell.write("f.py", kSource);
  Outcome o =
      shell.run("tsc bench f.py --method halve --arg x=rand:f32[8] --threads 1 --seconds 0.1");
  CHECK(o.code == 0);
  for (const char *key :
       {"min_ms", "median_ms", "calls", "\"threads\":1", "first_ms", "load_ms", "peak_rss_mb"})
    CHECK(contains(o.out, key));
  CHECK(o.out.find('\n') == o.out.size() - 1);
}

TEST_CASE("bench prints the time of each kernel") {
  Shell shell;
  shell.write("f.py", kSource);
  const std::string kCommand = "tsc bench f.py --method halve --arg x=rand:f32[8] --threads 1 "
                               "--seconds 0.05 --profile";
  Outcome o = shell.run(kCommand);
  CHECK(o.code == 0);
  for (const char *text : {"min_ms", "GFLOP/s", "outside kernels"})
    CHECK(contains(o.out, text));
  o = shell.run(kCommand + " --json");
  CHECK(o.code == 0);
  CHECK(contains(o.out, "\"operations_per_second\":"));
  CHECK(contains(o.out, "\n{\"kernel\":\"outside kernels\","));
}

TEST_CASE("inspect says the same of a model and of what it became") {
  Shell shell;
  shell.write("f.py", kSource);
  REQUIRE(shell.run("tsc f.py -o libf.so").code == 0);
  for (const char *file : {"f.py", "libf.so"}) {
    Outcome o = shell.run(std::string("tsc inspect ") + file);
    CHECK(contains(o.out, "  push(items: List[int], n: int = 7) -> int\n"));
    CHECK(contains(shell.run(std::string("tsc inspect --json ") + file).out, "\"default\":\"7\""));
  }
}

TEST_CASE("a promised type is checked when the model is called") {
  Shell shell;
  shell.write("f.py", kSource);
  REQUIRE(shell.run("tsc f.py --method halve --input 'x:f32[N,N,3]' -o libf.so").code == 0);
  CHECK(shell.run("tsc run libf.so --arg x=rand:f32[2,2,3]").code == 0);
  for (const char *other : {"f64[2,2,3]", "f32[2,3]", "f32[2,2,4]", "f32[2,1,3]"}) {
    INFO(other);
    Outcome o = shell.run(std::string("tsc run libf.so --arg x=rand:") + other);
    CHECK(o.code == 1);
    CHECK(contains(o.err, "input 0 'x': expected f32[N,N,3]"));
  }
}

TEST_CASE("a method has versions for some sizes, and may have one for all others") {
  Shell shell;
  shell.write("f.py", R"(
def scale(x: Tensor, y: Optional[Tensor] = None, more: List[Tensor] = []) -> Tensor:
    z = torch.softmax(x, 0)
    if y is not None:
        z = torch.softmax(y, 0)
    for item in more:
        z = torch.softmax(item, 0)
    return z
)");
  auto ran = [&](const std::string &arguments) {
    Outcome o = shell.run("tsc run libf.so -v " + arguments);
    INFO(o.err);
    CHECK(o.code == 0);
    size_t at = o.err.find("ran: ");
    return at == std::string::npos ? "" : o.err.substr(at, 7);
  };
  REQUIRE(shell
              .run("tsc f.py --input 'x:f32[N=1..9,3]' --specialize N=2 "
                   "--specialize 'x:f32[4,3];y:f32[3];more:list[f32[?,3]]' -o libf.so")
              .code == 0);
  CHECK(ran("--arg x=rand:f32[2,3]") == "ran: 1 ");
  CHECK(ran("--arg x=rand:f32[5,3]") == "ran: 0 ");
  CHECK(ran("--arg x=rand:f32[4,3]") == "ran: 1 ");
  CHECK(ran("--arg x=rand:f32[4,3] --arg y=rand:f32[3]") == "ran: 2 ");
  CHECK(ran("--arg x=rand:f32[4,3] --arg y=rand:f64[3]") == "ran: 0 ");
  Outcome outside = shell.run("tsc run libf.so --arg x=rand:f32[10,3]");
  CHECK(outside.code == 1);
  CHECK(contains(outside.err, "expected f32[N,3], got a size of dim 0 that is not in 1..9"));

  REQUIRE(shell.run("tsc f.py --input 'x:f32[2,3]' --fallback -o libf.so").code == 0);
  CHECK(ran("--arg x=rand:f32[2,3]") == "ran: 1 ");
  CHECK(ran("--arg x=rand:f64[7]") == "ran: 0 ");
}

TEST_CASE("a run says what was compiled, and what stayed generic and why") {
  Shell shell;
  shell.write("f.py", R"(
def mixed(x: Tensor) -> Tensor:
    y = torch.relu(x) * 2
    return torch.nonzero(y)
)");
  Outcome o = shell.run("tsc run f.py -v --arg x=rand:f32[3,4]");
  CHECK(o.code == 0);
  CHECK(contains(o.err, "compiled: 2 operators in 1 regions, 1 kernels; generic: 1 operators\n"));
  CHECK(contains(o.err, "1  aten::nonzero: it has no compiled form (f.py:4)\n"));
  CHECK(contains(o.err, "ran: 1 compiled kernels, 1 times\n"));
  Outcome general = shell.run("tsc run f.py -v --no-specialize --arg x=rand:f64[3,4]");
  CHECK(general.code == 0);
  CHECK(contains(general.err, "ran: 0 compiled kernels"));
}

TEST_CASE("a run compares compiled kernels with generic ones") {
  Shell shell;
  shell.write("f.py", R"(
def network(x: Tensor, w: Tensor) -> Tensor:
    y = torch.softmax(torch.relu(torch.linear(x, w)), 1)
    return y.view([-1]).sum()
)");
  CHECK(shell.run("tsc run f.py --compare-codegen --arg x=rand:f32[3,5] --arg w=rand:f32[4,5]")
            .code == 0);
}

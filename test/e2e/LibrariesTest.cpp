// SPDX-License-Identifier: Apache-2.0
// What tsc writes, used by C and C++ programs as a product would use it.
#include "Shell.h"

#include <catch2/catch.hpp>

using namespace tsc::test;

static const char *const kSource = R"(
def add(x: Tensor, y: Tensor) -> Tensor:
    return x + y

def greet(names: List[str], n: int = 2) -> Tuple[str, int]:
    out = ""
    for name in names:
        for i in range(n):
            out = out + name
    return out, n
)";

static const char *const kCProgram = R"(
#include "sums.h"
#include <stdio.h>
int main(void) {
  const tsc_model_api *api = sums_model();
  tsc_instance *m;
  tsc_error e = {0};
  float a[3] = {1, 2, 3}, b[3] = {10, 20, 30};
  int64_t n = 3;
  tsc_value x[2], y;
  if (api->create(NULL, &m, &e)) return 1;
  x[0] = api->tensor_wrap(a, TSC_F32, 1, &n);
  x[1] = api->tensor_wrap(b, TSC_F32, 1, &n);
  if (api->call(m, (uint32_t)api->find_method("add"), x, 2, &y, &e)) { puts(e.message); return 2; }
  printf("%g %g %g\n", ((float *)api->tensor_data(y))[0], ((float *)api->tensor_data(y))[1], ((float *)api->tensor_data(y))[2]);
  api->release(y); api->release(x[0]); api->release(x[1]); api->destroy(m);
  return 0;
}
)";

static const char *const kTwoModelsProgram = R"(
#include "once.h"
#include "twice.h"
#include <stdio.h>
static double callOn(const tsc_model_api *api, double number) {
  tsc_instance *m;
  tsc_error e = {0};
  tsc_value x = {TSC_FLOAT, 0, {0}}, y;
  x.as.d = number;
  if (api->create(NULL, &m, &e) || api->call(m, (uint32_t)api->find_method("f"), &x, 1, &y, &e)) return -1;
  api->destroy(m);
  return y.as.d;
}
int main(void) {
  printf("%s %g, %s %g\n", once_model()->name, callOn(once_model(), 5), twice_model()->name, callOn(twice_model(), 5));
  return 0;
}
)";

static const char *const kCppProgram = R"(
#include "sums.hpp"
#include <cstdio>
int main() {
  Sums sums;
  float a[3] = {1, 2, 3}, b[3] = {10, 20, 30};
  for (float x : sums.add(tsc::Tensor::wrap(sums.model, a, {3}), tsc::Tensor::wrap(sums.model, b, {3})).toVector<float>())
    std::printf("%g ", x);
  auto [text, n] = sums.greet(std::vector<std::string>{"a", "b"}, int64_t(3));
  std::printf("%s %d\n", text.c_str(), static_cast<int>(n));
  try {
    float c[2] = {1, 2};
    sums.add(tsc::Tensor::wrap(sums.model, a, {3}), tsc::Tensor::wrap(sums.model, c, {2}));
  } catch (const tsc::Error &error) {
    std::printf("raised %d\n", error.status == TSC_RAISED);
  }
}
)";

TEST_CASE("a model is called from C, however it is linked") {
  Shell shell;
  shell.write("sums.py", kSource);
  shell.write("main.c", kCProgram);
  Outcome made =
      shell.run("tsc sums.py -march=x86-64-v3 -o libsums.so -o libsums.a -o sums.o -o sums.h");
  REQUIRE(made.err == "");
  REQUIRE(made.code == 0);
  std::string runtime = shell.run("tsc -march=x86-64-v3 --print-runtime").out;
  REQUIRE(!runtime.empty());
  runtime.pop_back();
  for (const std::string &with :
       {std::string("libsums.so -Wl,-rpath,."), "libsums.a " + runtime + " -lm -lpthread",
        "sums.o " + runtime + " -lm -lpthread"}) {
    Outcome built =
        shell.run("cc -std=c99 -Wall -Wextra -Werror -pedantic main.c " + with + " -o main");
    INFO(with << '\n' << built.err);
    REQUIRE(built.code == 0);
    CHECK(shell.run("./main").out == "11 22 33\n");
  }
}

TEST_CASE("two models live in one program") {
  Shell shell;
  shell.write("once.py", "def f(x: float) -> float:\n    return x\n");
  shell.write("twice.py", "def f(x: float) -> float:\n    return x * 2\n");
  shell.write("main.c", kTwoModelsProgram);
  std::string runtime = shell.run("tsc -march=x86-64-v3 --print-runtime").out;
  REQUIRE(!runtime.empty());
  runtime.pop_back();
  for (const char *kind : {".o", ".so"}) {
    std::string objects, libraries = " " + runtime + " -lm -lpthread -Wl,-rpath,.";
    for (const char *name : {"once", "twice"}) {
      std::string prefix = std::string(kind) == ".so" ? "lib" : "";
      std::string output = prefix + name + kind;
      Outcome made = shell.run(std::string("tsc ") + name + ".py -march=x86-64-v3 -o " + output +
                               " -o " + name + ".h");
      REQUIRE(made.code == 0);
      objects += " " + output;
    }
    Outcome built = shell.run("cc -std=c99 main.c" + objects + libraries + " -o main");
    INFO(kind << '\n' << built.err);
    REQUIRE(built.code == 0);
    CHECK(shell.run("./main").out == "once 5, twice 10\n");
  }
}

TEST_CASE("the C++ header has a typed function for each method") {
  Shell shell;
  shell.write("sums.py", kSource);
  shell.write("main.cpp", kCppProgram);
  REQUIRE(shell.run("tsc sums.py -o libsums.so -o sums.hpp").code == 0);
  Outcome built =
      shell.run("c++ -std=c++17 -Wall -Wextra -Werror main.cpp libsums.so -Wl,-rpath,. -o main");
  INFO(built.err);
  REQUIRE(built.code == 0);
  CHECK(shell.run("./main").out == "11 22 33 aaabbb 3\nraised 1\n");
}

TEST_CASE("a library exports its entry alone and needs libc and libm alone") {
  Shell shell;
  shell.write("sums.py", kSource);
  REQUIRE(shell.run("tsc sums.py -o libsums.so").code == 0);
  CHECK(shell.run("nm -D --defined-only -j libsums.so").out == "sums_model\ntsc_model_entry\n");
  CHECK(
      shell.run("readelf -d libsums.so | grep NEEDED | sed 's/.*\\[\\(.*\\)\\]/\\1/' | sort").out ==
      "libc.so.6\nlibm.so.6\n");
}

TEST_CASE("equal inputs give equal bytes") {
  Shell shell;
  std::string model = sourcePath("examples/python/scale.pt");
  shell.run("mkdir a b");
  for (const char *folder : {"a", "b"}) {
    std::string f = folder;
    Outcome made = shell.run("tsc " + model + " -o " + f + "/libm.so -o " + f + "/m.o -o " + f +
                             "/libm.a -o " + f + "/m.ll -o " + f + "/m.s -o " + f + "/m.bc -o " +
                             f + "/m.mlir -o " + f + "/m.h -o " + f + "/m.hpp");
    INFO(made.err);
    REQUIRE(made.code == 0);
  }
  CHECK(shell.run("diff -r a b").out == "");
}

TEST_CASE("a phase's text can be compiled further") {
  Shell shell;
  shell.write("sums.py", kSource);
  for (const char *phase : {"import", "freeze", "optimize", "specialize", "fuse", "lower"}) {
    INFO(phase);
    REQUIRE(shell.run(std::string("tsc sums.py --emit=") + phase + " -o " + phase + ".mlir").code ==
            0);
    REQUIRE(shell.run(std::string("tsc ") + phase + ".mlir -o libsums.so").code == 0);
    CHECK(shell.run("tsc run libsums.so --method greet --arg names=\"['x']\" --arg n=1").out ==
          "('x', 1)\n");
  }
}

TEST_CASE("nothing is left of outputs that could not be made") {
  Shell shell;
  shell.write("bad.py", "def f(x: Tensor) -> Tensor:\n    return torch.frobnicate(x)\n");
  CHECK(shell.run("tsc bad.py -o libbad.so -o bad.h").code != 0);
  CHECK(shell.fileCount() == 1);
  shell.write("sums.py", kSource);
  shell.run("mkdir folder.so");
  Outcome o = shell.run("tsc sums.py -o sums.o -o folder.so");
  CHECK(o.code == 1);
  CHECK(o.err.find("folder.so: error: cannot write") != std::string::npos);
  CHECK(!shell.exists("sums.o"));
}

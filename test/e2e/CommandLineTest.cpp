// SPDX-License-Identifier: Apache-2.0
// Words of the command line: clang's habits, what is refused, and with which exit code.
#include "Shell.h"

#include <catch2/catch.hpp>

using namespace tsc::test;

static bool contains(const std::string &text, const std::string &part) {
  return text.find(part) != std::string::npos;
}

static const char *const kSource = "def f(x: Tensor) -> Tensor:\n    return x + 1\n";

TEST_CASE("the output's suffix and clang's words say what is wanted") {
  Shell shell;
  shell.write("f.py", kSource);
  for (auto [words, file] : {std::pair{"", "libf.so"},
                             {"-c", "f.o"},
                             {"-S", "f.s"},
                             {"-S -emit-llvm", "f.ll"},
                             {"-emit-llvm", "f.bc"},
                             {"--emit=import", "f.mlir"},
                             {"-march=x86-64-v3 -O3 -o g.so", "g.so"},
                             {"-target x86_64-unknown-linux-gnu -o h.o", "h.o"}}) {
    INFO(words);
    Outcome o = shell.run(std::string("tsc f.py ") + words);
    CHECK(o.code == 0);
    CHECK(shell.exists(file));
  }
  CHECK(contains(shell.read("f.ll"), "define"));
  CHECK(contains(shell.read("f.s"), "f_model"));
}

TEST_CASE("code can be made for another architecture, but a library needs its runtime") {
  Shell shell;
  shell.write("f.py", kSource);
  CHECK(shell.run("tsc f.py --target aarch64-linux-gnu -march=armv8-a -o f.o").code == 0);
  Outcome o = shell.run("tsc f.py --target aarch64-linux-gnu -march=armv8-a -o libf.so");
  CHECK(o.code == 3);
  CHECK(contains(o.err, "no runtime for target"));
  CHECK(shell.run("tsc f.py --target z80-none").code == 2);
}

TEST_CASE("what is not understood is a usage error that names the word") {
  Shell shell;
  shell.write("f.py", kSource);
  for (auto [words, named] : {std::pair{"f.py --frobnicate", "--frobnicate"},
                              {"f.py f.py", "f.py"},
                              {"f.py -o f.xyz", "f.xyz"},
                              {"f.py -O7", "-O"},
                              {"f.py --input x:f32[a", "--input"},
                              {"f.py --input y:f32[2]", "y"},
                              {"f.py --specialize N=2", "no --input has a size of that name"},
                              {"f.py --input x:f32[N=1..4] --specialize N=5", "not in N=1..4"},
                              {"f.py --specialize x:f32[a", "--specialize"},
                              {"f.py -march=nonsense", "nonsense"},
                              {"f.py --emit=import -o f.so", "--emit"},
                              {"run f.py --arg x", "--arg"},
                              {"", "no model"}}) {
    INFO(words);
    Outcome o = shell.run(std::string("tsc ") + words);
    CHECK(o.code == 2);
    CHECK(contains(o.err, "error: "));
    CHECK(contains(o.err, named));
  }
}

TEST_CASE("a device that is not supported is said in one sentence") {
  Shell shell;
  shell.write("f.py", kSource);
  Outcome o = shell.run("tsc f.py --device cuda");
  CHECK(o.code == 3);
  CHECK(o.err ==
        "error: code for device 'cuda' is not supported, expected cpu [DeviceUnsupported]\n");
}

TEST_CASE("texts of the program go to stdout, and no library is made") {
  Shell shell;
  shell.write("f.py", kSource);
  Outcome graph = shell.run("tsc f.py --dump-graph"), code = shell.run("tsc --dump-code f.py");
  CHECK(contains(graph.out, "aten::add"));
  CHECK(contains(code.out, "def f(x: Tensor) -> Tensor:"));
  CHECK(shell.fileCount() == 1);
  CHECK(contains(shell.run("tsc f.py --dump-graph=optimized --method f").out, "aten::add"));
  CHECK(shell.run("tsc f.py --dump-graph --method nope").code == 1);
}

TEST_CASE("help and version need no model") {
  Shell shell;
  CHECK(shell.run("tsc --help").code == 0);
  CHECK(contains(shell.run("tsc run --help").out, "--expect"));
  CHECK(contains(shell.run("tsc --version").out, "tsc "));
}

TEST_CASE("a file that is no model of ours is refused") {
  Shell shell;
  shell.write("x.c", "int nothing_here = 0;\n");
  REQUIRE(shell.run("cc -shared -fPIC x.c -o libx.so").code == 0);
  Outcome o = shell.run("tsc run libx.so");
  CHECK(o.code == 1);
  CHECK(contains(o.err, "tsc_model_entry"));
  CHECK(shell.run("tsc run nowhere.pt").code == 1);
}

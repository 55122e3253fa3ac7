// SPDX-License-Identifier: Apache-2.0
// Programs go to LLVM IR and LLVM's verifier; errors are collected.
#include "tsc/Conversion/TsToLLVM.h"
#include "tsc/Support/Diagnostics.h"
#include "tsc/Transforms/Passes.h"

#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Support/MemoryBuffer.h"

#include <catch2/catch.hpp>

using namespace mlir;

namespace tsc {

namespace {
struct Fixture {
  MLIRContext context;
  DiagnosticEngine engine;
  TsToLLVMOptions options;
  OwningOpRef<ModuleOp> module;

  Fixture() {
    context.loadDialect<ts::TsDialect>();
    ts::getWeightStore(&context).addCopy(std::vector<uint8_t>(16)); // storage 0: four floats
    registerBuiltinDialectTranslation(context);
    registerLLVMDialectTranslation(context);
    options.hasKernel = [](StringRef symbol) { return symbol != "tsc_rt_aten_missing"; };
  }
  bool convert(StringRef text) {
    module = parseSourceString<ModuleOp>(text, &context, "program.mlir");
    REQUIRE(module);
    PassManager manager(&context);
    manager.addPass(ts::createInsertUpcasts());
    manager.addPass(ts::createInsertReferenceCounts());
    REQUIRE(succeeded(manager.run(*module)));
    return succeeded(convertTsToLLVM(*module, options, engine));
  }
  /// The names of the functions and globals of the LLVM module, which is sound.
  std::string symbols() {
    llvm::LLVMContext llvmContext;
    std::unique_ptr<llvm::Module> translated = translateModuleToLLVMIR(*module, llvmContext);
    REQUIRE(translated);
    CHECK_FALSE(llvm::verifyModule(*translated, &llvm::errs()));
    std::string names;
    for (const llvm::GlobalValue &value : translated->global_values())
      names += value.getName().str() + "\n";
    return names;
  }
};
} // namespace

TEST_CASE("every construct becomes sound LLVM IR") {
  auto file = llvm::MemoryBuffer::getFile(TSC_PROGRAMS "/constructs.mlir");
  REQUIRE(file);
  Fixture f;
  f.options.symbolPrefix = "example";
  REQUIRE(f.convert((*file)->getBuffer()));
  CHECK(referencedWeights(*f.module) == SmallVector<int64_t>{0});
  std::string names = f.symbols();
  for (const char *expected :
       {"example_model\n", "tsc_model_entry\n", "tsc_weight_0\n", "__torch__.M.fork.task.boxed\n",
        "tsc_rt_find_method\n", "tsc_rt_fork\n", "tsc_rt_copy_state\n"})
    CHECK_THAT(names, Catch::Contains(expected));
}

static constexpr const char *kUnsupported = R"(
ts.func @f(%x: !ts.tensor) -> !ts.tensor {
  %y = ts.aten "aten::missing"(%x) : (!ts.tensor) -> !ts.tensor
  %z = ts.aten "aten::missing"(%y) : (!ts.tensor) -> !ts.tensor
  ts.return %z : !ts.tensor
}
)";

TEST_CASE("operators without a kernel are reported, each place once") {
  Fixture f;
  REQUIRE_FALSE(f.convert(kUnsupported));
  REQUIRE(f.engine.diagnostics().size() == 2);
  CHECK(f.engine.diagnostics()[0].text == "operator 'aten::missing' is not supported");
  CHECK(f.engine.diagnostics()[0].location.line == 3);
  CHECK(f.engine.diagnostics()[1].location.line == 4);
  CHECK(f.engine.exitCode() == 3);
}

TEST_CASE("operators without a kernel can raise when they are reached") {
  Fixture f;
  f.options.deferUnsupported = true;
  REQUIRE(f.convert(kUnsupported));
  CHECK_THAT(f.symbols(),
             Catch::Contains("tsc_rt_raise_text\n") && !Catch::Contains("tsc_rt_aten_missing"));
}

TEST_CASE("only what is exported is compiled") {
  Fixture f;
  f.options.methods = {"a"};
  REQUIRE(f.convert(R"(
    ts.func @a(%x: !ts.int) -> !ts.int { ts.return %x : !ts.int }
    ts.func @b(%x: !ts.int) -> !ts.int { ts.return %x : !ts.int }
  )"));
  CHECK_THAT(f.symbols(), Catch::Contains("a.boxed\n") && !Catch::Contains("b.boxed\n"));
  Fixture none;
  none.options.methods = {"c"};
  CHECK_FALSE(none.convert("ts.func @a(%x: !ts.int) -> !ts.int { ts.return %x : !ts.int }"));
  CHECK(none.engine.exitCode() == 1);
}

TEST_CASE("IR that does not fit together is refused") {
  const char *programs[] = {"ts.func @f(%x: !ts.int) -> !ts.tensor { ts.return %x : !ts.int }",
                            R"(ts.func @f(%x: !ts.tuple<[!ts.int]>) -> !ts.int {
        %a, %b = ts.tuple_unpack %x : (!ts.tuple<[!ts.int]>) -> (!ts.int, !ts.int)
        ts.return %b : !ts.int
      })",
                            R"(ts.func @f() -> !ts.tensor {
        %w = ts.constant !ts.tensor, #ts.tensor<0,5,f32,[9],[1]>
        ts.return %w : !ts.tensor
      })",
                            R"(ts.func @f(%x: !ts.int) -> !ts.tensor {
        %y = ts.call_method "go" %x() : (!ts.int) -> !ts.tensor
        ts.return %y : !ts.tensor
      })"};
  for (const char *text : programs) {
    Fixture f;
    CHECK_FALSE(f.convert(text));
    CHECK(f.engine.exitCode() == 1);
  }
}

TEST_CASE("in-place forms without a kernel are the functional form and a copy") {
  Fixture f;
  f.options.hasKernel = [](StringRef symbol) { return symbol != "tsc_rt_aten_relu_"; };
  REQUIRE(f.convert(R"(
    ts.func @f(%x: !ts.tensor) -> !ts.tensor {
      %y = ts.aten "aten::relu_"(%x) : (!ts.tensor) -> !ts.tensor
      ts.return %y : !ts.tensor
    }
  )"));
  CHECK_THAT(f.symbols(),
             Catch::Contains("tsc_rt_aten_relu\n") && Catch::Contains("tsc_rt_aten_copy_\n"));
}

} // namespace tsc

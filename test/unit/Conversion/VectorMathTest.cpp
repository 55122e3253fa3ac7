// SPDX-License-Identifier: Apache-2.0
// Functions of float32 against the C library's of float64, in vectors and in scalars, which have to
// agree to the bit. The functions are compiled for this machine and called in this process.
#include "TsToLLVM/Regions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/TargetSelect.h"

#include <catch2/catch.hpp>

#include <bit>
#include <cmath>
#include <random>

using namespace mlir;

namespace tsc::lowering {

static constexpr int kLanes = 16;
using Function = void (*)(const float *in, float *out);

namespace {
/// A math operation as two functions of kLanes numbers: in one vector, and one after the other.
class Compiled {
public:
  explicit Compiled(StringRef name);
  Function vector, scalar;

private:
  std::unique_ptr<llvm::orc::LLJIT> jit;
};
} // namespace

static std::string functionText(StringRef name, StringRef symbol, StringRef type, int count) {
  std::string text = ("llvm.func @" + symbol + "(%in: !llvm.ptr, %out: !llvm.ptr) {\n").str();
  llvm::raw_string_ostream stream(text);
  for (int i = 0; i < count; ++i)
    stream << "%a" << i << " = llvm.getelementptr %in[" << i
           << "] : (!llvm.ptr) -> !llvm.ptr, f32\n"
           << "%b" << i << " = llvm.getelementptr %out[" << i
           << "] : (!llvm.ptr) -> !llvm.ptr, f32\n"
           << "%x" << i << " = llvm.load %a" << i << " {alignment = 4 : i64} : !llvm.ptr -> "
           << type << "\n%y" << i << " = " << name << " %x" << i << " : " << type
           << "\nllvm.store %y" << i << ", %b" << i << " {alignment = 4 : i64} : " << type
           << ", !llvm.ptr\n";
  stream << "llvm.return\n}\n";
  return text;
}

Compiled::Compiled(StringRef name) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  MLIRContext context;
  context.loadDialect<arith::ArithDialect, LLVM::LLVMDialect, math::MathDialect,
                      vector::VectorDialect>();
  registerBuiltinDialectTranslation(context);
  registerLLVMDialectTranslation(context);
  std::string text = functionText(name, "vector", "vector<16xf32>", 1) +
                     functionText(name, "scalar", "f32", kLanes);
  auto module = parseSourceString<ModuleOp>(text, &context, "functions.mlir");
  REQUIRE(module);
  REQUIRE(succeeded(lowerRegions(*module)));
  auto llvmContext = std::make_unique<llvm::LLVMContext>();
  std::unique_ptr<llvm::Module> translated = translateModuleToLLVMIR(*module, *llvmContext);
  REQUIRE(translated);
  jit = llvm::cantFail(llvm::orc::LLJITBuilder().create());
  translated->setDataLayout(jit->getDataLayout());
  translated->setTargetTriple(jit->getTargetTriple());
  llvm::cantFail(jit->addIRModule({std::move(translated), std::move(llvmContext)}));
  vector = llvm::cantFail(jit->lookup("vector")).toPtr<Function>();
  scalar = llvm::cantFail(jit->lookup("scalar")).toPtr<Function>();
}

/// Numbers at which something changes, then random bits and random numbers of moderate size.
static std::vector<float> makeInputs(size_t count) {
  std::vector<float> inputs = {
      0.0f,     -0.0f,     INFINITY,  -INFINITY, NAN,       std::bit_cast<float>(0x7fc12345),
      1.0f,     -1.0f,     88.72283f, 88.72284f, -87.4f,    -103.97f,
      -104.1f,  0.625f,    1.1f,      3.92f,     9.02f,     127.99999f,
      128.0f,   -126.0f,   -149.0f,   -151.0f,   0x1p-126f, 0x1p-149f,
      1e-40f,   -1e-40f,   0x1p40f,   3e38f,     -3e38f,    0x1.921fb6p+0f,
      0x1p127f, 16777216.f};
  std::mt19937 random(1);
  std::uniform_real_distribution<float> moderate(-110, 110);
  std::normal_distribution<float> small(0, 2);
  while (inputs.size() < count) {
    inputs.push_back(std::bit_cast<float>(static_cast<uint32_t>(random())));
    inputs.push_back(moderate(random));
    inputs.push_back(small(random));
    inputs.push_back(std::exp2(moderate(random) / 4) * (random() % 2 ? 1.0f : -1.0f));
  }
  inputs.resize(count);
  return inputs;
}

/// The distance to the exact result in units of a float's last place; 0 when both are NaN.
static double errorOf(float found, double exact) {
  auto nearest = static_cast<float>(exact);
  if (std::isnan(exact) || std::isnan(found))
    return std::isnan(exact) && std::isnan(found) ? 0 : HUGE_VAL;
  if (std::isinf(nearest) || std::isinf(found))
    return nearest == found ? 0 : HUGE_VAL;
  if (exact == 0)
    return found == 0 && std::signbit(found) == std::signbit(exact) ? 0 : HUGE_VAL;
  float size = std::max(std::fabs(nearest), 0x1p-126f);
  return std::fabs(found - exact) / (std::nextafter(size, INFINITY) - size);
}

static void check(StringRef name, double (*exact)(double), double limit) {
  INFO(name.str());
  Compiled compiled(name);
  std::vector<float> inputs = makeInputs(1 << 20);
  double worst = 0;
  float at = 0;
  bool agree = true;
  for (size_t i = 0; i < inputs.size(); i += kLanes) {
    float vector[kLanes], scalar[kLanes];
    compiled.vector(&inputs[i], vector);
    compiled.scalar(&inputs[i], scalar);
    for (int lane = 0; lane < kLanes; ++lane) {
      double error = errorOf(vector[lane], exact(static_cast<double>(inputs[i + lane])));
      agree &= std::bit_cast<uint32_t>(vector[lane]) == std::bit_cast<uint32_t>(scalar[lane]) ||
               std::isnan(vector[lane]);
      if (error > worst)
        worst = error, at = inputs[i + lane];
    }
  }
  INFO("at " << at);
  CHECK(worst <= limit);
  CHECK(agree);
}

TEST_CASE("functions in float32 are right to about a unit in the last place") {
  check("math.exp", std::exp, 1.1);
  check("math.exp2", std::exp2, 1.1);
  check("math.expm1", std::expm1, 1.5);
  check("math.log", std::log, 1.1);
  check("math.log1p", std::log1p, 1.5);
  check("math.tanh", std::tanh, 2.4);
  check("math.erf", std::erf, 1.3);
}

TEST_CASE("functions through float64 are rounded once") {
  check("math.log2", std::log2, 0.51);
  check("math.log10", std::log10, 0.51);
  check("math.sin", std::sin, 0.51);
  check("math.cos", std::cos, 0.51);
  check("math.tan", std::tan, 0.51);
  check("math.asin", std::asin, 0.51);
  check("math.acos", std::acos, 0.51);
  check("math.atan", std::atan, 0.51);
  check("math.sinh", std::sinh, 0.51);
  check("math.cosh", std::cosh, 0.51);
  check("math.asinh", std::asinh, 0.51);
  check("math.acosh", std::acosh, 0.51);
  check("math.atanh", std::atanh, 0.51);
  check("math.erfc", std::erfc, 0.51);
}

} // namespace tsc::lowering

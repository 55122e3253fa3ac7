// SPDX-License-Identifier: Apache-2.0
#include "CaseRun.h"

#include "tsc/Driver/Compilation.h"
#include "tsc/Driver/LoadedModel.h"
#include "tsc/Kernel/KernelDialect.h"
#include "tsc/Kernel/Reasons.h"
#include "tsc/Link/OutputFile.h"
#include "tsc/Ts/TsDialect.h"
#include "tsc/Ts/WeightStore.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <cstring>
#include <deque>
#include <random>

using namespace llvm;

namespace tsc::test {

// ---- Inputs

namespace {
enum class Fill : uint8_t { Dense, Transposed, Stepped, Special };

/// Memory of one tensor, and how it is laid out.
struct Input {
  std::vector<uint8_t> bytes;
  SmallVector<int64_t> strides;
  int64_t offset = 0; ///< in elements
};
} // namespace

static uint16_t halfBits(float number) {
  uint32_t bits;
  std::memcpy(&bits, &number, sizeof bits);
  uint16_t sign = static_cast<uint16_t>(bits >> 16 & 0x8000);
  if (std::isnan(number))
    return sign | 0x7E00;
  if (std::isinf(number))
    return sign | 0x7C00;
  int exponent = 0;
  double fraction = std::frexp(std::fabs(number), &exponent);
  if (number == 0 || exponent < -13)
    return sign;
  auto mantissa = static_cast<uint32_t>(fraction * 2048) & 0x3FF;
  return static_cast<uint16_t>(sign | (exponent + 14) << 10 | mantissa);
}

static void writeFloat(DType dtype, double number, uint8_t *at) {
  auto narrow = static_cast<float>(number);
  uint16_t bits = 0;
  switch (dtype) {
  case DType::Float64:
    std::memcpy(at, &number, 8);
    return;
  case DType::Float32:
    std::memcpy(at, &narrow, 4);
    return;
  case DType::Float16:
    bits = halfBits(narrow);
    break;
  default: { // bfloat16: the upper half
    uint32_t whole;
    std::memcpy(&whole, &narrow, 4);
    bits = static_cast<uint16_t>(whole >> 16);
  }
  }
  std::memcpy(at, &bits, 2);
}

static void writeNumber(DType dtype, double number, uint8_t *at) {
  if (isFloating(dtype))
    return writeFloat(dtype, number, at);
  auto whole = static_cast<int64_t>(number);
  std::memcpy(at, &whole, static_cast<size_t>(dtypeBytes(dtype))); // little-endian
}

static double randomNumber(bool isSpecial, std::mt19937 &random) {
  static constexpr double kSpecial[] = {NAN, INFINITY, -INFINITY, -0.0, 0.0};
  double number = std::uniform_real_distribution<double>(-2, 2)(random);
  if (isSpecial && random() % 5 == 0)
    number = kSpecial[random() % std::size(kSpecial)];
  return number;
}

static void writeElement(const TensorCase &tensor, bool isSpecial, std::mt19937 &random,
                         uint8_t *at) {
  if (isFloating(tensor.dtype) && tensor.limit) {
    auto low = static_cast<double>(tensor.low), high = static_cast<double>(tensor.limit);
    return writeFloat(tensor.dtype, std::uniform_real_distribution<double>(low, high)(random), at);
  }
  if (isFloating(tensor.dtype))
    return writeFloat(tensor.dtype, randomNumber(isSpecial, random), at);
  if (dtypeClass(tensor.dtype) == DTypeClass::Complex) {
    DType part = tensor.dtype == DType::Complex128 ? DType::Float64 : DType::Float32;
    for (int64_t i = 0; i < 2; ++i)
      writeFloat(part, randomNumber(isSpecial, random), at + i * dtypeBytes(part));
    return;
  }
  auto number = static_cast<int64_t>(random() % 9 + 1);
  if (tensor.limit)
    number = tensor.low + static_cast<int64_t>(random()) % (tensor.limit - tensor.low);
  else if (tensor.dtype == DType::Bool)
    number &= 1;
  else if (tensor.dtype != DType::UInt8 && random() % 2)
    number = -number;
  std::memcpy(at, &number, dtypeBytes(tensor.dtype)); // little-endian
}

/// Numbers of one matrix or line, dense.
static std::vector<double> orderedNumbers(const TensorCase &tensor, std::mt19937 &random) {
  auto n = static_cast<size_t>(tensor.sizes.back());
  std::uniform_real_distribution<double> some(-2, 2);
  if (tensor.order == TensorCase::Ascending) {
    std::vector<double> line(n);
    for (double &number : line)
      number = isFloating(tensor.dtype) ? some(random) : static_cast<double>(random() % 20);
    llvm::sort(line);
    return line;
  }
  std::vector<double> factor(n * n), product(n * n);
  for (double &number : factor)
    number = some(random);
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < n; ++j) {
      product[i * n + j] = i == j;
      for (size_t k = 0; k < n; ++k)
        product[i * n + j] += factor[i * n + k] * factor[j * n + k];
    }
  return product;
}

/// Writes the tensor's lines or matrices over what is there.
static void writeOrdered(const TensorCase &tensor, Input &input, std::mt19937 &random) {
  size_t inner = tensor.order == TensorCase::Ascending ? 1 : 2, rank = tensor.sizes.size();
  int64_t count = tensor.numel(), bytes = dtypeBytes(tensor.dtype);
  std::vector<double> numbers;
  int64_t piece = 1;
  for (size_t d = rank - inner; d < rank; ++d)
    piece *= tensor.sizes[d];
  for (int64_t i = 0; i < count; ++i) {
    if (i % piece == 0)
      numbers = orderedNumbers(tensor, random);
    int64_t at = input.offset, rest = i;
    for (size_t d = rank; d-- > 0; rest /= tensor.sizes[d])
      at += rest % tensor.sizes[d] * input.strides[d];
    writeNumber(tensor.dtype, numbers[static_cast<size_t>(i % piece)],
                &input.bytes[static_cast<size_t>(at * bytes)]);
  }
}

static Input makeInput(const TensorCase &tensor, Fill fill, std::mt19937 &random) {
  Input input;
  size_t rank = tensor.sizes.size();
  SmallVector<size_t> order; // of dims in memory, the outermost first
  for (size_t d = 0; d < rank; ++d)
    order.push_back(d);
  if (fill == Fill::Transposed && rank > 1)
    std::swap(order[rank - 1], order[rank - 2]);
  int64_t step = fill == Fill::Stepped ? 2 : 1;
  input.offset = step - 1;
  input.strides.resize(rank);
  int64_t extent = step;
  for (size_t d : reverse(order)) {
    input.strides[d] = extent;
    extent *= std::max<int64_t>(tensor.sizes[d], 1);
  }
  int64_t bytes = dtypeBytes(tensor.dtype);
  input.bytes.resize(static_cast<size_t>((extent + input.offset + 1) * bytes));
  for (size_t at = 0; at + static_cast<size_t>(bytes) <= input.bytes.size();
       at += static_cast<size_t>(bytes))
    writeElement(tensor, fill == Fill::Special, random, &input.bytes[at]);
  if (tensor.order != TensorCase::Any)
    writeOrdered(tensor, input, random);
  return input;
}

// ---- Calls

namespace {
class Runner {
public:
  Runner(const tsc_model_api &api) : api(api) {}
  ~Runner();
  bool create(std::string &error);
  CaseResult run(const Case &test, uint32_t method, unsigned seed);

private:
  /// False when the call failed.
  bool call(const Case &test, uint32_t method, Fill fill, unsigned seed, size_t instance,
            CaseResult &result, std::string &bytes);

  static constexpr int kThreads[] = {1, 3};
  const tsc_model_api &api;
  tsc_instance *instances[2] = {};
};
} // namespace

Runner::~Runner() {
  for (tsc_instance *instance : instances)
    if (instance)
      api.destroy(instance);
}

bool Runner::create(std::string &error) {
  for (size_t i = 0; i < std::size(kThreads); ++i) {
    tsc_options options = {};
    options.size = sizeof options;
    options.threads = kThreads[i];
    tsc_error problem = {};
    if (api.create(&options, &instances[i], &problem) != TSC_OK)
      return error = problem.message ? problem.message : "no instance", false;
  }
  return true;
}

bool Runner::call(const Case &test, uint32_t method, Fill fill, unsigned seed, size_t instance,
                  CaseResult &result, std::string &bytes) {
  std::mt19937 random(seed);
  std::deque<Input> inputs; // which stay where they are
  ModelValues values(api);
  for (const ArgumentCase &argument : test.arguments)
    for (const TensorCase &tensor : argument.tensors)
      if (!tensor.isConstant) {
        // NaN and infinities in the data, not in parameters.
        Fill own = fill == Fill::Special && !inputs.empty() ? Fill::Dense : fill;
        const Input &input = inputs.emplace_back(makeInput(tensor, own, random));
        for (int times = test.isBatched ? 2 : 1; times > 0; --times)
          values.add(api.tensor_strided(
              const_cast<uint8_t *>(input.bytes.data()) + input.offset * dtypeBytes(tensor.dtype),
              static_cast<int32_t>(tensor.dtype), static_cast<int32_t>(tensor.sizes.size()),
              tensor.sizes.data(), input.strides.data(), nullptr, nullptr));
      }
  tsc_value made = {};
  tsc_error error = {};
  if (api.call(instances[instance], method, values.data(), static_cast<uint32_t>(values.size()),
               &made, &error) != TSC_OK) {
    bool differs = StringRef(error.class_name ? error.class_name : "").contains("CodegenDiffers");
    std::string &text = differs ? result.differs : result.raised;
    if (text.empty())
      text = (Twine(error.message ? error.message : "") + " [inputs " +
              Twine(static_cast<int>(fill)) + ", threads " + Twine(kThreads[instance]) + "]")
                 .str();
    api.error_clear(&error);
    return false;
  }
  if (made.tag != TSC_TUPLE) {
    tsc_value dense = api.tensor_contiguous(made);
    int64_t count = 1;
    for (int32_t d = 0; d < api.tensor_rank(dense); ++d)
      count *= api.tensor_sizes(dense)[d];
    count *= dtypeBytes(static_cast<DType>(api.tensor_dtype(dense)));
    bytes.assign(static_cast<const char *>(api.tensor_data(dense)), static_cast<size_t>(count));
    api.release(dense);
    if (test.isCompared() && bytes[0] == 0 && result.differs.empty())
      result.differs = "the results differ from the operator's own [inputs " +
                       std::to_string(static_cast<int>(fill)) + "]";
  }
  api.release(made);
  return true;
}

CaseResult Runner::run(const Case &test, uint32_t method, unsigned seed) {
  CaseResult result;
  std::string one, three, other;
  result.isCompiled = call(test, method, Fill::Dense, seed, 0, result, one);
  if (!test.raises.empty())
    return result;
  if (call(test, method, Fill::Dense, seed, 1, result, three) && !one.empty() && one != three)
    result.differs = "results of 1 and 3 threads differ";
  call(test, method, Fill::Transposed, seed + 1, 1, result, other);
  call(test, method, Fill::Stepped, seed + 2, 0, result, other);
  call(test, method, Fill::Special, seed + 3, 0, result, other);
  return result;
}

// ---- Programs

/// What constant tensors are views of: numbers of both signs, some of them zero.
static bool writeWeights(const std::string &path, std::string &error) {
  ts::WeightStore store;
  for (DType dtype : kConstantDTypes) {
    int64_t bytes = dtypeBytes(dtype);
    std::vector<uint8_t> numbers(static_cast<size_t>(kConstantNumbers * bytes));
    for (int64_t i = 0; i < kConstantNumbers; ++i)
      writeFloat(dtype, 0.4 * std::sin(0.7 * static_cast<double>(i)),
                 &numbers[static_cast<size_t>(i * bytes)]);
    store.addCopy(numbers);
  }
  return store.write(path, error);
}

/// Of each function whether phase fuse put its operator into a region; else why not.
static bool findCompiled(const CompileOptions &options, ArrayRef<Case> cases,
                         std::vector<std::string> &generic, DiagnosticEngine &engine) {
  Compilation compilation(options, engine);
  if (!compilation.load() || !compilation.runTo(Phase::Fuse))
    return false;
  for (size_t i = 0; i < cases.size(); ++i) {
    std::string why = "its function is missing";
    if (auto function = compilation.module().lookupSymbol<ts::FuncOp>("test.f" + std::to_string(i)))
      function.walk([&](ts::AtenOp op) {
        if (cases[i].isBatched && why.empty())
          return; // behind it stands the one without promises
        if (cases[i].isLibrary && op->getParentOfType<kernel::RegionOp>())
          why.clear();
        if (op.getName() != cases[i].row->fullName)
          return;
        auto reason = op->getAttrOfType<mlir::StringAttr>(kernel::kGenericAttr);
        if (op->getParentOfType<kernel::RegionOp>())
          why.clear();
        else if (reason)
          why = reason.getValue().str();
      });
    generic.push_back(why);
  }
  return true;
}

std::vector<CaseResult> runCases(ArrayRef<Case> cases, std::string &error) {
  DiagnosticEngine engine;
  TemporaryFile program, weights, library;
  auto fail = [&]() -> std::vector<CaseResult> {
    raw_string_ostream os(error);
    engine.printText(os);
    return {};
  };
  if (!program.open("mlir", engine) || !weights.open("weights", engine) ||
      !library.open("so", engine) || !writeWeights(weights.path(), error))
    return fail();
  std::error_code ec;
  raw_fd_ostream(program.path(), ec) << programText(cases, weights.path());
  CompileOptions options;
  options.input = program.path();
  options.outputs = {library.path()};
  options.symbolPrefix = "cases";
  options.installPrefix = TSC_INSTALL_PREFIX;
  std::vector<std::string> generic;
  if (!findCompiled(options, cases, generic, engine))
    return fail();
  options.compareCodegen = true;
  if (!Compilation(options, engine).compile())
    return fail();
  std::unique_ptr<ModelLibrary> model = ModelLibrary::open(library.path(), engine);
  if (!model)
    return fail();
  Runner runner(model->api());
  if (!runner.create(error))
    return {};
  std::vector<CaseResult> results;
  for (size_t i = 0; i < cases.size(); ++i) {
    CaseResult &result = results.emplace_back();
    result.generic = generic[i];
    int32_t method = model->api().find_method(("f" + std::to_string(i)).c_str());
    if (method >= 0 && generic[i].empty())
      result = runner.run(cases[i], static_cast<uint32_t>(method), static_cast<unsigned>(i) * 10);
  }
  return results;
}

} // namespace tsc::test

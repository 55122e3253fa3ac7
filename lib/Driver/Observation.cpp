// SPDX-License-Identifier: Apache-2.0
// The child process is a fork: it has the arguments' readers at hand, and nothing that the program
// does, not even a crash, reaches the compiler. It must leave without the parent's exit handlers
// and without its signal handlers, which would remove the parent's files.
#include "Observation.h"

#include "tsc/Analysis/DataDependentSizes.h"
#include "tsc/Driver/ModelSession.h"
#include "tsc/Kernel/CompiledForms.h"
#include "tsc/Transforms/Passes.h"

#include "mlir/IR/Builders.h"

#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace mlir;

namespace tsc {

/// In front of each observation, which is a line: the operator's number, the operand's, the
/// dtype's, and the sizes as a list.
static constexpr llvm::StringLiteral kMark = "tsc-observation:";
/// How long the program may run, and print.
static constexpr std::chrono::seconds kMaxTime(10);
static constexpr size_t kMaxPrinted = size_t(64) << 20;
/// Without any operator that is costly, so many others make a run worth its time.
static constexpr unsigned kMinLight = 8;

/// The operators that would be compiled if their types were known, in order; same for a clone.
/// Sizes that depend on what tensors hold are others in the next call.
static std::vector<ts::AtenOp> observedOperators(ModuleOp module) {
  std::vector<ts::AtenOp> operators;
  for (ts::FuncOp function : module.getOps<ts::FuncOp>()) {
    if (function.isExternal())
      continue;
    llvm::DenseSet<Value> varying = ts::findDataDependentSizes(function);
    function.walk<WalkOrder::PreOrder>([&](ts::AtenOp op) {
      if (isa<ts::FuncOp, ts::IfOp, ts::LoopOp>(op->getParentOp()) &&
          kernel::kindWithoutTypes(op) &&
          llvm::none_of(op.getArgs(), [&](Value operand) { return varying.contains(operand); }))
        operators.push_back(op);
    });
  }
  return operators;
}

bool isWorthObserving(ModuleOp module) {
  unsigned light = 0;
  for (ts::AtenOp op : observedOperators(module)) {
    std::optional<kernel::Kind> kind = kernel::kindWithoutTypes(op);
    bool isLight =
        kind == kernel::Kind::Map || kind == kernel::Kind::Rows || kind == kernel::Kind::Move;
    if (!isLight && kind != kernel::Kind::View)
      return true;
    light += isLight;
  }
  return light >= kMinLight;
}

// ---- Observers

void insertObservers(ModuleOp copy) {
  MLIRContext *context = copy.getContext();
  Type intType = ts::IntType::get(context);
  for (auto [number, op] : llvm::enumerate(observedOperators(copy))) {
    OpBuilder builder(op);
    Location loc = ts::withDebugNames(op.getLoc(), {});
    auto integer = [&](size_t value) -> Value {
      return ts::ConstantOp::create(builder, loc, intType,
                                    builder.getI64IntegerAttr(static_cast<int64_t>(value)));
    };
    auto ask = [&](llvm::StringRef name, Type type, Value tensor) {
      return ts::AtenOp::create(builder, loc, TypeRange(type), builder.getStringAttr(name),
                                ValueRange(tensor))
          .getResult(0);
    };
    for (auto [i, operand] : llvm::enumerate(op.getArgs())) {
      if (kernel::isPrecise(operand.getType()))
        continue;
      Value mark = ts::ConstantOp::create(builder, loc, ts::StrType::get(context),
                                          builder.getStringAttr(kMark));
      Value dtype = ask("prim::dtype", intType, operand);
      Value sizes = ask("aten::size", ts::ListType::get(context, intType), operand);
      ts::AtenOp::create(builder, loc, TypeRange(), builder.getStringAttr("prim::Print"),
                         ValueRange{mark, integer(number), integer(i), dtype, sizes});
    }
  }
}

// ---- The run

static void resetSignals() {
  for (int number : {SIGHUP, SIGINT, SIGPIPE, SIGTERM, SIGUSR1, SIGUSR2, SIGILL, SIGTRAP, SIGABRT,
                     SIGFPE, SIGBUS, SIGSEGV, SIGQUIT, SIGSYS, SIGXCPU, SIGXFSZ})
    (void)std::signal(number, SIG_DFL);
}

/// The child's part: calls the method with stdout being `out`. Does not return.
[[noreturn]] static void callObserved(const std::string &library, const std::string &method,
                                      const ArgumentSources &sources, int out) {
  resetSignals();
  int null = ::open("/dev/null", O_RDWR);
  (void)::dup2(null, STDIN_FILENO);
  (void)::dup2(out, STDOUT_FILENO);
  (void)::dup2(null, STDERR_FILENO);
  DiagnosticEngine unheard;
  SessionOptions options;
  options.model = library;
  options.method = method;
  ModelSession session;
  BoundArguments arguments;
  if (session.open(options, sources, unheard) &&
      arguments.bind(session.methodInfo(), session.manifest(), sources, unheard)) {
    const tsc_model_api &api = session.api();
    ModelValues values(api);
    tsc_value result = {};
    tsc_error error = {};
    if (arguments.makeValues(api, session.instance(), values, unheard) &&
        api.call(session.instance(), session.methodIndex(), values.data(),
                 static_cast<uint32_t>(values.size()), &result, &error) == TSC_OK &&
        result.tag == TSC_FUTURE)
      (void)api.future_wait(session.instance(), result, &result, &error);
  }
  (void)std::fflush(stdout);
  ::_exit(0);
}

/// All that comes from the other end of a pipe, until it is closed or the time is over.
static std::string readAll(int in) {
  std::string text;
  auto end = std::chrono::steady_clock::now() + kMaxTime;
  for (;;) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    pollfd wait = {in, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&wait, 1, static_cast<int>(left.count())) <= 0)
      break;
    char buffer[1 << 16];
    ssize_t count = ::read(in, buffer, sizeof buffer);
    if (count <= 0 || text.size() + static_cast<size_t>(count) > kMaxPrinted)
      break;
    text.append(buffer, static_cast<size_t>(count));
  }
  return text;
}

std::string runObserved(const std::string &library, const std::string &method,
                        const ArgumentSources &arguments) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return "";
  (void)std::fflush(nullptr);
  pid_t child = ::fork();
  if (child == 0)
    callObserved(library, method, arguments, ends[1]);
  (void)::close(ends[1]);
  std::string text = child > 0 ? readAll(ends[0]) : "";
  (void)::close(ends[0]);
  if (child > 0) {
    (void)::kill(child, SIGKILL);
    (void)::waitpid(child, nullptr, 0);
  }
  return text;
}

// ---- What was seen

/// "3 0 6 [1, 3, 320, 320]" as the key (3, 0) and the type; null when the text is something else.
static ts::TensorType parseObservation(MLIRContext *context, llvm::StringRef line,
                                       std::pair<unsigned, unsigned> &key) {
  int64_t dtype;
  llvm::StringRef rest = line;
  auto number = [&](auto &value) {
    rest = rest.ltrim();
    return !rest.consumeInteger(10, value);
  };
  if (!number(key.first) || !number(key.second) || !number(dtype))
    return {};
  rest = rest.trim();
  if (!rest.consume_front("[") || !rest.consume_back("]"))
    return {};
  SmallVector<llvm::StringRef> parts;
  rest.split(parts, ',', -1, false);
  SmallVector<int64_t> sizes;
  for (llvm::StringRef part : parts)
    if (part.trim().getAsInteger(10, sizes.emplace_back()))
      return {};
  const DTypeInfo *info = findDType(static_cast<DType>(dtype));
  return info ? ts::TensorType::get(context, sizes, info->dtype) : ts::TensorType();
}

void noteObservations(ModuleOp module, llvm::StringRef printed) {
  MLIRContext *context = module.getContext();
  llvm::DenseMap<std::pair<unsigned, unsigned>, ts::TensorType> seen; // null: with several types
  while (!printed.empty()) {
    auto [line, rest] = printed.split('\n');
    printed = rest;
    std::pair<unsigned, unsigned> key;
    if (!line.consume_front(kMark))
      continue;
    if (ts::TensorType type = parseObservation(context, line, key))
      if (auto [at, isNew] = seen.try_emplace(key, type); !isNew && at->second != type)
        at->second = {};
  }
  Builder builder(context);
  for (auto [number, op] : llvm::enumerate(observedOperators(module))) {
    SmallVector<Attribute> types;
    bool any = false;
    for (unsigned i = 0; i < op.getArgs().size(); ++i) {
      ts::TensorType type = seen.lookup({static_cast<unsigned>(number), i});
      any |= static_cast<bool>(type);
      types.push_back(type ? Attribute(TypeAttr::get(type)) : builder.getUnitAttr());
    }
    if (any)
      op->setAttr(ts::kObservedAttr, builder.getArrayAttr(types));
  }
}

} // namespace tsc

// SPDX-License-Identifier: Apache-2.0
#include "tsc/Driver/Commands.h"

#include "tsc/Driver/ValueText.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using tsc::archive::kNoNode;
using tsc::archive::NodeId;

namespace tsc {

namespace {
/// One `tsc run`: the calls and what is done with their results.
class Runner {
public:
  Runner(const RunCommand &command, DiagnosticEngine &engine) : command(command), engine(engine) {}
  bool run();

private:
  bool callOnce(bool isSecond);
  void printKernels();
  bool handleResult(tsc_value result, bool isSecond);
  bool compareResult(const archive::ValueGraph &graph, NodeId node, const std::string &path);
  bool compareArguments(ModelValues &values);

  const RunCommand &command;
  DiagnosticEngine &engine;
  ModelSession session;
  BoundArguments arguments;
};
} // namespace

bool Runner::compareResult(const archive::ValueGraph &graph, NodeId node, const std::string &path) {
  std::unique_ptr<archive::ValueFile> expected = archive::readValueFile(path, engine);
  if (!expected)
    return false;
  std::string why =
      compareValues({graph, node}, {expected->graph, expected->root}, command.tolerances, "result");
  if (!why.empty())
    engine.report({path}, Diag::ResultDiffers, why);
  return why.empty();
}

bool Runner::compareArguments(ModelValues &values) {
  std::unique_ptr<archive::ValueFile> expected = archive::readValueFile(command.expectArgs, engine);
  if (!expected)
    return false;
  archive::ValueGraph graph;
  ValueExporter exporter(session.api(), session.instance(), graph, engine);
  SmallVector<NodeId> nodes;
  for (size_t i = 0; i < std::max<size_t>(arguments.positional(), 1) && i < values.size(); ++i) {
    nodes.push_back(exporter.make(values[i]));
    if (nodes.back() == kNoNode)
      return false;
  }
  bool isTuple = expected->graph.kind(expected->root) == archive::NodeKind::Tuple;
  NodeId found = isTuple         ? graph.makeContainer(archive::NodeKind::Tuple, nodes)
                 : nodes.empty() ? graph.none()
                                 : nodes[0];
  std::string why = compareValues({graph, found}, {expected->graph, expected->root},
                                  command.tolerances, "arguments after the call");
  if (!why.empty())
    engine.report({command.expectArgs}, Diag::ResultDiffers, why);
  return why.empty();
}

bool Runner::handleResult(tsc_value result, bool isSecond) {
  archive::ValueGraph graph;
  NodeId node = ValueExporter(session.api(), session.instance(), graph, engine).make(result);
  if (node == kNoNode)
    return false;
  if (isSecond)
    return compareResult(graph, node, command.again);
  if (command.expect.empty() && command.save.empty()) {
    printValue(graph, node, outs());
    outs() << '\n';
    outs().flush();
  }
  if (!command.save.empty() && !archive::writeValueFile(command.save, graph, node, engine))
    return false;
  return command.expect.empty() || compareResult(graph, node, command.expect);
}

bool Runner::callOnce(bool isSecond) {
  const tsc_model_api &api = session.api();
  ModelValues values(api);
  if (!arguments.makeValues(api, session.instance(), values, engine))
    return false;
  tsc_value result = {};
  tsc_error error = {};
  tsc_status status = api.call(session.instance(), session.methodIndex(), values.data(),
                               static_cast<uint32_t>(values.size()), &result, &error);
  if (status == TSC_OK && result.tag == TSC_FUTURE) {
    tsc_value future = result;
    status = api.future_wait(session.instance(), future, &result, &error);
    api.release(future);
  }
  if (status != TSC_OK)
    return reportModelError(api, error, engine), false;
  scope_exit release([&] { api.release(result); });
  bool ok = handleResult(result, isSecond);
  if (ok && !isSecond && !command.expectArgs.empty())
    ok = compareArguments(values);
  return ok;
}

/// How many compiled kernels the call ran, to stderr.
void Runner::printKernels() {
  struct Sum {
    int64_t kernels = 0, launches = 0;
  } sum;
  auto visit = [](void *user, const tsc_kernel_profile *kernel) {
    Sum &self = *static_cast<Sum *>(user);
    if (StringRef(kernel->kernel) == "generic")
      return;
    ++self.kernels;
    self.launches += static_cast<int64_t>(kernel->calls);
  };
  session.api().profile_visit(session.instance(), visit, &sum);
  errs() << "ran: " << sum.kernels << " compiled kernels, " << sum.launches << " times\n";
}

bool Runner::run() {
  if (!session.open(command.session, command.arguments, engine) ||
      !arguments.bind(session.methodInfo(), session.manifest(), command.arguments, engine))
    return false;
  bool isVerbose = command.session.compile.verbose;
  if (isVerbose)
    session.api().profile(session.instance(), 1);
  bool ok = callOnce(false);
  if (isVerbose)
    printKernels();
  return ok && (command.again.empty() || callOnce(true));
}

void runRun(const RunCommand &command, DiagnosticEngine &engine) {
  (void)Runner(command, engine).run();
}

} // namespace tsc

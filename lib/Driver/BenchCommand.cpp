// SPDX-License-Identifier: Apache-2.0
#include "tsc/Driver/Commands.h"
#include "tsc/Driver/ProfileReport.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>
#include <numeric>
#include <sys/resource.h>
#include <thread>

using namespace llvm;

namespace tsc {

using Clock = std::chrono::steady_clock;

/// Calls before the timed ones: they fault in memory and start threads.
static constexpr int kWarmUp = 4;

static double milliseconds(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

/// The time of one call, or nothing after a report.
static std::optional<double> timeCall(const ModelSession &session, ModelValues &values,
                                      DiagnosticEngine &engine) {
  const tsc_model_api &api = session.api();
  tsc_value result = {};
  tsc_error error = {};
  Clock::time_point start = Clock::now();
  tsc_status status = api.call(session.instance(), session.methodIndex(), values.data(),
                               static_cast<uint32_t>(values.size()), &result, &error);
  if (status != TSC_OK)
    return reportModelError(api, error, engine), std::nullopt;
  api.release(result);
  return milliseconds(Clock::now() - start);
}

static double peakMegabytes() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

static void printLine(const BenchCommand &command, const ModelSession &session,
                      std::vector<double> &times, double first) {
  std::nth_element(times.begin(), times.begin() + static_cast<ptrdiff_t>(times.size() / 2),
                   times.end());
  json::OStream out(outs());
  out.object([&] {
    out.attribute("min_ms", *std::min_element(times.begin(), times.end()));
    out.attribute("median_ms", times[times.size() / 2]);
    out.attribute("calls", static_cast<int64_t>(times.size()));
    out.attribute("threads", command.session.threads);
    out.attribute("first_ms", first);
    out.attribute("load_ms", session.loadMilliseconds());
    out.attribute("peak_rss_mb", peakMegabytes());
  });
  outs() << '\n';
}

/// The times of calls over some seconds; none after a report.
static std::vector<double> timeCalls(const ModelSession &session, ModelValues &values,
                                     double seconds, DiagnosticEngine &engine) {
  std::vector<double> times;
  Clock::time_point start = Clock::now();
  while (times.size() < 3 || milliseconds(Clock::now() - start) < seconds * 1e3) {
    std::optional<double> time = timeCall(session, values, engine);
    if (!time)
      return {};
    times.push_back(*time);
  }
  return times;
}

/// Calls the method again, now with its kernels timed.
static void profileCalls(const BenchCommand &command, const ModelSession &session,
                         ModelValues &values, DiagnosticEngine &engine) {
  outs().flush();
  unsigned cpus = std::max(std::thread::hardware_concurrency(), 1U);
  unsigned threads = static_cast<unsigned>(std::max(command.session.threads, 0));
  MachineLimits limits =
      measureMachineLimits(static_cast<int>(threads ? std::min(threads, cpus) : cpus));
  session.api().profile(session.instance(), 1);
  std::vector<double> times = timeCalls(session, values, command.seconds, engine);
  session.api().profile(session.instance(), 0);
  if (times.empty())
    return;
  ProfiledCalls profiled;
  profiled.calls = static_cast<int64_t>(times.size());
  profiled.seconds = std::accumulate(times.begin(), times.end(), 0.0) * 1e-3;
  printProfile(session, profiled, limits, command.json);
}

void runBench(const BenchCommand &command, DiagnosticEngine &engine) {
  ModelSession session;
  BoundArguments arguments;
  if (!session.open(command.session, command.arguments, engine) ||
      !arguments.bind(session.methodInfo(), session.manifest(), command.arguments, engine))
    return;
  ModelValues values(session.api());
  if (!arguments.makeValues(session.api(), session.instance(), values, engine))
    return;
  std::optional<double> first = timeCall(session, values, engine);
  for (int i = 1; i < kWarmUp && first; ++i)
    if (!timeCall(session, values, engine))
      return;
  if (!first)
    return;
  std::vector<double> times = timeCalls(session, values, command.seconds, engine);
  if (times.empty())
    return;
  printLine(command, session, times, *first);
  if (command.profile)
    profileCalls(command, session, values, engine);
}

} // namespace tsc

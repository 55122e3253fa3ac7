// SPDX-License-Identifier: Apache-2.0
#include "tsc/Driver/ProfileReport.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>

using namespace llvm;

namespace tsc {

namespace {
/// A kernel's part in one call of the method.
struct Row {
  std::string kernel, operators, file, text;
  int32_t line = 0;
  double launches = 0, seconds = 0, operations = 0, bytes = 0;
};
} // namespace

/// Names and source lines come from a file: nothing but text gets to the terminal.
static std::string plainText(const char *text) {
  std::string plain = StringRef(text ? text : "").trim().str();
  for (char &c : plain)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      c = '?';
  return plain;
}

/// The rows, the longest time first.
static std::vector<Row> readRows(const ModelSession &session, const ProfiledCalls &profiled) {
  struct Reader {
    std::vector<Row> rows;
    double calls;
  } reader{{}, static_cast<double>(profiled.calls)};
  auto visit = [](void *user, const tsc_kernel_profile *kernel) {
    Reader &self = *static_cast<Reader *>(user);
    Row row{plainText(kernel->kernel), plainText(kernel->operators), plainText(kernel->file),
            plainText(kernel->text), kernel->line};
    row.launches = static_cast<double>(kernel->calls) / self.calls;
    row.seconds = kernel->seconds / self.calls;
    row.operations = kernel->operations * row.launches;
    row.bytes = kernel->bytes * row.launches;
    self.rows.push_back(std::move(row));
  };
  session.api().profile_visit(session.instance(), visit, &reader);
  std::sort(reader.rows.begin(), reader.rows.end(), [](const Row &a, const Row &b) {
    return std::tie(b.seconds, a.operators) < std::tie(a.seconds, b.operators);
  });
  return std::move(reader.rows);
}

/// How much of the machine a kernel uses: the least time that its work takes over the time it took;
/// 0 when its work is not known.
static double shareOfLimit(const Row &row, const MachineLimits &limits) {
  if (row.seconds <= 0 || limits.operations <= 0 || limits.bytes <= 0)
    return 0;
  return limits.leastSeconds(row.operations, row.bytes) / row.seconds;
}

static void printJsonRow(const Row &row, double callSeconds, double limit) {
  json::OStream out(outs());
  out.object([&] {
    out.attribute("kernel", row.kernel);
    out.attribute("operators", row.operators);
    if (row.line > 0) {
      out.attribute("file", row.file);
      out.attribute("line", row.line);
      out.attribute("text", row.text);
    }
    out.attribute("share", row.seconds / callSeconds);
    out.attribute("ms", row.seconds * 1e3);
    out.attribute("launches", row.launches);
    out.attribute("operations", row.operations);
    out.attribute("bytes", row.bytes);
    out.attribute("limit", limit);
  });
  outs() << '\n';
}

static void printJsonLimits(double callSeconds, const MachineLimits &limits) {
  json::OStream out(outs());
  out.object([&] {
    out.attribute("call_ms", callSeconds * 1e3);
    out.attribute("operations_per_second", limits.operations);
    out.attribute("bytes_per_second", limits.bytes);
  });
  outs() << '\n';
}

/// A column of a number, blank for what is not known.
static void printNumber(double value, const char *pattern, unsigned width) {
  if (value > 0)
    outs() << format(pattern, value);
  else
    outs().indent(width);
}

static void printTextRow(const Row &row, double callSeconds, double limit) {
  outs() << format("%6.1f%% %9.4f ", 100 * row.seconds / callSeconds, row.seconds * 1e3);
  printNumber(row.launches, "%6.4g ", 7);
  outs() << left_justify(row.kernel, 16);
  printNumber(row.operations * 1e-9, "%8.4f ", 9);
  printNumber(row.operations / row.seconds * 1e-9, "%8.1f ", 9);
  printNumber(row.bytes * 1e-6, "%9.3f ", 10);
  printNumber(row.bytes / row.seconds * 1e-9, "%7.1f ", 8);
  printNumber(100 * limit, "%5.1f%% ", 7);
  outs() << ' ' << row.operators;
  if (row.line > 0)
    outs() << "  " << row.file << ':' << row.line << ": " << row.text;
  outs() << '\n';
}

void printProfile(const ModelSession &session, const ProfiledCalls &profiled,
                  const MachineLimits &limits, bool json) {
  double callSeconds = profiled.seconds / static_cast<double>(profiled.calls), inside = 0;
  std::vector<Row> rows = readRows(session, profiled);
  for (const Row &row : rows)
    inside += row.seconds;
  Row outside;
  outside.kernel = "outside kernels";
  outside.seconds = std::max(0.0, callSeconds - inside);
  rows.push_back(outside);
  if (json)
    printJsonLimits(callSeconds, limits);
  else
    outs()
        << format("%.4f ms a call with profiling; limits: %.1f GFLOP/s, %.1f GB/s\n",
                  callSeconds * 1e3, limits.operations * 1e-9, limits.bytes * 1e-9)
        << "  share   ms/call launch kernel             GFLOP  GFLOP/s        MB    GB/s  limit  "
           "operators\n";
  for (const Row &row : rows) {
    double limit = shareOfLimit(row, limits);
    if (json)
      printJsonRow(row, callSeconds, limit);
    else
      printTextRow(row, callSeconds, limit);
  }
}

} // namespace tsc

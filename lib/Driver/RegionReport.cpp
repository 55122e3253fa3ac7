// SPDX-License-Identifier: Apache-2.0
#include "RegionReport.h"

#include "tsc/Kernel/KernelDialect.h"
#include "tsc/Kernel/Reasons.h"
#include "tsc/Ts/TsDialect.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/Support/Format.h"

using namespace mlir;

namespace tsc {

namespace {
struct GenericRow {
  int64_t count = 0;
  Location first; ///< of the operator that stands first
};

struct RegionReport {
  explicit RegionReport(ModuleOp module);
  int64_t operators = 0, regions = 0, kernels = 0, generic = 0;
  llvm::MapVector<std::pair<StringRef, StringRef>, GenericRow> rows; ///< by operator and reason

private:
  void visit(ts::AtenOp op);
};
} // namespace

/// Tensors, and lists and tuples of them.
static bool holdsTensors(Type type) {
  if (auto list = dyn_cast<ts::ListType>(type))
    return holdsTensors(list.getElement());
  if (auto optional = dyn_cast<ts::OptionalType>(type))
    return holdsTensors(optional.getElement());
  return isa<ts::TensorType>(type);
}

/// What stands beside a ts.map, for inputs of other dtypes than it was compiled for.
static bool isOtherwiseMapped(ts::AtenOp op) {
  auto branch = dyn_cast<ts::IfOp>(op->getParentOp());
  return branch && branch.getCondition().getDefiningOp<ts::HasDTypeOp>();
}

void RegionReport::visit(ts::AtenOp op) {
  if (!llvm::any_of(op.getResultTypes(), holdsTensors))
    return;
  if (op->getParentOfType<kernel::RegionOp>() || isOtherwiseMapped(op)) {
    ++operators;
    return;
  }
  ++generic;
  auto why = op->getAttrOfType<StringAttr>(kernel::kGenericAttr);
  auto [row, isNew] =
      rows.try_emplace({op.getName(), why ? why.getValue() : ""}, GenericRow{0, op.getLoc()});
  ++row->second.count;
}

RegionReport::RegionReport(ModuleOp module) {
  module.walk([&](Operation *op) {
    if (auto aten = dyn_cast<ts::AtenOp>(op))
      return visit(aten);
    auto group = dyn_cast<kernel::GroupOp>(op);
    regions += isa<kernel::RegionOp, ts::MapOp>(op);
    kernels += isa<ts::MapOp>(op) || (group && group.getKind() != kernel::Kind::View);
  });
}

void printRegionReport(ModuleOp module, raw_ostream &os) {
  RegionReport report(module);
  os << "compiled: " << report.operators << " operators in " << report.regions << " regions, "
     << report.kernels << " kernels; generic: " << report.generic << " operators\n";
  auto rows = report.rows.takeVector();
  llvm::stable_sort(rows,
                    [](const auto &a, const auto &b) { return a.second.count > b.second.count; });
  for (const auto &[key, row] : rows) {
    os << llvm::format("%8lld  ", static_cast<long long>(row.count)) << key.first;
    if (!key.second.empty())
      os << ": " << key.second;
    FileLineColRange place = ts::getOriginalRange(row.first);
    if (!place)
      place = ts::getSerializedRange(row.first);
    if (place)
      os << " (" << place.getFilename().getValue() << ':' << place.getStartLine() << ')';
    os << '\n';
  }
}

} // namespace tsc

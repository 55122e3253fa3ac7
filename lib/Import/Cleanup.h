// SPDX-License-Identifier: Apache-2.0
// What PyTorch does to every graph that it loads, in its order, so that an imported function is the
// graph that its TorchScript prints: tuples made only to be taken apart go, what is constant among
// immutable values is computed, constants move to the front and merge, results of branches and
// loops are ordered by first use. A "graph" is the body of a function or of a fork; a fork's is
// cleaned before the one around it.
#pragma once

#include "tsc/Ts/TsDialect.h"

namespace tsc::importer {

/// All of the passes below, on a function and on the forks in it.
void cleanUp(ts::FuncOp function);

/// Uses of parts of a tuple made in the graph become uses of its elements.
void lowerTuples(mlir::Block &block);
/// Drops operations that nothing needs: neither their results nor what they write.
void eliminateDeadCode(mlir::Region &graph);
/// Computes operators on immutable constants, takes decided branches, drops results that never
/// change.
void propagateConstants(mlir::Block &block);
/// Moves constants before all other code and merges equal ones.
void poolConstants(mlir::Region &graph);
/// Orders results of branches and loops by their first use.
void canonicalizeOutputs(mlir::Region &graph);

/// Rebuilds a branch or loop with some of its results (and a loop's carried values), in the given
/// order. Uses of the results left out must be gone. Returns the new operation.
mlir::Operation *keepResults(mlir::Operation *op, llvm::ArrayRef<unsigned> order);

/// Which values may be the same object, or hold one another, in a graph.
class AliasSets {
public:
  explicit AliasSets(mlir::Region &graph);
  /// Whether an operation writes to what existed before the graph ran or was given away (inputs,
  /// attributes).
  bool writesOutside(mlir::Operation *op);
  /// The sets that an operation writes to.
  llvm::SmallVector<unsigned> writtenSets(mlir::Operation *op);
  /// The set of a value; none for immutable ones.
  std::optional<unsigned> setOf(mlir::Value value);
  bool isWritten(mlir::Value value);
  bool isOutside(unsigned set) { return find(set) == find(kOutside); }

private:
  static constexpr unsigned kOutside = 0;
  unsigned find(unsigned set);
  void merge(unsigned a, unsigned b) { parents[find(a)] = find(b); }
  unsigned makeSet(mlir::Value value);
  void mergeValues(mlir::Value a, mlir::Value b);
  void setOutside(mlir::Value value);
  void visit(mlir::Operation *op);
  void visitOperator(ts::AtenOp op);

  llvm::SmallVector<unsigned> parents;
  llvm::DenseMap<mlir::Value, unsigned> sets;
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<unsigned, 1>> writes;
};

} // namespace tsc::importer

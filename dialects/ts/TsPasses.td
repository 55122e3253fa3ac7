// SPDX-License-Identifier: Apache-2.0
// Passes over ts. Their order stands in lib/Driver/Phases.cpp.
#ifndef TSC_TS_PASSES
#define TSC_TS_PASSES

include "mlir/Pass/PassBase.td"

def InlineCalls : Pass<"ts-inline-calls", "::mlir::ModuleOp"> {
  let summary = "put the bodies of called functions and methods in place of the calls";
  let description = [{
    Leaves: calls through interfaces, and calls that would make the program larger than `max-operations`.
    Before:  %y = ts.call_method "forward" %sub(%x)
    After:   the body of @__torch__.Sub.forward, its self replaced by %sub
  }];
  let options = [Option<"maxOperations", "max-operations", "int64_t", "200000", "operations of one function, at most">];
  let statistics = [Statistic<"numInlined", "num-inlined", "calls inlined">];
}

def RemoveUnusedFunctions : Pass<"ts-remove-unused-functions", "::mlir::ModuleOp"> {
  let summary = "drop functions and methods that no exported method reaches";
  let description = [{
    Before:  ts.func @__torch__.Sub.helper, called by nobody
    After:   neither the function nor the class's ts.method
  }];
  let options = [ListOption<"exported", "exported", "std::string", "methods of the root to keep; none: all of them">];
  let statistics = [Statistic<"numRemoved", "num-removed", "functions removed">];
}

def FreezeAttributes : Pass<"ts-freeze-attributes", "::mlir::ModuleOp"> {
  let summary = "replace attributes that nothing writes by their values";
  let description = [{
    Needs: inlined calls, so that `self` chains are visible.
    Leaves: ts.get_attr only of attributes that are set, written in place, reachable from outside, or preserved.
    Before:  %w = ts.get_attr %self["weight"]
    After:   %w = ts.constant !ts.tensor, #ts.tensor<...>
  }];
  let options = [ListOption<"preserved", "preserved", "std::string", "attributes to keep, as self.sub.name without self">];
  let statistics = [Statistic<"numFrozen", "num-frozen", "attribute reads replaced">];
}

def DropUnusedAttributes : Pass<"ts-drop-unused-attributes", "::mlir::ModuleOp"> {
  let summary = "take attributes that no code mentions out of classes and objects";
  let description = [{
    Needs: frozen attributes. Leaves: classes whose attributes are all read or written somewhere, or preserved.
    Before:  ts.class @M { ts.attribute @weight : !ts.tensor } with no ts.get_attr ["weight"] left
    After:   ts.class @M { }
  }];
  let options = [ListOption<"preserved", "preserved", "std::string", "attributes to keep, as self.sub.name without self">];
  let statistics = [Statistic<"numDropped", "num-dropped", "attributes dropped">];
}

def FoldConstants : Pass<"ts-fold-constants", "::mlir::ModuleOp"> {
  let summary = "compute what is constant, and choose branches that are decided";
  let description = [{
    A tensor or list becomes a constant only where it is read alone: a constant is shared and must not be written.
    Before:  %c = ts.aten "aten::add.int"(%two, %three)    ts.if %false ...
    After:   %c = ts.constant !ts.int, 5                   the else branch in place
  }];
  let statistics = [Statistic<"numFolded", "num-folded", "operations folded">];
}

def EliminateDeadCode : Pass<"ts-eliminate-dead-code", "::mlir::ModuleOp"> {
  let summary = "drop operations without effect whose results nobody uses, and unused results of branches and loops";
  let description = [{
    Before:  %u = ts.aten "aten::relu"(%x), never used
    After:   nothing
  }];
  let statistics = [Statistic<"numErased", "num-erased", "operations erased">];
}

def RemoveDropout : Pass<"ts-remove-dropout", "::mlir::ModuleOp"> {
  let summary = "drop dropout outside training";
  let description = [{
    Needs: a constant `train`.
    Before:  %y = ts.aten "aten::dropout"(%x, %p, %false)
    After:   %x
  }];
  let statistics = [Statistic<"numRemoved", "num-removed", "dropouts removed">];
}

def FoldConvBatchNorm : Pass<"ts-fold-conv-batch-norm", "::mlir::ModuleOp"> {
  let summary = "fold inference batch_norm into the convolution that feeds it";
  let description = [{
    Needs: constant parameters (frozen).
    Leaves: no batch_norm in inference form whose input is a single-use convolution, all parameters constant. The new
    weight and bias are operators on constants, which ts-fold-constants computes.
    Before:  %1 = conv2d %x, %w, %b    %2 = batch_norm %1, %gamma, %beta, %mean, %var
    After:   %2 = conv2d %x, %w1, %b1
  }];
  let statistics = [Statistic<"numFolded", "num-folded", "batch_norms folded">];
}

def GatherAppends : Pass<"ts-gather-appends", "::mlir::ModuleOp"> {
  let summary = "make a list at once that is filled step by step before anybody reads it";
  let description = [{
    Before:  %l = ts.list_construct()    append.t(%l, %a)    append.t(%l, %b)    all.bool(%l)
    After:   %l = ts.list_construct(%a, %b)    all.bool(%l)
  }];
  let statistics = [Statistic<"numGathered", "num-gathered", "appends gathered">];
}

def PropagateTypes : Pass<"ts-propagate-types", "::mlir::ModuleOp"> {
  let summary = "give every tensor the dtype, rank and sizes that are proven, and fold what asks for them";
  let description = [{
    Needs: checks of what is promised of arguments (casts marked `ts.checked`).
    Leaves: types of results that follow from operands' types by the operators' rules (tsc/Ts/TypeRules.h); no size, dim or
    dtype operators that they decide. In functions that may change a tensor's metadata, nothing is claimed.
    Before:  %1 = relu(%x : !ts.tensor<[2,3],f32>) -> !ts.tensor    %n = size.int(%1, 0)
    After:   %1 = relu(%x : !ts.tensor<[2,3],f32>) -> !ts.tensor<[2,3],f32>    %n = ts.constant 2
  }];
  let statistics = [Statistic<"numFolded", "num-folded", "operations folded">];
}

def Decompose : Pass<"ts-decompose", "::mlir::ModuleOp"> {
  let summary = "compute operators without a compiled form by others that have one";
  let description = [{
    Needs: ts-propagate-types, and again behind it, because what is inlined has branches on sizes and dtypes.
    Leaves: operators of the library (lib/Transforms/Library) with operands of known types and values only where their function
    says so, and as parts of lists that are only read, single views.
    Before:  %1 = ts.aten "aten::outer"(%a, %b)
    After:   %1 = mul(unsqueeze(%a, 1), unsqueeze(%b, 0))
  }];
  let statistics = [Statistic<"numDecomposed", "num-decomposed", "operators decomposed">];
}

def SpeculateTypes : Pass<"ts-speculate-types", "::mlir::ModuleOp"> {
  let summary = "write operators a second time for the dtypes and sizes that tensors had when the program was observed";
  let description = [{
    Needs: ts-propagate-types just before, and what was observed as the attribute `ts.observed` of operators: the type of each
    operand, or unit. Leaves: runs of operators that would be compiled, were their operands' types known, beside a copy of
    them that may rely on the types; which of the two is taken, dtypes and sizes decide when the program runs. What is left
    in the copy without types is speculated on by the next turn, after propagation; the operators beside it are left alone, and
    a copy of which nothing would be compiled is dropped by the next turn.
    Before:  %y = conv2d(%x, %w) {ts.observed = [!ts.tensor<[1,3,8,8],f32>, unit]}
    After:   %y = ts.if (dtype and size of %x are f32 and [1,3,8,8]) {
               %x1 = ts.unchecked_cast %x {ts.checked} : !ts.tensor<[1,3,8,8],f32>    conv2d(%x1, %w)
             } else { conv2d(%x, %w) }
  }];
  let statistics = [Statistic<"numSpeculated", "num-speculated", "operators written a second time">,
                    Statistic<"numDropped", "num-dropped", "copies dropped, of which nothing would be compiled">];
}

def FunctionalizeWrites : Pass<"ts-functionalize-writes", "::mlir::ModuleOp"> {
  let summary = "turn in-place operators on tensors that nothing else sees into their functional forms";
  let description = [{
    Before:  %1 = conv2d %x, %w    %2 = ts.aten "aten::relu_"(%1)
    After:   %1 = conv2d %x, %w    %2 = ts.aten "aten::relu"(%1)
  }];
  let statistics = [Statistic<"numChanged", "num-changed", "operators made functional">];
}

def LoopOverBatch : Pass<"ts-loop-over-batch", "::mlir::ModuleOp"> {
  let summary = "do operators for some elements of a batch at a time, where only its size is not known";
  let description = [{
    Needs: ts-propagate-types. Leaves: operators of known sizes in loops, one over parts of eight elements and one over what is
    left, for operators that treat the elements of the batch one by one.
    Before:  %y = linear(%x, %w) : !ts.tensor<[s0,8],f32>
    After:   %y = empty([%n, 8])
             ts.loop %n / 8 { %y1 = linear(narrow(%x, 0, .., 8), %w) : !ts.tensor<[8,8],f32>    copy_(narrow(%y, 0, .., 8), %y1) }
             ts.loop %n % 8 { the same for one element }
  }];
  let statistics = [Statistic<"numOperators", "num-operators", "operators put into loops">];
}

def FuseElementwise : Pass<"ts-fuse-elementwise", "::mlir::ModuleOp"> {
  let summary = "compute chains of elementwise operators in one loop, for float32";
  let description = [{
    Leaves: the operators as they were beside the loop, for other dtypes.
    Before:  %1 = ts.aten "aten::mul.Tensor"(%a, %b)    %2 = ts.aten "aten::relu"(%1)
    After:   %2 = ts.if (ts.has_dtype 6(%a, %b)) { ts.map(%a, %b) {...} } else { mul and relu }
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
  let statistics = [Statistic<"numFused", "num-fused", "operators fused">];
}

def OutlineRegions : Pass<"ts-outline-regions", "::mlir::ModuleOp"> {
  let summary = "put operators of known dtypes and sizes into regions that are compiled as a whole";
  let description = [{
    Needs: ts-propagate-types, functional writes.
    Leaves: every operator with a compiled form in a kernel.region, if nothing stands between it and the others that may write
    to a tensor; views whose memory somebody outside may see, outside; `kernel.generic`, the reason, on operators left outside.
    Before:  %1 = ts.aten "aten::linear"(%x, %w, %b)    %2 = ts.aten "aten::relu"(%1)
    After:   %2 = kernel.region(%x) { linear and relu on values }
  }];
  let dependentDialects = ["::tsc::kernel::KernelDialect"];
  let statistics = [Statistic<"numOutlined", "num-outlined", "operators put into regions">];
}

def FuseGroups : Pass<"ts-fuse-groups", "::mlir::ModuleOp"> {
  let summary = "gather the operators of a region into the groups that become one kernel each";
  let description = [{
    Leaves: kernel.region bodies of constants and kernel.group only.
    Before:  %1 = ts.aten "aten::linear"(%x, %w, %b)    %2 = ts.aten "aten::relu"(%1)
    After:   %2 = kernel.group contraction { linear and relu }
  }];
  let dependentDialects = ["::tsc::kernel::KernelDialect"];
  let statistics = [Statistic<"numGroups", "num-groups", "groups made">];
}

def CompareRegions : Pass<"ts-compare-regions", "::mlir::ModuleOp"> {
  let summary = "run the kernels of regions on generic kernels too, and compare";
  let description = [{
    Needs: ts-fuse-groups. Leaves: the program as it is, and behind each region comparisons that raise CodegenDiffers: of
    each kernel alone, then of the region as a whole.
    Before:  %r = kernel.region(%x) { kernel.group ... }
    After:   %r = kernel.region(%x) {...}    %g = ts.aten ...(%x)    kernel.compare "region 1, kernel 1 (...)"(%r, %g)
  }];
  let dependentDialects = ["::tsc::kernel::KernelDialect"];
  let statistics = [Statistic<"numComparisons", "num-comparisons", "comparisons inserted">];
}

def InsertUpcasts : Pass<"ts-insert-upcasts", "::mlir::ModuleOp"> {
  let summary = "say where a value becomes one of a supertype with another representation";
  let description = [{
    Leaves: operands of calls, containers, attributes, branches, loops and returns in the very form that is wanted there.
    Operators take their operands as they are.
    Before:  ts.return %x : !ts.int                        of a function that returns an Optional[int]
    After:   %y = ts.upcast %x : (!ts.int) -> !ts.optional<!ts.int>    ts.return %y
  }];
  let statistics = [Statistic<"numInserted", "num-inserted", "upcasts inserted">];
}

def InsertReferenceCounts : Pass<"ts-insert-reference-counts", "::mlir::ModuleOp"> {
  let summary = "say where counts of objects are taken and given back";
  let description = [{
    Needs: ts-insert-upcasts. Arguments are borrowed and results owned; ts.return, ts.yield and the initial values of ts.loop
    are taken over, and so are arguments of a loop's body by the body. Releases what its block owns after its last use.
    Not idempotent: it runs once, just before conversion to LLVM.
    Before:  %y = ts.aten "aten::relu"(%x)    %z = ts.aten "aten::neg"(%y)    ts.return %z
    After:   %y = ts.aten "aten::relu"(%x)    %z = ts.aten "aten::neg"(%y)    ts.release %y    ts.return %z
  }];
  let statistics = [Statistic<"numRetains", "num-retains", "retains inserted">,
                    Statistic<"numMoves", "num-moves", "values handed on without counting">];
}

#endif

// SPDX-License-Identifier: Apache-2.0
// Reductions and normalizations: which of them are compiled, and what they are reductions of. Each
// operator has a reader of its operands; a reader gives up with a reason.
#include "tsc/Kernel/CompiledForms.h"
#include "tsc/Kernel/ConstantOperands.h"
#include "tsc/Kernel/Reasons.h"
#include "tsc/Kernel/RowsForm.h"

#include "llvm/ADT/StringSwitch.h"

#include <cmath>
#include <limits>

using namespace mlir;

namespace tsc::kernel {

using Operation = RowsForm::Operation;

int64_t RowsForm::rowElements() const {
  int64_t count = 1;
  for (auto [size, isReduced] : llvm::zip(sizes, reduced))
    count *= isReduced ? size : 1;
  return count;
}

/// None, or no argument of the operator's.
static bool isAbsent(Value value) { return !value || isNone(value); }

/// Dtypes that vectors compute with.
static bool isSupported(DType dtype) {
  return isFloating(dtype) || isIntegral(dtype, /*withBool=*/true);
}

namespace {
class FormReader {
public:
  FormReader(ts::AtenOp op, std::string &why) : op(op), why(why) {}
  std::optional<RowsForm> read();

private:
  template <typename... Args> bool no(Reason reason, Args &&...args) {
    why = because(reason, std::forward<Args>(args)...);
    return false;
  }
  bool readOperand(StringRef name);
  /// Reduces the dims of the argument `dim`; all of them when it is None or, but for softmax,
  /// empty.
  bool readDims();
  bool reduceLast(int64_t count);
  bool readReduction(Operation operation);
  bool readNorm();
  bool readVariance(Operation operation);
  bool readSoftmax(Operation operation);
  bool readLoss(Operation operation);
  bool readPooling(int64_t spatialDims);
  bool readLayerNorm(bool centers);
  bool readGroupNorm();
  bool readBatchNorm(bool isInstance);
  bool readParameters(int64_t dim, ArrayRef<int64_t> sizes);
  bool checkTypes();

  ts::AtenOp op;
  std::string &why;
  RowsForm form;
  ts::TensorType type; ///< of the operand
};
} // namespace

bool FormReader::readOperand(StringRef name) {
  form.operand = op.getArg(name);
  type = staticTensor(form.operand);
  if (!type)
    return no(Reason::NotPrecise);
  form.sizes.assign(type.getSizes().begin(), type.getSizes().end());
  form.reduced.assign(form.sizes.size(), false);
  return true;
}

bool FormReader::readDims() {
  Value argument = op.getArg("dim");
  int64_t rank = type.getRank();
  SmallVector<int64_t> dims;
  if (!isAbsent(argument)) {
    std::optional<SmallVector<int64_t>> given = constantInts(argument);
    if (!given)
      return no(Reason::NotConstant, "dim");
    dims = *given;
  }
  if (dims.empty())
    form.reduced.assign(rank, true);
  for (int64_t dim : dims) {
    dim += dim < 0 ? rank : 0;
    if (rank == 0 && (dim == 0 || dim == -1))
      continue;
    if (dim < 0 || dim >= rank || form.reduced[dim])
      return no(Reason::OutOfRange, "dim");
    form.reduced[dim] = true;
  }
  if (Value keep = op.getArg("keepdim")) {
    std::optional<bool> keepDim = constantBool(keep);
    if (!keepDim)
      return no(Reason::NotConstant, "keepdim");
    form.keepDim = *keepDim;
  }
  return true;
}

bool FormReader::reduceLast(int64_t count) {
  if (count > type.getRank())
    return no(Reason::ArgumentDoesNotFit, "normalized_shape");
  for (int64_t d = type.getRank() - count; d < type.getRank(); ++d)
    form.reduced[d] = true;
  return true;
}

bool FormReader::readReduction(Operation operation) {
  form.operation = operation;
  if (!readOperand("self") || !readDims())
    return false;
  bool needsElements = operation == Operation::Max || operation == Operation::Min ||
                       operation == Operation::ArgMax || operation == Operation::ArgMin;
  if (needsElements && form.rowElements() == 0)
    return no(Reason::NoElements);
  if (form.rowElements() > std::numeric_limits<int32_t>::max())
    return no(Reason::RowsTooLong);
  return true;
}

bool FormReader::readNorm() {
  form.number = 2;
  Value order = op.getArg(op.getBaseName() == "aten::norm" ? "p" : "ord");
  if (!isAbsent(order)) {
    std::optional<double> number = constantNumber(order);
    if (!number || std::isnan(*number))
      return no(Reason::NotConstant, op.getBaseName() == "aten::norm" ? "p" : "ord");
    form.number = *number;
  }
  if (!readReduction(Operation::Norm))
    return false;
  if (!isFloating(type.getDtype()))
    return no(Reason::DTypeNotCompiled);
  if (form.rowElements() == 0 && (form.number < 0 || std::isinf(form.number)))
    return no(Reason::NoElements);
  return true;
}

bool FormReader::readVariance(Operation operation) {
  form.number = 1;
  if (Value unbiased = op.getArg("unbiased")) {
    std::optional<bool> flag = constantBool(unbiased);
    if (!flag)
      return no(Reason::NotConstant, "unbiased");
    form.number = *flag ? 1 : 0;
  } else if (Value correction = op.getArg("correction"); !isAbsent(correction)) {
    std::optional<double> number = constantNumber(correction);
    if (!number)
      return no(Reason::NotConstant, "correction");
    form.number = *number;
  }
  if (!readReduction(operation))
    return false;
  return isFloating(type.getDtype()) || no(Reason::DTypeNotCompiled);
}

bool FormReader::readSoftmax(Operation operation) {
  form.operation = operation;
  if (!readOperand("self"))
    return false;
  std::optional<int64_t> dim = constantInt(op.getArg("dim"));
  if (!dim)
    return no(Reason::NotConstant, "dim");
  return readDims();
}

bool FormReader::readLoss(Operation operation) {
  form.operation = operation;
  std::optional<int64_t> reduction = constantInt(op.getArg("reduction"));
  if (!reduction || (*reduction != 1 && *reduction != 2))
    return no(Reason::UnknownOption, "reduction");
  form.isMean = *reduction == 1;
  if (!readOperand("self"))
    return false;
  form.second = op.getArg("target");
  ts::TensorType target = staticTensor(form.second);
  if (!target || target.getSizes() != type.getSizes() || target.getDtype() != type.getDtype() ||
      !isFloating(type.getDtype()))
    return no(Reason::SizesDoNotFit);
  form.reduced.assign(form.sizes.size(), true);
  return true;
}

bool FormReader::readPooling(int64_t spatialDims) {
  form.operation = Operation::Mean;
  form.keepDim = true;
  if (!readOperand("self"))
    return false;
  auto result = staticTensor(op.getResult(0));
  if (!isFloating(type.getDtype()))
    return no(Reason::DTypeNotCompiled);
  if (!result || result.getRank() != type.getRank())
    return no(Reason::RankNotCompiled);
  for (int64_t size : result.getSizes().take_back(spatialDims))
    if (size != 1)
      return no(Reason::ArgumentDoesNotFit, "output_size");
  return reduceLast(spatialDims);
}

bool FormReader::readParameters(int64_t dim, ArrayRef<int64_t> sizes) {
  form.parameterDim = dim;
  auto fits = [&](Value &value, StringRef name) {
    value = op.getArg(name);
    if (isAbsent(value)) {
      value = nullptr;
      return true;
    }
    ts::TensorType parameter = staticTensor(value);
    return parameter && parameter.getSizes() == sizes && isFloating(parameter.getDtype());
  };
  if (!fits(form.weight, "weight") || !fits(form.bias, "bias"))
    return no(Reason::SizesDoNotFit);
  return true;
}

bool FormReader::readLayerNorm(bool centers) {
  form.operation = Operation::Normalize;
  form.centers = centers;
  if (!readOperand("input"))
    return false;
  std::optional<SmallVector<int64_t>> shape = constantInts(op.getArg("normalized_shape"));
  if (!shape)
    return no(Reason::NotConstant, "normalized_shape");
  if (!reduceLast(shape->size()))
    return false;
  ArrayRef<int64_t> last = type.getSizes().take_back(shape->size());
  if (shape->empty() || ArrayRef<int64_t>(*shape) != last)
    return no(Reason::ArgumentDoesNotFit, "normalized_shape");
  form.number = type.getDtype() == DType::Float64 ? std::numeric_limits<double>::epsilon()
                                                  : std::numeric_limits<float>::epsilon();
  if (Value eps = op.getArg("eps"); !isAbsent(eps)) {
    std::optional<double> number = constantNumber(eps);
    if (!number)
      return no(Reason::NotConstant, "eps");
    form.number = *number;
  }
  return readParameters(type.getRank() - shape->size(), last);
}

bool FormReader::readGroupNorm() {
  form.operation = Operation::Normalize;
  if (!readOperand("input"))
    return false;
  std::optional<int64_t> groups = constantInt(op.getArg("num_groups"));
  std::optional<double> eps = constantNumber(op.getArg("eps"));
  if (!groups || !eps || type.getRank() < 2 || *groups < 1 || type.getSizes()[1] % *groups)
    return no(Reason::ArgumentDoesNotFit, "num_groups");
  int64_t channels = type.getSizes()[1];
  form.groups = *groups;
  form.number = *eps;
  form.sizes[1] = channels / *groups;
  form.sizes.insert(form.sizes.begin() + 1, *groups);
  form.reduced.assign(form.sizes.size(), true);
  form.reduced[0] = form.reduced[1] = false;
  return readParameters(1, channels);
}

bool FormReader::readBatchNorm(bool isInstance) {
  form.operation = Operation::Normalize;
  std::optional<bool> usesInput =
      constantBool(op.getArg(isInstance ? "use_input_stats" : "training"));
  std::optional<double> eps = constantNumber(op.getArg("eps"));
  if (!usesInput || !eps)
    return no(Reason::OptionNotConstant);
  form.number = *eps;
  if (!readOperand("input"))
    return false;
  if (type.getRank() < 2)
    return no(Reason::RankNotCompiled);
  int64_t channels = type.getSizes()[1];
  Value mean = op.getArg("running_mean"), variance = op.getArg("running_var");
  if (*usesInput) {
    if (!isAbsent(mean) || !isAbsent(variance))
      return no(Reason::StatisticsUpdated);
    form.reduced.assign(form.sizes.size(), true);
    form.reduced[1] = false;
    form.reduced[0] = !isInstance;
    return readParameters(1, channels);
  }
  for (Value given : {mean, variance}) {
    ts::TensorType statistics = staticTensor(given);
    if (!statistics || statistics.getSizes() != ArrayRef(channels) ||
        !isFloating(statistics.getDtype()))
      return no(Reason::SizesDoNotFit);
  }
  form.mean = mean;
  form.variance = variance;
  return readParameters(1, channels);
}

/// The reductions whose operands are `self`, `dim` and `keepdim`, with other arguments that do not
/// matter or are checked by types.
static std::optional<Operation> plainReduction(StringRef name) {
  return llvm::StringSwitch<std::optional<Operation>>(name)
      .Cases({"aten::sum", "aten::sum.dim_IntList"}, Operation::Sum)
      .Cases({"aten::mean", "aten::mean.dim"}, Operation::Mean)
      .Cases({"aten::prod", "aten::prod.dim_int"}, Operation::Prod)
      .Cases({"aten::amax", "aten::max", "aten::max.dim"}, Operation::Max)
      .Cases({"aten::amin", "aten::min", "aten::min.dim"}, Operation::Min)
      .Case("aten::argmax", Operation::ArgMax)
      .Case("aten::argmin", Operation::ArgMin)
      .Cases({"aten::any", "aten::any.dim", "aten::any.dims"}, Operation::Any)
      .Cases({"aten::all", "aten::all.dim", "aten::all.dims"}, Operation::All)
      .Cases({"aten::count_nonzero", "aten::count_nonzero.dim_IntList"}, Operation::CountNonzero)
      .Case("aten::logsumexp", Operation::LogSumExp)
      .Default(std::nullopt);
}

std::optional<RowsForm> FormReader::read() {
  StringRef name = op.getName(), base = op.getBaseName();
  bool found;
  if (std::optional<Operation> operation = plainReduction(name))
    found = readReduction(*operation);
  else if (name == "aten::norm.Scalar" || name == "aten::norm.ScalarOpt_dim" ||
           name == "aten::linalg_vector_norm")
    found = readNorm();
  else if (base == "aten::var" || base == "aten::var_mean")
    found = readVariance(Operation::Var);
  else if (base == "aten::std" || base == "aten::std_mean")
    found = readVariance(Operation::Std);
  else if (name == "aten::softmax.int" || name == "aten::_softmax")
    found = readSoftmax(Operation::Softmax);
  else if (name == "aten::log_softmax.int" || name == "aten::_log_softmax")
    found = readSoftmax(Operation::LogSoftmax);
  else if (name == "aten::mse_loss")
    found = readLoss(Operation::SquaredError);
  else if (name == "aten::l1_loss")
    found = readLoss(Operation::AbsoluteError);
  else if (name == "aten::adaptive_avg_pool1d")
    found = readPooling(1);
  else if (name == "aten::adaptive_avg_pool2d")
    found = readPooling(2);
  else if (name == "aten::adaptive_avg_pool3d")
    found = readPooling(3);
  else if (name == "aten::layer_norm")
    found = readLayerNorm(/*centers=*/true);
  else if (name == "aten::rms_norm")
    found = readLayerNorm(/*centers=*/false);
  else if (name == "aten::group_norm")
    found = readGroupNorm();
  else if (name == "aten::batch_norm")
    found = readBatchNorm(/*isInstance=*/false);
  else if (name == "aten::instance_norm")
    found = readBatchNorm(/*isInstance=*/true);
  else
    found = no(Reason::NoForm);
  if (!found || !checkTypes())
    return std::nullopt;
  return form;
}

bool FormReader::checkTypes() {
  if (!isSupported(type.getDtype()))
    return no(Reason::DTypeNotCompiled);
  for (Value result : op.getResults()) {
    ts::TensorType resultType = staticTensor(result);
    if (!resultType || !isSupported(resultType.getDtype()))
      return no(Reason::DTypeNotCompiled);
  }
  ts::TensorType result = staticTensor(op.getResult(0));
  bool needsFloat = !form.isReduction() || form.operation == Operation::Mean ||
                    form.operation == Operation::LogSumExp;
  if (needsFloat && !isFloating(result.getDtype()))
    return no(Reason::DTypeNotCompiled);
  if (form.operation == Operation::Normalize && !isFloating(type.getDtype()))
    return no(Reason::DTypeNotCompiled);
  return true;
}

std::optional<RowsForm> findRowsForm(ts::AtenOp op, std::string &why) {
  return FormReader(op, why).read();
}

std::optional<std::string> whyNotRows(ts::AtenOp op) {
  std::string why;
  if (findRowsForm(op, why))
    return std::nullopt;
  return why;
}

// ---- Groups

/// The dims of a reduction's result.
static SmallVector<int64_t, 6> resultDims(const RowsForm &form) {
  SmallVector<int64_t, 6> dims;
  for (int64_t d = 0, rank = form.sizes.size(); d < rank; ++d)
    if (form.keepDim || !form.reduced[d])
      dims.push_back(d);
  return dims;
}

/// The dims of a tensor of the operand's shape. Dimension 1 of a space that is split by groups
/// stands for two: such tensors count the dimensions behind it one less.
static SmallVector<int64_t, 6> operandDims(const RowsForm &form) {
  SmallVector<int64_t, 6> dims;
  for (int64_t d = 0, rank = form.sizes.size(); d < rank; ++d)
    if (!form.groups || d != 2)
      dims.push_back(d);
  return dims;
}

/// The size of a dimension as tensors count it: the two of a split one together.
static int64_t sizeOf(const RowsForm &form, int64_t dim) {
  return form.groups && dim == 1 ? form.sizes[1] * form.sizes[2] : form.sizes[dim];
}

namespace {
class DimsFinder {
public:
  bool find(ArrayRef<ts::AtenOp> ops);
  RowsDims found;

private:
  bool place(Value value, ArrayRef<int64_t> dims);
  bool placeElementwise(ts::AtenOp op);
  bool placeRoot(ts::AtenOp op, const RowsForm &form);
  bool fits(ts::TensorType type, ArrayRef<int64_t> dims);
  bool isWhole(Value value);
  llvm::SmallPtrSet<mlir::Operation *, 16> operators;
};
} // namespace

bool DimsFinder::fits(ts::TensorType type, ArrayRef<int64_t> dims) {
  if (type.getRank() != static_cast<int64_t>(dims.size()))
    return false;
  for (auto [size, dim] : llvm::zip(type.getSizes(), dims))
    if (size != 1 && size != sizeOf(found.space, dim))
      return false;
  return true;
}

/// True when the value may lie along `dims`, which it does from now on.
bool DimsFinder::place(Value value, ArrayRef<int64_t> dims) {
  ts::TensorType type = staticTensor(value);
  if (!type || !isSupported(type.getDtype()) || type.getRank() > static_cast<int64_t>(dims.size()))
    return false;
  dims = dims.take_back(type.getRank());
  auto [known, isNew] = found.dims.try_emplace(value, dims.begin(), dims.end());
  if (isNew)
    return fits(type, dims);
  // Where the size is 1 it does not matter which dimension it is.
  for (auto [size, a, b] : llvm::zip(type.getSizes(), known->second, dims))
    if (size != 1 && a != b)
      return false;
  return true;
}

/// Takes the dims of the operand of the highest rank that has some; else the operator makes what is
/// reduced later, and has the space's.
bool DimsFinder::placeElementwise(ts::AtenOp op) {
  ts::TensorType type = staticTensor(op.getResult(0));
  if (!type || op.getNumResults() != 1)
    return false;
  SmallVector<int64_t, 6> dims;
  for (Value operand : op.getArgs())
    if (auto known = found.dims.find(operand);
        known != found.dims.end() && operators.contains(operand.getDefiningOp()) &&
        static_cast<int64_t>(known->second.size()) == type.getRank())
      dims = known->second;
  if (dims.empty())
    dims = operandDims(found.space);
  if (!place(op.getResult(0), dims))
    return false;
  dims = found.dims[op.getResult(0)];
  return llvm::all_of(op.getArgs(), [&](Value operand) {
    return !isa<ts::TensorType>(operand.getType()) || place(operand, dims);
  });
}

bool DimsFinder::placeRoot(ts::AtenOp op, const RowsForm &form) {
  bool sameRows = form.sizes == found.space.sizes && form.groups == found.space.groups &&
                  (form.reduced == found.space.reduced || form.mean);
  SmallVector<int64_t, 6> dims = operandDims(form);
  if (!sameRows || !place(form.operand, dims) || (form.second && !place(form.second, dims)))
    return false;
  // Parameters are read from memory.
  for (Value parameter : {form.weight, form.bias, form.mean, form.variance})
    if (parameter && operators.contains(parameter.getDefiningOp()))
      return false;
  return llvm::all_of(op.getResults(), [&](Value result) {
    return place(result, form.isReduction() ? resultDims(form) : dims);
  });
}

/// Has the value an element for each of the space, or for each row?
bool DimsFinder::isWhole(Value value) {
  auto sizes = cast<ts::TensorType>(value.getType()).getSizes();
  const SmallVector<int64_t, 6> &dims = found.dims[value];
  bool isFull = dims == operandDims(found.space), isRow = true;
  SmallVector<bool, 6> present(found.space.sizes.size(), false);
  for (auto [size, dim] : llvm::zip(sizes, dims)) {
    isFull &= size == sizeOf(found.space, dim);
    isRow &= size == (found.space.reduced[dim] ? 1 : sizeOf(found.space, dim));
    present[dim] = true;
  }
  for (auto [isPresent, isReduced, size] :
       llvm::zip(present, found.space.reduced, found.space.sizes))
    isRow &= isPresent || isReduced || size == 1;
  return isFull || (isRow && !found.space.groups);
}

bool DimsFinder::find(ArrayRef<ts::AtenOp> ops) {
  SmallVector<std::optional<RowsForm>> forms;
  const RowsForm *first = nullptr;
  std::string why;
  for (ts::AtenOp op : ops) {
    forms.push_back(findRowsForm(op, why));
    operators.insert(op);
  }
  for (const std::optional<RowsForm> &form : forms) {
    if (!form)
      continue;
    // A normalization by given statistics reduces nothing, and goes with any reduction.
    bool better = !first || (!llvm::is_contained(first->reduced, true) &&
                             llvm::is_contained(form->reduced, true));
    first = better ? &*form : first;
  }
  if (!first)
    return false;
  found.space = *first;
  for (auto [op, form] : llvm::zip(ops, forms))
    if (form ? !placeRoot(op, *form) : !placeElementwise(op))
      return false;
  return llvm::all_of(ops, [&](ts::AtenOp op) {
    return llvm::all_of(op->getResults(), [&](Value result) {
      return isWhole(result) || llvm::all_of(result.getUsers(), [&](mlir::Operation *user) {
               return operators.contains(user);
             });
    });
  });
}

std::optional<RowsDims> findRowsDims(ArrayRef<ts::AtenOp> ops) {
  DimsFinder finder;
  if (!finder.find(ops))
    return std::nullopt;
  return std::move(finder.found);
}

bool isRowsGroup(ArrayRef<ts::AtenOp> ops) { return findRowsDims(ops).has_value(); }

} // namespace tsc::kernel

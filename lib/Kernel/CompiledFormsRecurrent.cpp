// SPDX-License-Identifier: Apache-2.0
// lstm, gru and plain recurrent networks over padded sequences, with constant weights and without
// projections.
#include "tsc/Kernel/CompiledForms.h"
#include "tsc/Kernel/ConstantOperands.h"
#include "tsc/Kernel/Reasons.h"
#include "tsc/Kernel/RecurrentForm.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace tsc::kernel {

using Cell = RecurrentForm::Cell;

static std::optional<Cell> cellOf(StringRef name) {
  return llvm::StringSwitch<std::optional<Cell>>(name)
      .Case("aten::lstm.input", Cell::Lstm)
      .Case("aten::gru.input", Cell::Gru)
      .Case("aten::rnn_tanh.input", Cell::Tanh)
      .Case("aten::rnn_relu.input", Cell::Relu)
      .Default(std::nullopt);
}

using Why = std::optional<std::string>;

/// Reads what is neither a tensor nor a weight; a text says what does not fit.
static Why readOptions(ts::AtenOp op, RecurrentForm &form) {
  std::optional<bool> biases = constantBool(op.getArg("has_biases")),
                      train = constantBool(op.getArg("train")),
                      bidirectional = constantBool(op.getArg("bidirectional")),
                      batchFirst = constantBool(op.getArg("batch_first"));
  std::optional<int64_t> layers = constantInt(op.getArg("num_layers"));
  std::optional<double> dropout = constantNumber(op.getArg("dropout"));
  if (!biases || !train || !bidirectional || !batchFirst || !layers || !dropout)
    return because(Reason::OptionNotConstant);
  if (*train && *dropout != 0 && *layers > 1)
    return because(Reason::DropsValues);
  if (*layers < 1)
    return because(Reason::OutOfRange, "num_layers");
  form.hasBiases = *biases, form.batchFirst = *batchFirst;
  form.layers = *layers, form.directions = *bidirectional ? 2 : 1;
  return std::nullopt;
}

static Why readTensors(ts::AtenOp op, RecurrentForm &form) {
  form.input = op.getArg("input");
  if (form.cell == Cell::Lstm) {
    auto states = listElements(op.getArg("hx"));
    if (!states || states->size() != 2)
      return because(Reason::ListNotKnown, "hx");
    form.hidden = states->front(), form.cellState = states->back();
  } else {
    form.hidden = op.getArg("hx");
  }
  ts::TensorType input = staticTensor(form.input), hidden = staticTensor(form.hidden);
  if (!input || !hidden || input.getRank() != 3 || hidden.getRank() != 3)
    return because(Reason::RankNotCompiled);
  form.dtype = input.getDtype();
  if (form.dtype != DType::Float32 && form.dtype != DType::Float64)
    return because(Reason::DTypeNotCompiled);
  form.steps = input.getSizes()[form.batchFirst ? 1 : 0];
  form.batch = input.getSizes()[form.batchFirst ? 0 : 1];
  form.features = input.getSizes()[2], form.size = hidden.getSizes()[2];
  if (form.steps == 0 || form.batch == 0 || form.features == 0 || form.size == 0)
    return because(Reason::NoElements);
  int64_t wanted[] = {form.layers * form.directions, form.batch, form.size};
  if (hidden.getSizes() != ArrayRef(wanted) || hidden.getDtype() != form.dtype)
    return because(Reason::SizesDoNotFit);
  if (form.cellState && staticTensor(form.cellState) != hidden)
    return because(Reason::SizesDoNotFit);
  return std::nullopt;
}

static Why readParameters(ts::AtenOp op, RecurrentForm &form) {
  auto parameters = constantTensors(op.getArg("params"));
  if (!parameters)
    return because(Reason::NotConstant, "params");
  form.parameters.assign(parameters->begin(), parameters->end());
  int64_t each = form.hasBiases ? 4 : 2, rows = form.gates() * form.size;
  if (static_cast<int64_t>(form.parameters.size()) != each * form.layers * form.directions)
    return because(Reason::ArgumentDoesNotFit, "params");
  for (int64_t layer = 0; layer < form.layers; ++layer)
    for (int64_t d = 0; d < form.directions; ++d)
      for (int64_t which = 0; which < each; ++which) {
        ts::TensorAttr weight = form.parameter(layer, d, which);
        SmallVector<int64_t> sizes = {rows};
        if (which < 2)
          sizes.push_back(which == 1   ? form.size
                          : layer == 0 ? form.features
                                       : form.size * form.directions);
        if (weight.getSizes() != ArrayRef(sizes) || weight.getDtype() != form.dtype ||
            weight.getQuantizer())
          return because(Reason::SizesDoNotFit);
      }
  return std::nullopt;
}

std::optional<RecurrentForm> readRecurrent(ts::AtenOp op, std::string &why) {
  RecurrentForm form;
  std::optional<Cell> cell = cellOf(op.getName());
  if (!cell) {
    why = because(Reason::NoForm);
    return std::nullopt;
  }
  form.cell = *cell;
  for (auto *read : {readOptions, readTensors, readParameters})
    if (Why reason = read(op, form)) {
      why = *reason;
      return std::nullopt;
    }
  return form;
}

std::optional<std::string> whyNotRecurrent(ts::AtenOp op) {
  std::string why;
  if (readRecurrent(op, why))
    return std::nullopt;
  return why;
}

} // namespace tsc::kernel

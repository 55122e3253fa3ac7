// SPDX-License-Identifier: Apache-2.0
// Layers that are one operator: normalizations, dropout, attention, recurrent networks, losses.
#include "RuleCall.h"

using namespace mlir;

namespace tsc::ts {

/// The shape and dtype of the first operand.
static LogicalResult sameAsFirst(RuleCall &call) {
  auto type =
      call.operands().empty() ? TensorType() : dyn_cast<TensorType>(call.operands()[0].getType());
  return type ? call.result(factsOf(type)) : failure();
}

/// Likewise, when the parameters are of the same dtype: others promote.
static LogicalResult normalized(RuleCall &call) {
  std::optional<TensorFacts> input = call.tensor("input");
  std::optional<SmallVector<TensorFacts>> all = call.allTensors();
  if (!input)
    return failure();
  bool same = all && llvm::all_of(*all, [&](const TensorFacts &tensor) {
                return tensor.dtype == input->dtype;
              });
  return call.result(same ? *input : input->withDType(DType::Undefined));
}

/// A result, and statistics of which nothing is said.
static LogicalResult normalizedWithStatistics(RuleCall &call) {
  if (failed(normalized(call)))
    return failure();
  return call.results(TensorFacts(), TensorFacts());
}

/// Half of a dim.
static LogicalResult gatedLinear(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self");
  std::optional<int64_t> dim = call.integer("dim");
  if (!self)
    return failure();
  std::optional<int64_t> at =
      self->hasRank && self->rank() && dim ? wrapDim(*dim, self->rank()) : std::nullopt;
  if (!at)
    return call.result(TensorFacts(self->dtype));
  int64_t &size = self->sizes[*at];
  size = size >= 0 ? size / 2 : kUnknown;
  return call.result(*self);
}

/// [..., L, E] x [..., S, E] x [..., S, Ev] -> [..., L, Ev]
static LogicalResult attention(RuleCall &call) {
  std::optional<TensorFacts> query = call.tensor("query"), key = call.tensor("key"),
                             value = call.tensor("value");
  if (!query || !key || !value)
    return failure();
  if (!query->hasRank || !key->hasRank || !value->hasRank || query->rank() < 2 ||
      value->rank() < 2 || key->rank() != query->rank() || value->rank() != query->rank())
    return call.result(TensorFacts(query->dtype));
  auto batch = [](const TensorFacts &of) {
    return TensorFacts(ArrayRef<int64_t>(of.sizes).drop_back(2), DType::Undefined);
  };
  std::optional<bool> shares = call.boolean("enable_gqa");
  if (shares != std::optional(false)) { // several heads of queries to one of keys and values
    auto outer = [&](const TensorFacts &of) { return ArrayRef(of.sizes).drop_back(3); };
    bool fits = shares && query->rank() > 2 && query->isStatic() && key->isStatic() &&
                value->isStatic() && outer(*query) == outer(*key) && outer(*query) == outer(*value);
    if (!fits)
      return call.result(TensorFacts(query->dtype));
    key->sizes[key->rank() - 3] = value->sizes[value->rank() - 3] = query->sizes[query->rank() - 3];
  }
  TensorFacts made = broadcast({batch(*query), batch(*key), batch(*value)});
  made.sizes.push_back(query->sizes[query->rank() - 2]);
  made.sizes.push_back(value->sizes.back());
  return call.result(made.withDType(query->dtype));
}

// ---- Recurrent networks
/// The output of a network whose state has the shape of `hidden`; the last dim is the state's,
/// once for each direction.
static TensorFacts recurrentOutput(RuleCall &call, const TensorFacts &input,
                                   const std::optional<TensorFacts> &hidden) {
  std::optional<bool> twice = call.boolean("bidirectional");
  if (!input.hasRank || input.rank() < 2 || !hidden || !hidden->hasRank || hidden->rank() < 2)
    return TensorFacts(input.dtype);
  TensorFacts output = input;
  int64_t state = hidden->sizes.back();
  output.sizes.back() = !twice ? kUnknown : *twice ? productOf({state, 2}) : state;
  return output;
}

static LogicalResult lstm(RuleCall &call) {
  std::optional<TensorFacts> input = call.tensor("input");
  std::optional<SmallVector<TensorFacts>> state = call.tensors("hx");
  if (!input || !state || state->size() != 2)
    return failure();
  // With a projection the output is as wide as h, as here; c is wider.
  TensorFacts output = recurrentOutput(call, *input, (*state)[0]);
  return call.results(output, (*state)[0], (*state)[1]);
}

static LogicalResult recurrent(RuleCall &call) {
  std::optional<TensorFacts> input = call.tensor("input"), state = call.tensor("hx");
  if (!input || !state)
    return failure();
  return call.results(recurrentOutput(call, *input, state), *state);
}

static LogicalResult lstmCell(RuleCall &call) {
  std::optional<SmallVector<TensorFacts>> state = call.tensors("hx");
  return state && state->size() == 2 ? call.results((*state)[0], (*state)[1]) : failure();
}
static LogicalResult recurrentCell(RuleCall &call) {
  std::optional<TensorFacts> state = call.tensor("hx");
  return state ? call.result(*state) : failure();
}

/// Self-attention as one operator: of the query's shape; the weights are not followed.
static LogicalResult multiHeadAttention(RuleCall &call) {
  std::optional<TensorFacts> query = call.tensor("query");
  return query ? call.results(*query, TensorFacts()) : failure();
}

// ---- Losses: a number, unless nothing is reduced
static LogicalResult elementwiseLoss(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self"), target = call.tensor("target");
  std::optional<int64_t> reduction = call.integer("reduction");
  if (!self || !target)
    return failure();
  DType dtype = self->dtype == target->dtype ? toReal(self->dtype) : DType::Undefined;
  if (!reduction)
    return call.result(TensorFacts(dtype));
  if (*reduction != 0)
    return call.result(TensorFacts(Sizes(), dtype));
  if (!call.isNone("weight") || !call.isNone("pos_weight"))
    return call.result(TensorFacts(dtype)); // weights broadcast too
  return call.result(broadcast({*self, *target}).withDType(dtype));
}

static LogicalResult classLoss(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self");
  std::optional<int64_t> reduction = call.integer("reduction");
  if (!self)
    return failure();
  return call.result(reduction && *reduction != 0 ? TensorFacts(Sizes(), self->dtype)
                                                  : TensorFacts(self->dtype));
}

ArrayRef<RuleRow> neuralRules() {
  static constexpr RuleRow kRows[] = {
      {"dropout feature_dropout alpha_dropout feature_alpha_dropout", sameAsFirst},
      {"batch_norm layer_norm group_norm instance_norm rms_norm", normalized},
      {"native_layer_norm native_batch_norm native_group_norm", normalizedWithStatistics},
      {"glu", gatedLinear},
      {"scaled_dot_product_attention", attention},
      {"_native_multi_head_attention", multiHeadAttention},
      {"lstm.input", lstm},
      {"gru.input rnn_tanh.input rnn_relu.input", recurrent},
      {"lstm_cell", lstmCell},
      {"gru_cell rnn_tanh_cell rnn_relu_cell", recurrentCell},
      {"mse_loss l1_loss smooth_l1_loss huber_loss binary_cross_entropy "
       "binary_cross_entropy_with_logits kl_div soft_margin_loss",
       elementwiseLoss},
      {"nll_loss nll_loss_nd cross_entropy_loss", classLoss},
  };
  return kRows;
}

} // namespace tsc::ts

// SPDX-License-Identifier: Apache-2.0
// lstm, gru and plain recurrent networks, whole and as single cells. The input products of all
// steps are one matrix product; each step then multiplies the hidden state and combines the gates.
// Padded and packed sequences are the same thing: steps of which each has a number of rows.
#include "Contract.h"

#include "tsc/runtime/Loops.h"

#include "VectorExp.h"

using namespace tsc::rt;

namespace {
long long wide(int64_t n) { return static_cast<long long>(n); }

enum class Kind { Lstm, Gru, Tanh, Relu };
constexpr int64_t gatesOf(Kind k) { return k == Kind::Lstm ? 4 : k == Kind::Gru ? 3 : 1; }

/// Runs of numbers as vectors of eight floats or single doubles.
template <class T> struct Lanes {
  using V = double;
  static constexpr int64_t kCount = 1;
  static V load(const double *p, int64_t) { return *p; }
  static void store(double *p, V v, int64_t) { *p = v; }
};
template <> struct Lanes<float> {
  using V = Float8x;
  static constexpr int64_t kCount = 8;
  static V load(const float *p, int64_t n) {
    V v = 0.0f;
    std::memcpy(&v, p, n < 8 ? static_cast<size_t>(n) * sizeof(float) : sizeof(V));
    return v;
  }
  static void store(float *p, V v, int64_t n) {
    std::memcpy(p, &v, n < 8 ? static_cast<size_t>(n) * sizeof(float) : sizeof(V));
  }
};

/// One row: gates of the input and of the state, both with bias, give the new state.
template <class T>
void combineRow(Kind kind, int64_t size, const T *x, const T *s, const T *h, T *c, T *out) {
  using L = Lanes<T>;
  using V = typename L::V;
  for (int64_t i = 0; i < size; i += L::kCount) {
    int64_t n = size - i;
    auto gate = [&](int64_t g) {
      return L::load(x + g * size + i, n) + L::load(s + g * size + i, n);
    };
    V next;
    if (kind == Kind::Lstm) {
      V in = vectorSigmoid(gate(0)), forget = vectorSigmoid(gate(1)), fresh = vectorTanh(gate(2));
      V cell = forget * L::load(c + i, n) + in * fresh;
      L::store(c + i, cell, n);
      next = vectorSigmoid(gate(3)) * vectorTanh(cell);
    } else if (kind == Kind::Gru) {
      V reset = vectorSigmoid(gate(0)), keep = vectorSigmoid(gate(1));
      V fresh = vectorTanh(L::load(x + 2 * size + i, n) + reset * L::load(s + 2 * size + i, n));
      next = (L::load(h + i, n) - fresh) * keep + fresh;
    } else if (kind == Kind::Tanh) {
      next = vectorTanh(gate(0));
    } else {
      V v = gate(0);
      next = v < V(0) ? V(0) : v;
    }
    L::store(out + i, next, n);
  }
}

/// Weights of one layer in one direction; biases and the projection may be null.
struct LayerWeights {
  TensorRef input, state, inputBias, stateBias, projection;
};
/// Steps of rows of the input.
struct Steps {
  Vector<int64_t> rows, offsets; ///< of each step
  int64_t total = 0, batch = 0;
};

template <class T>
Status product(Context &cx, const T *a, int64_t m, int64_t k, const Tensor &weight,
               const Tensor *bias, T *to, int64_t n) {
  Gemm<T> g;
  g.m = m, g.n = n, g.k = k;
  g.a = a, g.rowA = k;
  g.b = weight.ptr<T>(), g.rowB = 1, g.colB = k;
  g.c = to, g.rowC = n;
  g.colBias = bias ? bias->ptr<T>() : nullptr;
  return gemm(cx, g);
}

/// One direction of one layer. `h` [batch, out] and `c` [batch, size] hold the first state and
/// become the last; out has rows of `outStep` elements.
template <class T>
Status runLayer(Context &cx, Kind kind, const LayerWeights &w, const Steps &steps, bool backward,
                const T *input, int64_t inputSize, T *h, T *c, T *out, int64_t outStep) {
  int64_t gates = w.state->sizes[0], size = gates / gatesOf(kind), outs = w.state->sizes[1];
  TensorRef gx = empty(cx, Shape::of(steps.total, gates), w.state->dtype);
  TensorRef gh = empty(cx, Shape::of(steps.batch, gates), w.state->dtype);
  TensorRef hidden = empty(cx, Shape::of(steps.batch, size), w.state->dtype);
  TSC_TRY(gx && gh && hidden);
  TSC_TRY(
      product(cx, input, steps.total, inputSize, *w.input, w.inputBias.get(), gx->ptr<T>(), gates));
  int64_t count = steps.rows.size();
  for (int64_t i = 0; i < count; ++i) {
    int64_t t = backward ? count - 1 - i : i, rows = steps.rows[t], offset = steps.offsets[t];
    TSC_TRY(product(cx, h, rows, outs, *w.state, w.stateBias.get(), gh->ptr<T>(), gates));
    T *made = w.projection ? hidden->ptr<T>() : h;
    for (int64_t r = 0; r < rows; ++r)
      combineRow(kind, size, gx->ptr<T>() + (offset + r) * gates, gh->ptr<T>() + r * gates,
                 h + r * outs, c ? c + r * size : nullptr, made + r * size);
    if (w.projection)
      TSC_TRY(product<T>(cx, made, rows, size, *w.projection, nullptr, h, outs));
    for (int64_t r = 0; r < rows; ++r)
      std::memcpy(out + (offset + r) * outStep, h + r * outs,
                  static_cast<size_t>(outs) * sizeof(T));
  }
  return success();
}

struct Options {
  Kind kind;
  bool biases, train, bidirectional;
  int64_t layers;
  double dropout;
};

/// Takes the weights of a layer and direction from the list, checking every shape.
Status takeWeights(Context &cx, const Options &o, TensorList params, int64_t index,
                   int64_t inputSize, int64_t size, int64_t outs, DType work, LayerWeights &w) {
  bool projected = outs != size;
  int64_t each = 2 + (o.biases ? 2 : 0) + (projected ? 1 : 0), at = index * each;
  int64_t gates = gatesOf(o.kind) * size;
  if ((index + 1) * each > params.size())
    return cx.fail("recurrent network: got %lld parameters, wanted at least %lld",
                   wide(params.size()), wide((index + 1) * each));
  auto take = [&](int64_t i, IntList sizes, TensorRef &to) -> Status {
    const Tensor &t = params[at + i];
    if (!(t.shape() == sizes))
      return cx.fail("recurrent network: parameter %lld has shape %s, wanted %s", wide(at + i),
                     ShapeText(t.shape()).text, ShapeText(sizes).text);
    to = contiguousAs(cx, t, work);
    TSC_TRY(to);
    return success();
  };
  TSC_TRY(take(0, Shape::of(gates, inputSize), w.input));
  TSC_TRY(take(1, Shape::of(gates, outs), w.state));
  if (o.biases) {
    TSC_TRY(take(2, Shape::of(gates), w.inputBias));
    TSC_TRY(take(3, Shape::of(gates), w.stateBias));
  }
  if (projected)
    TSC_TRY(take(each - 1, Shape::of(outs, size), w.projection));
  return success();
}

struct Outcome {
  TensorRef out, h, c;
};

/// All layers over rows [total, features]. h0 is [layers * directions, batch, outs], c0 alike.
template <class T>
Status runLayers(Context &cx, const Options &o, const Tensor &rows, const Steps &steps,
                 TensorList params, Outcome &state) {
  int64_t directions = o.bidirectional ? 2 : 1, outs = state.h->sizes[2];
  int64_t size = state.c ? state.c->sizes[2] : outs;
  TensorRef input = same(rows);
  for (int64_t layer = 0; layer < o.layers; ++layer) {
    int64_t inputSize = input->sizes[1];
    TensorRef out = empty(cx, Shape::of(steps.total, directions * outs), rows.dtype);
    TSC_TRY(out);
    for (int64_t d = 0; d < directions; ++d) {
      int64_t index = layer * directions + d;
      LayerWeights w;
      TSC_TRY(takeWeights(cx, o, params, index, inputSize, size, outs, rows.dtype, w));
      T *h = state.h->ptr<T>() + index * steps.batch * outs;
      T *c = state.c ? state.c->ptr<T>() + index * steps.batch * size : nullptr;
      TSC_TRY(runLayer<T>(cx, o.kind, w, steps, d == 1, input->ptr<T>(), inputSize, h, c,
                          out->ptr<T>() + d * outs, directions * outs));
    }
    input = out;
  }
  state.out = input;
  return success();
}

/// Checks the state and runs in the compute dtype; rows is [total, features].
Status runNetwork(Context &cx, const Options &o, const Tensor &rows, const Steps &steps,
                  const Tensor &h0, const Tensor *c0, TensorList params, Outcome &result) {
  int64_t cells = o.layers * (o.bidirectional ? 2 : 1);
  if (!rows.isFloating())
    return unsupportedDType(cx, "recurrent network", rows.dtype);
  if (o.train && o.dropout > 0 && o.layers > 1)
    return cx.fail("recurrent network: dropout=%g while training is not supported, wanted 0",
                   o.dropout);
  for (const Tensor *s : {&h0, c0})
    if (s && (s->rank != 3 || s->sizes[0] != cells || s->sizes[1] != steps.batch))
      return cx.fail("Expected hidden size (%lld, %lld, *), got %s", wide(cells), wide(steps.batch),
                     ShapeText(s->shape()).text);
  DType work = computeDType(rows.dtype);
  TensorRef x = contiguousAs(cx, rows, work), h = contiguousAs(cx, h0, work);
  TSC_TRY(x && h);
  result.h = clone(cx, *h, MemoryFormat::Contiguous);
  TSC_TRY(result.h);
  if (c0) {
    TensorRef c = contiguousAs(cx, *c0, work);
    TSC_TRY(c);
    result.c = clone(cx, *c, MemoryFormat::Contiguous);
    TSC_TRY(result.c);
  }
  TSC_TRY(work == DType::Float64 ? runLayers<double>(cx, o, *x, steps, params, result)
                                 : runLayers<float>(cx, o, *x, steps, params, result));
  for (TensorRef *t : {&result.out, &result.h, &result.c})
    if (*t) {
      *t = toDType(cx, **t, rows.dtype);
      TSC_TRY(*t);
    }
  return success();
}

Status runPadded(Context &cx, const Options &o, const Tensor &input, const Tensor &h0,
                 const Tensor *c0, TensorList params, bool batchFirst, Outcome &result) {
  if (input.rank != 3)
    return cx.fail("recurrent network: Expected input to be 3D, got %lldD", wide(input.rank));
  TensorRef ordered = batchFirst ? transpose(cx, input, 0, 1) : same(input);
  TSC_TRY(ordered);
  Steps steps;
  int64_t length = ordered->sizes[0];
  steps.batch = ordered->sizes[1], steps.total = length * steps.batch;
  if (length == 0)
    return cx.fail("Expected sequence length to be larger than 0 in RNN");
  for (int64_t t = 0; t < length; ++t) {
    TSC_TRY(steps.rows.push(cx, steps.batch));
    TSC_TRY(steps.offsets.push(cx, t * steps.batch));
  }
  TensorRef rows = reshape(cx, *ordered, Shape::of(steps.total, ordered->sizes[2]));
  TSC_TRY(rows);
  TSC_TRY(runNetwork(cx, o, *rows, steps, h0, c0, params, result));
  result.out = view(cx, *result.out, Shape::of(length, steps.batch, result.out->sizes[1]));
  TSC_TRY(result.out);
  if (batchFirst)
    result.out = transpose(cx, *result.out, 0, 1);
  TSC_TRY(result.out);
  return success();
}

/// The steps of a packed sequence: numbers of rows that never grow.
Status packedSteps(Context &cx, const Tensor &sizes, int64_t total, Steps &steps) {
  if (sizes.rank != 1 || sizes.dtype != DType::Int64 || sizes.numel == 0)
    return cx.fail("recurrent network: batch_sizes must be a 1-D int64 tensor");
  for (int64_t t = 0; t < sizes.numel; ++t) {
    int64_t rows = sizes.at(t).toInt();
    if (rows <= 0 || (t && rows > steps.rows[t - 1]) || rows > total - steps.total)
      return cx.fail("recurrent network: batch_sizes must be positive, not growing and sum to %lld",
                     wide(total));
    TSC_TRY(steps.rows.push(cx, rows));
    TSC_TRY(steps.offsets.push(cx, steps.total));
    steps.total += rows;
  }
  steps.batch = steps.rows[0];
  if (steps.total != total)
    return cx.fail("recurrent network: batch_sizes sum to %lld, wanted %lld", wide(steps.total),
                   wide(total));
  return success();
}
Status runPacked(Context &cx, const Options &o, const Tensor &data, const Tensor &sizes,
                 const Tensor &h0, const Tensor *c0, TensorList params, Outcome &result) {
  if (data.rank != 2)
    return cx.fail("recurrent network: Expected packed data to be 2D, got %lldD", wide(data.rank));
  Steps steps;
  TSC_TRY(packedSteps(cx, sizes, data.sizes[0], steps));
  return runNetwork(cx, o, data, steps, h0, c0, params, result);
}

// ---- Operators
using Two = Results<TensorRef, TensorRef>;
using Three = Results<TensorRef, TensorRef, TensorRef>;
template <Kind K>
Two network(Context &cx, const Tensor &input, const Tensor &hx, TensorList params, bool biases,
            int64_t layers, double dropout, bool train, bool bidirectional, bool batchFirst) {
  Outcome r;
  TSC_TRY(runPadded(cx, {K, biases, train, bidirectional, layers, dropout}, input, hx, nullptr,
                    params, batchFirst, r));
  return Two{r.out, r.h};
}
template <Kind K>
Two networkPacked(Context &cx, const Tensor &data, const Tensor &sizes, const Tensor &hx,
                  TensorList params, bool biases, int64_t layers, double dropout, bool train,
                  bool bidirectional) {
  Outcome r;
  TSC_TRY(runPacked(cx, {K, biases, train, bidirectional, layers, dropout}, data, sizes, hx,
                    nullptr, params, r));
  return Two{r.out, r.h};
}
Three lstm(Context &cx, const Tensor &input, TensorList hx, TensorList params, bool biases,
           int64_t layers, double dropout, bool train, bool bidirectional, bool batchFirst) {
  if (hx.size() != 2)
    return cx.fail("lstm expects two hidden states");
  Outcome r;
  TSC_TRY(runPadded(cx, {Kind::Lstm, biases, train, bidirectional, layers, dropout}, input, hx[0],
                    &hx[1], params, batchFirst, r));
  return Three{r.out, r.h, r.c};
}
Three lstmPacked(Context &cx, const Tensor &data, const Tensor &sizes, TensorList hx,
                 TensorList params, bool biases, int64_t layers, double dropout, bool train,
                 bool bidirectional) {
  if (hx.size() != 2)
    return cx.fail("lstm expects two hidden states");
  Outcome r;
  TSC_TRY(runPacked(cx, {Kind::Lstm, biases, train, bidirectional, layers, dropout}, data, sizes,
                    hx[0], &hx[1], params, r));
  return Three{r.out, r.h, r.c};
}

/// One step on [batch, features], or on [features].
template <class T>
void combineRows(Kind kind, const Tensor &gx, const Tensor &gh, const Tensor &h, Tensor *c,
                 Tensor &out) {
  int64_t gates = gx.size(-1), size = gates / gatesOf(kind), rows = out.numel / (size ? size : 1);
  for (int64_t r = 0; r < rows; ++r)
    combineRow(kind, size, gx.ptr<T>() + r * gates, gh.ptr<T>() + r * gates, h.ptr<T>() + r * size,
               c ? c->ptr<T>() + r * size : nullptr, out.ptr<T>() + r * size);
}
Status cellStep(Context &cx, Kind kind, const Tensor &input, const Tensor &h, const Tensor *c,
                const Tensor &wih, const Tensor &whh, OptTensor bih, OptTensor bhh, Outcome &r) {
  TensorRef gx = linearTensors(cx, input, wih, bih), gh = gx ? linearTensors(cx, h, whh, bhh) : gx;
  TSC_TRY(gx && gh);
  int64_t gates = gatesOf(kind) * h.size(-1);
  if (!(gx->shape() == gh->shape()) || gx->size(-1) != gates || (c && !(c->shape() == h.shape())) ||
      !input.isFloating())
    return cx.fail("recurrent cell: input %s, hidden state %s and weights %s, %s do not fit",
                   ShapeText(input.shape()).text, ShapeText(h.shape()).text,
                   ShapeText(wih.shape()).text, ShapeText(whh.shape()).text);
  DType work = computeDType(input.dtype);
  gx = toDType(cx, *gx, work), gh = toDType(cx, *gh, work);
  TensorRef state = contiguousAs(cx, h, work), out = empty(cx, h.shape(), work), cell;
  TSC_TRY(gx && gh && state && out);
  if (c) {
    cell = contiguousAs(cx, *c, work);
    TSC_TRY(cell);
    cell = clone(cx, *cell, MemoryFormat::Contiguous);
    TSC_TRY(cell);
  }
  if (work == DType::Float64)
    combineRows<double>(kind, *gx, *gh, *state, cell.get(), *out);
  else
    combineRows<float>(kind, *gx, *gh, *state, cell.get(), *out);
  r.h = toDType(cx, *out, input.dtype);
  TSC_TRY(r.h);
  if (c) {
    r.c = toDType(cx, *cell, input.dtype);
    TSC_TRY(r.c);
  }
  return success();
}
template <Kind K>
TensorRef cell(Context &cx, const Tensor &input, const Tensor &hx, const Tensor &wih,
               const Tensor &whh, OptTensor bih, OptTensor bhh) {
  Outcome r;
  TSC_TRY(cellStep(cx, K, input, hx, nullptr, wih, whh, bih, bhh, r));
  return r.h;
}
Two lstmCell(Context &cx, const Tensor &input, TensorList hx, const Tensor &wih, const Tensor &whh,
             OptTensor bih, OptTensor bhh) {
  if (hx.size() != 2)
    return cx.fail("lstm_cell expects two hidden states");
  Outcome r;
  TSC_TRY(cellStep(cx, Kind::Lstm, input, hx[0], &hx[1], wih, whh, bih, bhh, r));
  return Two{r.h, r.c};
}
} // namespace

TSC_KERNEL(aten_lstm_input, lstm)
TSC_KERNEL(aten_lstm_data, lstmPacked)
TSC_KERNEL(aten_gru_input, network<Kind::Gru>)
TSC_KERNEL(aten_gru_data, networkPacked<Kind::Gru>)
TSC_KERNEL(aten_rnn_tanh_input, network<Kind::Tanh>)
TSC_KERNEL(aten_rnn_tanh_data, networkPacked<Kind::Tanh>)
TSC_KERNEL(aten_rnn_relu_input, network<Kind::Relu>)
TSC_KERNEL(aten_rnn_relu_data, networkPacked<Kind::Relu>)
TSC_KERNEL(aten_lstm_cell, lstmCell)
TSC_KERNEL(aten_gru_cell, cell<Kind::Gru>)
TSC_KERNEL(aten_rnn_tanh_cell, cell<Kind::Tanh>)
TSC_KERNEL(aten_rnn_relu_cell, cell<Kind::Relu>)

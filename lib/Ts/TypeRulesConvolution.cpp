// SPDX-License-Identifier: Apache-2.0
// Windows over the last dims: convolutions, pooling, and changes of resolution. In front of the
// spatial dims stands the channel, and a batch unless it is absent.
#include "RuleCall.h"

#include <cmath>

using namespace mlir;

namespace tsc::ts {

namespace {
/// One spatial dim of a window.
struct Window {
  int64_t kernel, stride = 1, padding = 0, dilation = 1;
  int64_t after = 0; ///< padding behind, when it differs from that in front
};
} // namespace

/// The size that a window leaves of `size`.
static int64_t windowSize(int64_t size, const Window &w, int64_t padding, bool ceilMode) {
  if (w.kernel < 0 || w.stride <= 0)
    return kUnknown;
  int64_t taken = w.dilation * (w.kernel - 1) + 1;
  if (size < 0) // what a padded window of stride 1 keeps needs no number
    return w.stride == 1 && padding == taken - 1 ? size : kUnknown;
  int64_t room = size + padding - taken;
  if (room < 0)
    return kUnknown;
  int64_t made = (room + (ceilMode ? w.stride - 1 : 0)) / w.stride + 1;
  // The last window must begin inside the input or the padding in front of it.
  if (ceilMode && (made - 1) * w.stride >= size + w.padding)
    --made;
  return made;
}

// ---- Convolutions
/// Padding in front and behind of all spatial dims together; false when it is not known.
static bool readPadding(RuleCall &call, ArrayRef<int64_t> kernels, ArrayRef<int64_t> dilations,
                        SmallVectorImpl<int64_t> &total) {
  if (std::optional<StringRef> mode = call.text("padding")) {
    for (auto [kernel, dilation] : llvm::zip_equal(kernels, dilations))
      total.push_back(*mode == "same" && kernel >= 0 ? dilation * (kernel - 1) : 0);
    return *mode == "valid" || *mode == "same";
  }
  std::optional<SmallVector<int64_t>> padding = call.integers("padding", kernels.size());
  if (!padding)
    return false;
  for (int64_t amount : *padding)
    total.push_back(2 * amount);
  return true;
}

static int64_t transposedSize(int64_t size, const Window &w, int64_t outputPadding) {
  if (size < 0 || w.kernel < 0)
    return kUnknown;
  return (size - 1) * w.stride - 2 * w.padding + w.dilation * (w.kernel - 1) + outputPadding + 1;
}

static LogicalResult convolveTransposed(RuleCall &call, TensorFacts input,
                                        const TensorFacts &weight) {
  size_t spatial = weight.sizes.size() - 2;
  auto stride = call.integers("stride", spatial), padding = call.integers("padding", spatial);
  auto dilation = call.integers("dilation", spatial),
       extra = call.integers("output_padding", spatial);
  std::optional<int64_t> groups = call.integer("groups");
  int64_t *sizes = input.sizes.end() - spatial;
  sizes[-1] = groups && weight.sizes[1] >= 0 ? weight.sizes[1] * *groups : kUnknown;
  for (size_t i = 0; i < spatial; ++i)
    sizes[i] =
        stride && padding && dilation && extra
            ? transposedSize(sizes[i],
                             {weight.sizes[i + 2], (*stride)[i], (*padding)[i], (*dilation)[i]},
                             (*extra)[i])
            : kUnknown;
  return call.result(input);
}

static LogicalResult convolve(RuleCall &call) {
  std::optional<TensorFacts> input = call.tensor("input"), weight = call.tensor("weight");
  if (!input || !weight)
    return failure();
  DType dtype = input->dtype == DType::Undefined ? weight->dtype : input->dtype;
  std::optional<bool> transposed =
      call.has("transposed") ? call.boolean("transposed") : call.baseName().contains("transpose");
  if (!input->hasRank || !weight->hasRank || !transposed || weight->rank() < 3 ||
      input->rank() < weight->rank() - 1 || input->rank() > weight->rank())
    return call.result(TensorFacts(dtype));
  TensorFacts made = input->withDType(dtype);
  if (*transposed)
    return convolveTransposed(call, made, *weight);
  size_t spatial = weight->sizes.size() - 2;
  ArrayRef<int64_t> kernels = ArrayRef<int64_t>(weight->sizes).drop_front(2);
  auto stride = call.integers("stride", spatial), dilation = call.integers("dilation", spatial);
  SmallVector<int64_t> padding;
  bool known = stride && dilation && readPadding(call, kernels, *dilation, padding);
  int64_t *sizes = made.sizes.end() - spatial;
  sizes[-1] = weight->sizes[0];
  for (size_t i = 0; i < spatial; ++i)
    sizes[i] = known ? windowSize(sizes[i], {kernels[i], (*stride)[i], 0, (*dilation)[i]},
                                  padding[i], false)
                     : kUnknown;
  return call.result(made);
}

// ---- Pooling
/// The number of spatial dims that the operator's name ends with: aten::max_pool2d.
static size_t spatialDims(RuleCall &call) {
  size_t d = call.baseName().find_first_of("123");
  return d == StringRef::npos ? 0 : call.baseName()[d] - '0';
}

static TensorFacts pooled(RuleCall &call, TensorFacts self) {
  size_t spatial = spatialDims(call);
  if (!self.hasRank || self.sizes.size() < spatial + 1 || self.sizes.size() > spatial + 2)
    return TensorFacts(self.dtype);
  auto kernel = call.integers("kernel_size", spatial);
  auto stride = call.integers("stride");
  auto padding = call.integers("padding", spatial);
  auto dilation =
      call.has("dilation") ? call.integers("dilation", spatial) : SmallVector<int64_t>(spatial, 1);
  if (stride && stride->empty()) // as large as the kernel
    stride = kernel;
  else
    stride = call.integers("stride", spatial);
  std::optional<bool> ceilMode = call.boolean("ceil_mode");
  bool known = kernel && stride && padding && dilation && ceilMode;
  int64_t *sizes = self.sizes.end() - spatial;
  for (size_t i = 0; i < spatial; ++i)
    sizes[i] =
        known ? windowSize(sizes[i], {(*kernel)[i], (*stride)[i], (*padding)[i], (*dilation)[i]},
                           2 * (*padding)[i], *ceilMode)
              : kUnknown;
  return self;
}

static LogicalResult pool(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self");
  return self ? call.result(pooled(call, *self)) : failure();
}
static LogicalResult poolWithIndices(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self");
  if (!self)
    return failure();
  TensorFacts made = pooled(call, *self);
  return call.results(made, made.withDType(DType::Int64));
}

/// The spatial dims replaced by `output_size`.
static TensorFacts resized(RuleCall &call, TensorFacts self) {
  size_t spatial = spatialDims(call);
  if (!self.hasRank || self.sizes.size() < spatial + 1 || self.sizes.size() > spatial + 2)
    return TensorFacts(self.dtype);
  auto wanted = call.ints("output_size");
  if (wanted && wanted->size() == 1)
    wanted->assign(spatial, wanted->front());
  int64_t *sizes = self.sizes.end() - spatial;
  for (size_t i = 0; i < spatial; ++i)
    sizes[i] = wanted && wanted->size() == spatial ? (*wanted)[i].size() : kUnknown;
  return self;
}

static LogicalResult adaptivePool(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self");
  return self ? call.result(resized(call, *self)) : failure();
}
static LogicalResult adaptivePoolWithIndices(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self");
  if (!self)
    return failure();
  TensorFacts made = resized(call, *self);
  return call.results(made, made.withDType(DType::Int64));
}

// ---- Resolution
/// The elements of a constant list of floats.
static std::optional<SmallVector<double>> floats(RuleCall &call, StringRef name) {
  SmallVector<double> values;
  auto add = [&](Attribute element) {
    auto number = dyn_cast_or_null<FloatAttr>(element);
    if (number)
      values.push_back(number.getValueAsDouble());
    return static_cast<bool>(number);
  };
  Value list = call.operand(name);
  if (auto constant = dyn_cast_or_null<ListAttr>(constantOf(list)))
    return llvm::all_of(constant.getElements(), add) ? std::optional(values) : std::nullopt;
  SmallVector<Value> elements;
  if (!listValues(list, elements) ||
      !llvm::all_of(elements, [&](Value element) { return add(constantOf(element)); }))
    return std::nullopt;
  return values;
}

static LogicalResult upsample(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor(call.has("self") ? "self" : "input");
  if (!self)
    return failure();
  size_t spatial = spatialDims(call);
  if (!call.isNone("output_size"))
    return call.result(resized(call, *self));
  std::optional<SmallVector<double>> scales =
      call.has("scale_factors") ? floats(call, "scale_factors") : std::nullopt;
  if (!self->hasRank || self->sizes.size() != spatial + 2)
    return call.result(TensorFacts(self->dtype));
  int64_t *sizes = self->sizes.end() - spatial;
  for (size_t i = 0; i < spatial; ++i)
    sizes[i] = scales && scales->size() == spatial && sizes[i] >= 0
                   ? static_cast<int64_t>(static_cast<double>(sizes[i]) * (*scales)[i])
                   : kUnknown;
  return call.result(*self);
}

/// Sampled at a grid's points: the batch and channels of the input, the other dims of the grid.
static LogicalResult sampleGrid(RuleCall &call) {
  std::optional<TensorFacts> input = call.tensor("input"), grid = call.tensor("grid");
  if (!input || !grid)
    return failure();
  if (!input->hasRank || !grid->hasRank || input->rank() != grid->rank() || input->rank() < 4)
    return call.result(TensorFacts(input->dtype));
  for (int64_t i = 2; i < input->rank(); ++i)
    input->sizes[i] = grid->sizes[i - 1];
  return call.result(*input);
}

/// Planes of the sizes that are asked for.
static LogicalResult unpool(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self");
  std::optional<SmallVector<int64_t>> sizes = call.integers("output_size");
  if (!self || !self->hasRank || !sizes || static_cast<int64_t>(sizes->size()) >= self->rank() ||
      llvm::any_of(*sizes, [](int64_t size) { return size < 0; }))
    return failure();
  llvm::copy(*sizes, self->sizes.end() - static_cast<ptrdiff_t>(sizes->size()));
  return call.result(*self);
}

ArrayRef<RuleRow> convolutionRules() {
  static constexpr RuleRow kRows[] = {
      {"conv1d conv1d.padding conv2d conv2d.padding conv3d conv3d.padding _convolution "
       "_convolution.deprecated _convolution_mode convolution conv_transpose1d "
       "conv_transpose2d.input "
       "conv_transpose3d.input",
       convolve},
      {"max_pool1d max_pool2d max_pool3d avg_pool1d avg_pool2d avg_pool3d", pool},
      {"max_unpool2d max_unpool3d", unpool},
      {"max_pool1d_with_indices max_pool2d_with_indices max_pool3d_with_indices", poolWithIndices},
      {"adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d _adaptive_avg_pool2d "
       "_adaptive_avg_pool3d",
       adaptivePool},
      {"adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d", adaptivePoolWithIndices},
      {"upsample_nearest1d upsample_nearest1d.vec upsample_nearest2d upsample_nearest2d.vec "
       "upsample_nearest3d upsample_nearest3d.vec upsample_linear1d upsample_linear1d.vec "
       "upsample_bilinear2d upsample_bilinear2d.vec upsample_bicubic2d upsample_bicubic2d.vec "
       "upsample_trilinear3d upsample_trilinear3d.vec _upsample_nearest_exact1d.vec "
       "_upsample_nearest_exact1d _upsample_nearest_exact2d _upsample_nearest_exact3d "
       "_upsample_nearest_exact2d.vec _upsample_nearest_exact3d.vec _upsample_bilinear2d_aa "
       "_upsample_bilinear2d_aa.vec _upsample_bicubic2d_aa.vec",
       upsample},
      {"grid_sampler grid_sampler_2d grid_sampler_3d", sampleGrid},
  };
  return kRows;
}

} // namespace tsc::ts

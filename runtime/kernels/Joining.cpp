// SPDX-License-Identifier: Apache-2.0
// Operators that put tensors side by side: cat, stack and their kin, block_diag. Dense inputs of
// the result's dtype are copied in blocks; all others go through a view of the result.
#include "Views.h"
#include "tsc/runtime/Threads.h"

using namespace tsc::rt;

static long long number(int64_t n) { return static_cast<long long>(n); }

/// Such inputs are ignored by cat, whatever the sizes of the others.
static bool isLegacyEmpty(const Tensor &t) { return t.rank == 1 && t.numel == 0; }

namespace {
/// What cat makes: sizes, dtype and dim.
struct JoinPlan {
  Shape sizes;
  int64_t dim = 0;
  DType dtype = DType::Undefined;
  bool channelsLast = false;
};
} // namespace

static Result<JoinPlan> planJoin(Context &cx, Span<const Tensor *> parts, int64_t dim) {
  if (parts.empty())
    return cx.raise("ValueError", "torch.cat(): expected a non-empty list of Tensors");
  JoinPlan plan;
  const Tensor *first = nullptr;
  bool sameDType = true;
  for (int64_t i = 0; i < parts.size(); ++i) {
    const Tensor &t = *parts[i];
    if (t.rank == 0)
      return cx.fail("zero-dimensional tensor (at position %lld) cannot be concatenated",
                     number(i));
    first = first || isLegacyEmpty(t) ? first : &t;
    sameDType &= t.dtype == parts[0]->dtype;
  }
  plan.dtype = parts[0]->dtype; // all parts have dims, so promotion is by dtype alone
  for (int64_t i = 1; !sameDType && i < parts.size(); ++i)
    plan.dtype = promoteTypes(plan.dtype, parts[i]->dtype);
  if (!first) {
    TSC_ASSIGN(plan.dim, wrapDim(cx, dim, 1));
    plan.sizes = Shape::of(0);
    return plan;
  }
  TSC_ASSIGN(plan.dim, wrapDim(cx, dim, first->rank));
  plan.sizes = first->shape();
  plan.sizes[plan.dim] = 0;
  plan.channelsLast = first->rank == 4;
  for (int64_t i = 0; i < parts.size(); ++i) {
    const Tensor &t = *parts[i];
    if (isLegacyEmpty(t))
      continue;
    if (t.rank != first->rank)
      return cx.fail("Tensors must have same number of dimensions: got %lld and %lld",
                     number(first->rank), number(t.rank));
    for (int64_t d = 0; d < t.rank; ++d)
      if (d != plan.dim && t.sizes[d] != first->sizes[d])
        return cx.fail("Sizes of tensors must match except in dimension %lld. Expected size %lld "
                       "but got size %lld for tensor number %lld in the list.",
                       number(plan.dim), number(first->sizes[d]), number(t.sizes[d]), number(i));
    plan.sizes[plan.dim] += t.sizes[plan.dim];
    plan.channelsLast &= t.isChannelsLast() && !t.isContiguous();
  }
  return plan;
}

/// One part into its place of `out`, which starts `before` along the dim.
static Status copyPart(Context &cx, Tensor &out, const Tensor &part, int64_t dim, int64_t before) {
  if (part.numel == 0)
    return success();
  int64_t inner = 1, outer = 1;
  for (int64_t d = dim + 1; d < out.rank; ++d)
    inner *= out.sizes[d];
  for (int64_t d = 0; d < dim; ++d)
    outer *= out.sizes[d];
  if (part.dtype != out.dtype || !part.isContiguous() || !out.isContiguous()) {
    TensorRef place = narrow(cx, out, dim, before, part.sizes[dim]);
    TSC_TRY(place);
    return copyInto(cx, *place, part);
  }
  int64_t bytes = out.itemsize(), block = part.sizes[dim] * inner * bytes,
          step = out.sizes[dim] * inner * bytes;
  char *to = out.base() + before * inner * bytes;
  const char *from = part.base();
  auto copyBlocks = [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      std::memcpy(to + i * step, from + i * block, static_cast<size_t>(block));
  };
  if (outer == 1 && block > 1 << 20) {
    parallelFor(cx, 0, block, 1 << 19, [&](int64_t begin, int64_t end) {
      std::memcpy(to + begin, from + begin, static_cast<size_t>(end - begin));
    });
    return success();
  }
  parallelFor(cx, 0, outer, 1 + (1 << 18) / block, copyBlocks);
  return success();
}

static Status joinInto(Context &cx, Tensor &out, Span<const Tensor *> parts, int64_t dim) {
  int64_t before = 0;
  for (const Tensor *part : parts) {
    if (isLegacyEmpty(*part))
      continue;
    TSC_TRY(copyPart(cx, out, *part, dim, before));
    before += part->sizes[dim];
  }
  return success();
}

namespace tsc::rt {
TensorRef joinTensors(Context &cx, Span<const Tensor *> parts, int64_t dim) {
  TSC_ASSIGN(JoinPlan plan, planJoin(cx, parts, dim));
  TensorRef out =
      emptyFormat(cx, plan.sizes, plan.dtype,
                  plan.channelsLast ? MemoryFormat::ChannelsLast : MemoryFormat::Contiguous);
  TSC_TRY(out);
  TSC_TRY(joinInto(cx, *out, parts, plan.dim));
  if (parts[0]->quantizer) {
    out->quantizer = parts[0]->quantizer;
    tsc_rt_retain(&out->quantizer->head);
  }
  return out;
}
} // namespace tsc::rt

/// Pointers to the tensors of a list; few of them stay on the stack.
namespace {
class Parts {
public:
  Status take(Context &cx, TensorList tensors) {
    if (tensors.size() > 16) {
      TSC_TRY(many.resize(cx, tensors.size()));
      items = many.data();
    }
    for (int64_t i = 0; i < tensors.size(); ++i)
      items[i] = &tensors[i];
    count = tensors.size();
    return success();
  }
  Span<const Tensor *> span() const { return {items, count}; }

private:
  const Tensor *few[16];
  Vector<const Tensor *> many;
  const Tensor **items = few;
  int64_t count = 0;
};
} // namespace

static TensorRef catTensors(Context &cx, TensorList tensors, int64_t dim) {
  Parts parts;
  TSC_TRY(parts.take(cx, tensors));
  return joinTensors(cx, parts.span(), dim);
}
TSC_KERNEL(aten_cat, catTensors)
TSC_KERNEL(aten_concat, catTensors)
TSC_KERNEL(aten_concatenate, catTensors)
TSC_OUTPUT_COPY(aten_cat_out, catTensors)
TSC_OUTPUT_COPY(aten_concat_out, catTensors)
TSC_OUTPUT_COPY(aten_concatenate_out, catTensors)

static TensorRef stackTensors(Context &cx, TensorList tensors, int64_t dim) {
  if (tensors.empty())
    return cx.fail("stack expects a non-empty TensorList");
  const Tensor &first = tensors[0];
  TSC_ASSIGN(dim, wrapDim(cx, dim, first.rank + 1));
  for (int64_t i = 1; i < tensors.size(); ++i)
    if (!(tensors[i].shape() == first.shape()))
      return cx.fail("stack expects each tensor to be equal size, but got %s at entry 0 and %s at "
                     "entry %lld",
                     ShapeText(first.shape()).text, ShapeText(tensors[i].shape()).text, number(i));
  TensorVector views;
  for (int64_t i = 0; i < tensors.size(); ++i)
    TSC_TRY(views.push(cx, unsqueeze(cx, tensors[i], dim)));
  return joinTensors(cx, views.span(), dim);
}
TSC_KERNEL(aten_stack, stackTensors)
TSC_KERNEL(aten__stack, stackTensors)
TSC_OUTPUT_COPY(aten_stack_out, stackTensors)

/// hstack, vstack, dstack: at least `Rank` dims, then side by side.
template <int64_t Rank> static TensorRef stackAtLeast(Context &cx, TensorList tensors) {
  if (tensors.empty())
    return cx.fail("%cstack expects a non-empty TensorList", Rank == 1   ? 'h'
                                                             : Rank == 2 ? 'v'
                                                                         : 'd');
  TensorVector views;
  for (int64_t i = 0; i < tensors.size(); ++i)
    TSC_TRY(views.push(cx, atLeast(cx, tensors[i], Rank)));
  int64_t dim = Rank == 3 ? 2 : Rank == 2 ? 0 : views[0].rank == 1 ? 0 : 1;
  return joinTensors(cx, views.span(), dim);
}
static TensorRef columnStack(Context &cx, TensorList tensors) {
  if (tensors.empty())
    return cx.fail("column_stack expects a non-empty TensorList");
  TensorVector views;
  for (int64_t i = 0; i < tensors.size(); ++i) {
    const Tensor &t = tensors[i];
    TSC_TRY(views.push(cx, t.rank <= 1 ? reshape(cx, t, Shape::of(t.numel, 1)) : same(t)));
  }
  return joinTensors(cx, views.span(), 1);
}
TSC_KERNEL(aten_hstack, stackAtLeast<1>)
TSC_KERNEL(aten_vstack, stackAtLeast<2>)
TSC_KERNEL(aten_row_stack, stackAtLeast<2>)
TSC_KERNEL(aten_dstack, stackAtLeast<3>)
TSC_KERNEL(aten_column_stack, columnStack)
TSC_OUTPUT_COPY(aten_hstack_out, stackAtLeast<1>)
TSC_OUTPUT_COPY(aten_vstack_out, stackAtLeast<2>)
TSC_OUTPUT_COPY(aten_row_stack_out, stackAtLeast<2>)
TSC_OUTPUT_COPY(aten_dstack_out, stackAtLeast<3>)
TSC_OUTPUT_COPY(aten_column_stack_out, columnStack)

static TensorRef blockDiagonal(Context &cx, TensorList tensors) {
  DType dtype = DType::Undefined;
  int64_t rows = 0, columns = 0;
  for (int64_t i = 0; i < tensors.size(); ++i) {
    const Tensor &t = tensors[i];
    if (t.rank > 2)
      return cx.fail("torch.block_diag: Input tensors must have 2 or fewer dimensions. Input %lld "
                     "has %lld dimensions",
                     number(i), number(t.rank));
    dtype = tsc::promoteTypes(dtype, t.dtype);
    rows += t.rank == 2 ? t.sizes[0] : 1;
    columns += t.rank == 0 ? 1 : t.size(-1);
  }
  if (tensors.empty())
    return empty(cx, Shape::of(1, 0), cx.defaultDType);
  TensorRef made = zeros(cx, Shape::of(rows, columns), dtype);
  TSC_TRY(made);
  int64_t row = 0, column = 0;
  for (int64_t i = 0; i < tensors.size(); ++i) {
    TensorRef block = atLeast(cx, tensors[i], 2);
    TSC_TRY(block);
    TensorRef place = asStrided(cx, *made, block->shape(), made->stridesList(),
                                block->numel ? row * columns + column : 0);
    TSC_TRY(place);
    TSC_TRY(copyInto(cx, *place, *block));
    row += block->sizes[0], column += block->sizes[1];
  }
  return made;
}
TSC_KERNEL(aten_block_diag, blockDiagonal)
TSC_OUTPUT_COPY(aten_block_diag_out, blockDiagonal)

// ---- Grids
static ListRef meshgridIndexing(Context &cx, TensorList tensors, StringRef indexing) {
  if (tensors.empty())
    return cx.fail("meshgrid expects a non-empty TensorList");
  bool swap = indexing == "xy";
  if (!swap && !(indexing == "ij"))
    return cx.fail("torch.meshgrid: indexing must be one of \"xy\" or \"ij\", but received: %.*s",
                   static_cast<int>(indexing.size()), indexing.data());
  if (tensors.size() > tsc::kMaxRank)
    return cx.fail("tensors of more than %d dimensions are not supported",
                   static_cast<int>(tsc::kMaxRank));
  Shape sizes;
  for (int64_t i = 0; i < tensors.size(); ++i) {
    if (tensors[i].rank > 1)
      return cx.fail(
          "torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got tensor of "
          "rank %lld",
          number(tensors[i].rank));
    if (tensors[i].dtype != tensors[0].dtype)
      return cx.fail("meshgrid expects all tensors to have the same dtype");
    sizes.push(tensors[i].numel);
  }
  swap &= tensors.size() > 1;
  TensorVector grids;
  for (int64_t i = 0; i < tensors.size(); ++i) {
    Shape shape(tensors.size(), 1);
    shape[i] = tensors[i].numel;
    TensorRef line = view(cx, tensors[i], shape);
    TSC_TRY(line);
    TensorRef grid = expand(cx, *line, sizes);
    TSC_TRY(grid);
    TSC_TRY(grids.push(cx, swap ? transpose(cx, *grid, 0, 1) : static_cast<TensorRef &&>(grid)));
  }
  return grids.list(cx);
}
static ListRef meshgrid(Context &cx, TensorList tensors) {
  return meshgridIndexing(cx, tensors, "ij");
}
TSC_KERNEL(aten_meshgrid, meshgrid)
TSC_KERNEL(aten_meshgrid_indexing, meshgridIndexing)

static TensorRef cartesianProduct(Context &cx, TensorList tensors) {
  if (tensors.empty())
    return cx.fail("cartesian_prod expects a non-empty TensorList");
  for (int64_t i = 0; i < tensors.size(); ++i)
    if (tensors[i].rank != 1)
      return cx.fail("Expect a 1D vector, but got shape %s", ShapeText(tensors[i].shape()).text);
  if (tensors.size() == 1)
    return same(tensors[0]);
  ListRef grids = meshgrid(cx, tensors);
  TSC_TRY(grids);
  TensorVector columns;
  for (int64_t i = 0; i < grids->size; ++i)
    TSC_TRY(columns.push(cx, reshape(cx, TensorList(*grids)[i], Shape::of(-1, 1))));
  return joinTensors(cx, columns.span(), 1);
}
TSC_KERNEL(aten_cartesian_prod, cartesianProduct)

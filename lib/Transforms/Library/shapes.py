# SPDX-License-Identifier: Apache-2.0
# Tensors joined, taken apart, and written into others.

def atleast_1d(self: Tensor) -> Tensor:
    if self.dim() == 0:
        return self.reshape([1])
    return self


def atleast_2d(self: Tensor) -> Tensor:
    if self.dim() == 0:
        return self.reshape([1, 1])
    if self.dim() == 1:
        return self.unsqueeze(0)
    return self


def atleast_3d(self: Tensor) -> Tensor:
    if self.dim() == 0:
        return self.reshape([1, 1, 1])
    if self.dim() == 1:
        return self.unsqueeze(0).unsqueeze(-1)
    if self.dim() == 2:
        return self.unsqueeze(-1)
    return self


def hstack(tensors: List[Tensor]) -> Tensor:
    parts: List[Tensor] = []
    for t in tensors:
        parts.append(torch.atleast_1d(t))
    if tensors[0].dim() <= 1:
        return torch.cat(parts, 0)
    return torch.cat(parts, 1)


def vstack(tensors: List[Tensor]) -> Tensor:
    parts: List[Tensor] = []
    for t in tensors:
        parts.append(torch.atleast_2d(t))
    return torch.cat(parts, 0)


def dstack(tensors: List[Tensor]) -> Tensor:
    parts: List[Tensor] = []
    for t in tensors:
        parts.append(torch.atleast_3d(t))
    return torch.cat(parts, 2)


def as_column(t: Tensor) -> Tensor:
    if t.dim() <= 1:
        return t.reshape([t.numel(), 1])
    return t


def column_stack(tensors: List[Tensor]) -> Tensor:
    columns: List[Tensor] = []
    for t in tensors:
        columns.append(as_column(t))
    return torch.cat(columns, 1)


def block_diag(tensors: List[Tensor]) -> Tensor:
    blocks: List[Tensor] = []
    width = 0
    for t in tensors:
        block = torch.atleast_2d(t)
        blocks.append(block)
        width = width + block.size(1)
    left = 0
    rows: List[Tensor] = []
    for block in blocks:
        rows.append(torch.constant_pad_nd(block, [left, width - left - block.size(1)]))
        left = left + block.size(1)
    return torch.cat(rows, 0)


def cartesian_prod(tensors: List[Tensor]) -> Tensor:
    if len(tensors) == 1:
        return torch.cartesian_prod(tensors)
    sizes: List[int] = []
    for t in tensors:
        sizes.append(t.size(0))
    columns: List[Tensor] = []
    for i in range(len(tensors)):
        columns.append(along(tensors[i], i, len(tensors)).expand(sizes).reshape([-1]))
    return torch.stack(columns, 1)


def combinations(self: Tensor, r: int, with_replacement: bool) -> Tensor:
    if self.dim() != 1 or r != 2 or self.size(0) < 2 or self.size(0) > 256:
        return torch.combinations(self, r, with_replacement)
    places = torch.triu_indices(self.size(0), self.size(0), 1 - int(with_replacement))
    return torch.stack([self.index_select(0, places.select(0, 0)), self.index_select(0, places.select(0, 1))], 1)


def movedim__int(self: Tensor, source: int, destination: int) -> Tensor:
    if self.dim() == 0:
        return torch.movedim(self, source, destination)
    s, d = source % self.dim(), destination % self.dim()
    order: List[int] = []
    for p in range(self.dim()):
        q = p
        if p > d:
            q = p - 1
        if q >= s:
            q = q + 1
        if p == d:
            q = s
        order.append(q)
    return self.permute(order)


def movedim__intlist(self: Tensor, source: List[int], destination: List[int]) -> Tensor:
    if self.dim() == 0 or len(source) != len(destination):
        return torch.movedim(self, source, destination)
    moved: List[int] = []
    for s in source:
        moved.append(s % self.dim())
    others: List[int] = []
    for d in range(self.dim()):
        if d not in moved:
            others.append(d)
    order: List[int] = []
    count = 0
    for p in range(self.dim()):
        at = -1
        for i in range(len(destination)):
            if destination[i] % self.dim() == p:
                at = moved[i]
        if at < 0:
            at = others[count]
            count = count + 1
        order.append(at)
    return self.permute(order)


def mH(self: Tensor) -> Tensor:
    return self.transpose(-2, -1)


def matrix_H(self: Tensor) -> Tensor:
    if self.dim() == 0:
        return torch.matrix_H(self)
    return self.transpose(0, 1)


def linalg_diagonal(A: Tensor, offset: int, dim1: int, dim2: int) -> Tensor:
    return A.diagonal(offset, dim1, dim2)


def ravel(self: Tensor) -> Tensor:
    return self.reshape([-1])


def squeeze__dims(self: Tensor, dim: List[int]) -> Tensor:
    if self.dim() == 0:
        return self.squeeze(dim)
    dims: List[int] = []
    for d in dim:
        dims.append(d % self.dim())
    sizes: List[int] = []
    for d in range(self.dim()):
        if self.size(d) != 1 or d not in dims:
            sizes.append(self.size(d))
    return self.reshape(sizes)


# ---- Copies of views
def narrow_copy(self: Tensor, dim: int, start: int, length: int) -> Tensor:
    return self.narrow(dim, start, length).clone()


def slice_copy(self: Tensor, dim: int, start: Optional[int], end: Optional[int], step: int) -> Tensor:
    return torch.slice(self, dim, start, end, step).clone()


def select_copy(self: Tensor, dim: int, index: int) -> Tensor:
    return self.select(dim, index).clone()


def t_copy(self: Tensor) -> Tensor:
    return self.t().clone(memory_format=0)


def transpose_copy(self: Tensor, dim0: int, dim1: int) -> Tensor:
    return self.transpose(dim0, dim1).clone(memory_format=0)


def permute_copy(self: Tensor, dims: List[int]) -> Tensor:
    return self.permute(dims).clone(memory_format=0)


def view_copy(self: Tensor, size: List[int]) -> Tensor:
    return self.view(size).clone()


def unsqueeze_copy(self: Tensor, dim: int) -> Tensor:
    return self.unsqueeze(dim).clone()


def squeeze_copy(self: Tensor) -> Tensor:
    return self.squeeze().clone()


def squeeze_copy__dim(self: Tensor, dim: int) -> Tensor:
    return self.squeeze(dim).clone()


def squeeze_copy__dims(self: Tensor, dim: List[int]) -> Tensor:
    return self.squeeze(dim).clone()


def expand_copy(self: Tensor, size: List[int], implicit: bool) -> Tensor:
    return self.expand(size).clone(memory_format=0)


def diagonal_copy(self: Tensor, offset: int, dim1: int, dim2: int) -> Tensor:
    return self.diagonal(offset, dim1, dim2).clone(memory_format=0)


def unbind_copy(self: Tensor, dim: int) -> List[Tensor]:
    parts: List[Tensor] = []
    for i in range(self.size(dim)):
        parts.append(self.select(dim, i).clone())
    return parts


def split_with_sizes_copy(self: Tensor, split_sizes: List[int], dim: int) -> List[Tensor]:
    parts: List[Tensor] = []
    start = 0
    for size in split_sizes:
        parts.append(self.narrow(dim, start, size).clone())
        start = start + size
    return parts


# ---- Diagonals
def trace(self: Tensor) -> Tensor:
    return self.diagonal().sum()


def diag(self: Tensor, diagonal: int) -> Tensor:
    if self.dim() == 1:
        return torch.diag_embed(self, diagonal)
    return torch.diagonal_copy(self, diagonal)


# True where column - row is the offset.
def diagonal_mask(rows: int, columns: int, offset: int) -> Tensor:
    return torch.arange(columns).unsqueeze(0) - torch.arange(rows).unsqueeze(1) == offset


def diag_embed(self: Tensor, offset: int, dim1: int, dim2: int) -> Tensor:
    last = self.dim()
    if last == 0 or dim1 % (last + 1) != last - 1 or dim2 % (last + 1) != last:
        return torch.diag_embed(self, offset, dim1, dim2)
    count = self.size(-1) + abs(offset)
    padded = torch.constant_pad_nd(self, [0, abs(offset)])
    if offset >= 0:
        spread = padded.unsqueeze(-1)
    else:
        spread = padded.unsqueeze(-2)
    return torch.where(diagonal_mask(count, count, offset), spread, torch.zeros_like(spread))


def diagonal_scatter(self: Tensor, src: Tensor, offset: int, dim1: int, dim2: int) -> Tensor:
    last = self.dim() - 1
    if (last < 1 or dim1 % (last + 1) != last - 1 or dim2 % (last + 1) != last or self.dtype != src.dtype
            or src.size() != self.diagonal(offset, dim1, dim2).size()):
        return torch.diagonal_scatter(self, src, offset, dim1, dim2)
    rows, columns = self.size(-2), self.size(-1)
    if offset >= 0:
        spread = torch.constant_pad_nd(src, [0, rows - src.size(-1)]).unsqueeze(-1)
    else:
        spread = torch.constant_pad_nd(src, [0, columns - src.size(-1)]).unsqueeze(-2)
    return torch.where(diagonal_mask(rows, columns, offset), spread, self)


# ---- Writing into copies
# A vector along one of many dims.
def along(vector: Tensor, dim: int, rank: int) -> Tensor:
    shape: List[int] = []
    for d in range(rank):
        if d == dim % rank:
            shape.append(-1)
        else:
            shape.append(1)
    return vector.reshape(shape)


def select_scatter(self: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    if self.dtype != src.dtype or self.dim() == 0 or src.size() != self.select(dim, index).size():
        return torch.select_scatter(self, src, dim, index)
    mask = along(torch.arange(self.size(dim)) == index % self.size(dim), dim, self.dim())
    return torch.where(mask, src.unsqueeze(dim), self)


def slice_scatter(self: Tensor, src: Tensor, dim: int, start: Optional[int], end: Optional[int], step: int) -> Tensor:
    if self.dtype != src.dtype or self.dim() == 0 or step != 1 or src.size() != torch.slice(self, dim, start, end).size():
        return torch.slice_scatter(self, src, dim, start, end, step)
    first = 0
    if start is not None:
        first = min(max(start + self.size(dim) * int(start < 0), 0), self.size(dim))
    last = first + src.size(dim)
    return torch.cat([torch.slice(self, dim, 0, first), src, torch.slice(self, dim, last)], dim)


# An index out of range is the operator's to report.
def index_fill__int_Scalar(self: Tensor, dim: int, index: Tensor, value: number) -> Tensor:
    if self.dim() == 0:
        return torch.index_fill(self, dim, index, value)
    count = self.size(dim)
    if not bool(((index >= -count) & (index < count)).all()):
        return torch.index_fill(self, dim, index, value)
    places = torch.where(index < 0, index + count, index).reshape([1, -1])
    mask = (torch.arange(count).unsqueeze(1) == places).any(1)
    return torch.masked_fill(self, along(mask, dim, self.dim()), value)


# The source's elements in order where the mask is true. Too few of them are the operator's to report.
def masked_scatter(self: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    whole = self.dtype != source.dtype or mask.dtype != 11 or mask.dim() > self.dim() or self.dim() == 0
    if not whole:
        for d in range(mask.dim()):
            whole = whole or (mask.size(d) != 1 and mask.size(d) != self.size(d - mask.dim()))
    if whole:
        return torch.masked_scatter(self, mask, source)
    chosen = mask.expand(self.size())
    places = torch.cumsum(chosen.reshape([-1]).to(4), 0)
    if not bool((places <= source.numel()).all()):
        return torch.masked_scatter(self, mask, source)
    picked = source.reshape([-1]).index_select(0, torch.clamp_min(places - 1, 0)).reshape(self.size())
    return torch.where(chosen, picked, self)


# ---- Taking elements
# Of a scalar its only element.
def index_select(self: Tensor, dim: int, index: Tensor) -> Tensor:
    if self.dim() != 0 or index.numel() != 1 or dim < -1 or dim > 0:
        return torch.index_select(self, dim, index)
    return self.reshape([1]).index_select(0, index.reshape([1])).reshape([])


# Indices of all first dims, moved inside.
def are_inside(self: Tensor, mask: Tensor, indices: List[Optional[Tensor]]) -> bool:
    known = self.is_floating_point() and mask.dtype == 11 and len(indices) <= self.dim() and len(indices) > 0
    for i in range(len(indices)):
        index = indices[i]
        if index is None:
            known = False
        else:
            known = known and index.dtype == 4
    return known


def inside(self: Tensor, indices: List[Optional[Tensor]]) -> List[Optional[Tensor]]:
    places: List[Optional[Tensor]] = []
    for i in range(len(indices)):
        index = indices[i]
        if index is not None:
            places.append(torch.clamp(index, -self.size(i), self.size(i) - 1))
    return places


def _unsafe_masked_index(self: Tensor, mask: Tensor, indices: List[Optional[Tensor]], fill: number) -> Tensor:
    if not are_inside(self, mask, indices):
        return torch._unsafe_masked_index(self, mask, indices, fill)
    picked = torch.index(self, inside(self, indices))
    if picked.size() != mask.size():
        return torch._unsafe_masked_index(self, mask, indices, fill)
    return torch.where(mask, picked, fill)


def _unsafe_masked_index_put_accumulate(self: Tensor, mask: Tensor, indices: List[Optional[Tensor]],
                                        values: Tensor) -> Tensor:
    if not are_inside(self, mask, indices) or values.dtype != self.dtype or values.size() != mask.size():
        return torch._unsafe_masked_index_put_accumulate(self, mask, indices, values)
    return torch.index_put(self, inside(self, indices), torch.where(mask, values, 0), True)


def take(self: Tensor, index: Tensor) -> Tensor:
    return self.reshape([-1])[index]


def take_along_dim(self: Tensor, indices: Tensor, dim: Optional[int]) -> Tensor:
    if dim is None:
        return self.reshape([-1]).gather(0, indices.reshape([-1]))
    if self.dim() != indices.dim() or self.dim() == 0:
        return torch.take_along_dim(self, indices, dim)
    from_sizes: List[int] = []
    index_sizes: List[int] = []
    for d in range(self.dim()):
        if d == dim % self.dim():
            from_sizes.append(self.size(d))
            index_sizes.append(indices.size(d))
        else:
            from_sizes.append(max(self.size(d), indices.size(d)))
            index_sizes.append(max(self.size(d), indices.size(d)))
    return self.expand(from_sizes).gather(dim, indices.expand(index_sizes))


def shifted(self: Tensor, dim: Optional[List[int]], extra: int) -> Tensor:
    dims: List[int] = []
    if dim is not None:
        dims = dim
    else:
        for d in range(self.dim()):
            dims.append(d)
    shifts: List[int] = []
    for d in dims:
        shifts.append((self.size(d) + extra) // 2)
    return torch.roll(self, shifts, dims)


def fft_fftshift(self: Tensor, dim: Optional[List[int]]) -> Tensor:
    return shifted(self, dim, 0)


def fft_ifftshift(self: Tensor, dim: Optional[List[int]]) -> Tensor:
    return shifted(self, dim, 1)


# Windows side by side: one strided slice for each of their elements.
def im2col(self: Tensor, kernel_size: List[int], dilation: List[int], padding: List[int], stride: List[int]) -> Tensor:
    if (self.dim() != 4 or len(kernel_size) != 2 or len(dilation) != 2 or len(padding) != 2 or len(stride) != 2
            or kernel_size[0] * kernel_size[1] > 49):
        return torch.im2col(self, kernel_size, dilation, padding, stride)
    x = torch.constant_pad_nd(self, [padding[1], padding[1], padding[0], padding[0]])
    rows = x.size(2) - dilation[0] * (kernel_size[0] - 1)
    columns = x.size(3) - dilation[1] * (kernel_size[1] - 1)
    if rows < 1 or columns < 1:
        return torch.im2col(self, kernel_size, dilation, padding, stride)
    parts: List[Tensor] = []
    for i in range(kernel_size[0] * kernel_size[1]):
        top, left = i // kernel_size[1] * dilation[0], i % kernel_size[1] * dilation[1]
        part = torch.slice(x, 2, top, top + rows, stride[0])
        parts.append(torch.slice(part, 3, left, left + columns, stride[1]))
    stacked = torch.stack(parts, 2)
    return stacked.reshape([self.size(0), self.size(1) * len(parts), -1])

# SPDX-License-Identifier: Apache-2.0
# Products of vectors, matrices and higher tensors.

def both_floats(a: Tensor, b: Tensor) -> bool:
    return a.is_floating_point() and a.dtype == b.dtype


def outer(self: Tensor, vec2: Tensor) -> Tensor:
    return self.unsqueeze(1) * vec2.unsqueeze(0)


def ger(self: Tensor, vec2: Tensor) -> Tensor:
    return self.unsqueeze(1) * vec2.unsqueeze(0)


def dot(self: Tensor, tensor: Tensor) -> Tensor:
    if not both_floats(self, tensor) or self.size() != tensor.size():
        return torch.dot(self, tensor)
    return (self * tensor).sum()


def vdot(self: Tensor, other: Tensor) -> Tensor:
    if not both_floats(self, other) or self.size() != other.size():
        return torch.vdot(self, other)
    return (self * other).sum()


def matmul(self: Tensor, other: Tensor) -> Tensor:
    if self.dim() == 1 and other.dim() == 1:
        return torch.dot(self, other)
    return torch.matmul(self, other)


def linalg_vecdot(x: Tensor, y: Tensor, dim: int) -> Tensor:
    if not both_floats(x, y):
        return torch.linalg_vecdot(x, y, dim=dim)
    return (x * y).sum([dim])


def inner(self: Tensor, other: Tensor) -> Tensor:
    if not both_floats(self, other):
        return torch.inner(self, other)
    if self.dim() == 0 or other.dim() == 0:
        return self * other
    return torch.tensordot(self, other, [-1], [-1])


# One matrix product: what is added goes last on the left and first on the right.
def tensordot(self: Tensor, other: Tensor, dims_self: List[int], dims_other: List[int]) -> Tensor:
    whole = not both_floats(self, other) or len(dims_self) != len(dims_other)
    for i in range(len(dims_self)):
        m, n = self.size(dims_self[i]), other.size(dims_other[i])
        whole = whole or (m != n and m != 1 and n != 1)
    if whole:
        return torch.tensordot(self, other, dims_self, dims_other)
    x, y = self, other
    for i in range(len(dims_self)):
        if x.size(dims_self[i]) == 1:
            y = y.sum([dims_other[i]], True)
        elif y.size(dims_other[i]) == 1:
            x = x.sum([dims_self[i]], True)
    added_left: List[int] = []
    added_right: List[int] = []
    for i in range(len(dims_self)):
        added_left.append(dims_self[i] % x.dim())
        added_right.append(dims_other[i] % y.dim())
    shape: List[int] = []
    left: List[int] = []
    right: List[int] = []
    count = 1
    for d in range(x.dim()):
        if d in added_left:
            count = count * x.size(d)
        else:
            left.append(d)
            shape.append(x.size(d))
    for d in range(y.dim()):
        if d not in added_right:
            right.append(d)
            shape.append(y.size(d))
    a = x.permute(left + added_left).reshape([x.numel() // count, count])
    b = y.permute(added_right + right).reshape([count, y.numel() // count])
    return torch.mm(a, b).reshape(shape)


def addr(self: Tensor, vec1: Tensor, vec2: Tensor, beta: number, alpha: number) -> Tensor:
    if not both_floats(self, vec1) or not both_floats(self, vec2):
        return torch.addr(self, vec1, vec2, beta=beta, alpha=alpha)
    product = vec1.unsqueeze(1) * vec2.unsqueeze(0) * alpha
    if float(beta) == 0.0:
        return product
    return self * beta + product


def addmv(self: Tensor, mat: Tensor, vec: Tensor, beta: number, alpha: number) -> Tensor:
    if not both_floats(self, mat) or not both_floats(self, vec):
        return torch.addmv(self, mat, vec, beta=beta, alpha=alpha)
    product = torch.mv(mat, vec) * alpha
    if float(beta) == 0.0:
        return product
    return self * beta + product


def addbmm(self: Tensor, batch1: Tensor, batch2: Tensor, beta: number, alpha: number) -> Tensor:
    if not both_floats(self, batch1) or not both_floats(self, batch2):
        return torch.addbmm(self, batch1, batch2, beta=beta, alpha=alpha)
    left = batch1.permute([1, 0, 2]).reshape([batch1.size(1), batch1.size(0) * batch1.size(2)])
    product = torch.mm(left, batch2.reshape([batch2.size(0) * batch2.size(1), batch2.size(2)])) * alpha
    if float(beta) == 0.0:
        return product
    return self * beta + product


def linalg_cross(self: Tensor, other: Tensor, dim: int) -> Tensor:
    if self.dim() != other.dim() or self.size(dim) != 3 or other.size(dim) != 3:
        return torch.linalg_cross(self, other, dim=dim)
    a0, a1, a2 = self.select(dim, 0), self.select(dim, 1), self.select(dim, 2)
    b0, b1, b2 = other.select(dim, 0), other.select(dim, 1), other.select(dim, 2)
    return torch.stack([a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0], dim)


# Without a dim, along the first one of size 3.
def cross(self: Tensor, other: Tensor, dim: Optional[int]) -> Tensor:
    if self.dim() != other.dim():
        return torch.cross(self, other, dim)
    if dim is not None:
        return torch.linalg_cross(self, other, dim=dim)
    at = -1
    for d in range(self.dim()):
        if at < 0 and self.size(d) == 3 and other.size(d) == 3:
            at = d
    if at < 0:
        return torch.cross(self, other, dim)
    return torch.linalg_cross(self, other, dim=at)


def linalg_multi_dot(tensors: List[Tensor]) -> Tensor:
    if len(tensors) > 3:
        return torch.linalg_multi_dot(tensors)
    if len(tensors) == 2:
        return torch.matmul(tensors[0], tensors[1])
    a, b, c = tensors[0], tensors[1], tensors[2]
    rows, columns = a.numel() // a.size(-1), c.numel() // c.size(0)
    left_first = rows * b.size(0) * b.size(1) + rows * b.size(1) * columns
    right_first = b.size(0) * b.size(1) * columns + rows * b.size(0) * columns
    if left_first <= right_first:
        return torch.matmul(torch.matmul(a, b), c)
    return torch.matmul(a, torch.matmul(b, c))


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Optional[Tensor]) -> Tensor:
    if not both_floats(input1, input2) or not both_floats(input1, weight) or input1.dim() == 0:
        return torch.bilinear(input1, input2, weight, bias)
    outputs, size1, size2 = weight.size(0), weight.size(1), weight.size(2)
    rows = input1.numel() // size1
    packed = weight.permute([1, 0, 2]).reshape([size1, outputs * size2])
    half = torch.mm(input1.reshape([rows, size1]), packed).reshape([rows, outputs, size2])
    product = (half * input2.reshape([rows, 1, size2])).sum([2])
    if bias is not None:
        product = product + bias
    return product.reshape(input1.size()[:-1] + [outputs])


def linalg_vander(x: Tensor, N: Optional[int]) -> Tensor:
    if not x.is_floating_point():
        return torch.linalg_vander(x, N=N)
    column = x.unsqueeze(-1)
    if x.dim() == 0:
        column = x.reshape([1, 1])
    count = column.size(-2)
    if N is not None:
        count = N
    return torch.pow(column, torch.arange(count, dtype=x.dtype))


def _scaled_dot_product_flash_attention_for_cpu(query: Tensor, key: Tensor, value: Tensor, dropout_p: float, is_causal: bool,
                                                attn_mask: Optional[Tensor],
                                                scale: Optional[float]) -> Tuple[Tensor, Tensor]:
    whole = (dropout_p != 0 or query.dim() != 4 or query.size(1) != key.size(1)
             or (is_causal and attn_mask is not None))
    if attn_mask is not None:
        whole = whole or attn_mask.dtype != query.dtype
    if whole:
        return torch._scaled_dot_product_flash_attention_for_cpu(query, key, value, dropout_p, is_causal,
                                                                 attn_mask=attn_mask, scale=scale)
    factor = float(query.size(3)) ** -0.5
    if scale is not None:
        factor = scale
    scores = torch.matmul(query, key.transpose(2, 3)) * factor
    if attn_mask is not None:
        scores = scores + attn_mask
    if is_causal:
        seen = torch.arange(key.size(2)).unsqueeze(0) <= torch.arange(query.size(2)).unsqueeze(1)
        scores = torch.where(seen, scores, -inf)
    attended = torch.scaled_dot_product_attention(query, key, value, attn_mask, 0.0, is_causal, scale=factor)
    return attended, torch.logsumexp(scores, [3])

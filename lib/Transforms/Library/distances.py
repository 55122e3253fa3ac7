# SPDX-License-Identifier: Apache-2.0
# Norms and distances.

def dist(self: Tensor, other: Tensor, p: number) -> Tensor:
    if not self.is_floating_point() or self.dtype != other.dtype:
        return torch.dist(self, other, p)
    return torch.linalg_vector_norm(self - other, p)


# All pairs at once, unless there are very many.
def cdist(x1: Tensor, x2: Tensor, p: float, compute_mode: Optional[int]) -> Tensor:
    if (not x1.is_floating_point() or x1.dtype != x2.dtype or x1.dim() < 2 or x2.dim() < 2
            or x1.numel() * x2.size(-2) > 1000000):
        return torch.cdist(x1, x2, p, compute_mode)
    return torch.linalg_vector_norm(x1.unsqueeze(-2) - x2.unsqueeze(-3), p, [-1])


def pairwise_distance(x1: Tensor, x2: Tensor, p: float, eps: float, keepdim: bool) -> Tensor:
    if not x1.is_floating_point() or x1.dtype != x2.dtype:
        return torch.pairwise_distance(x1, x2, p, eps, keepdim)
    return torch.linalg_vector_norm(x1 - x2 + eps, p, [-1], keepdim)


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int, eps: float) -> Tensor:
    if not x1.is_floating_point() or x1.dtype != x2.dtype or x1.dim() != x2.dim() or x1.dim() == 0:
        return torch.cosine_similarity(x1, x2, dim, eps)
    a = x1 / torch.clamp_min(torch.linalg_vector_norm(x1, 2, [dim], True), eps)
    b = x2 / torch.clamp_min(torch.linalg_vector_norm(x2, 2, [dim], True), eps)
    return (a * b).sum([dim])


def linalg_norm(self: Tensor, ord: Optional[number], dim: Optional[List[int]], keepdim: bool, dtype: Optional[int]) -> Tensor:
    if dtype is not None or not self.is_floating_point():
        return torch.linalg_norm(self, ord, dim, keepdim, dtype=dtype)
    if ord is None:
        return torch.linalg_vector_norm(self, 2, dim, keepdim)
    if dim is None:
        if self.dim() == 1:
            return torch.linalg_vector_norm(self, ord, dim, keepdim)
        return torch.linalg_matrix_norm(self, ord, [0, 1], keepdim)
    if len(dim) == 1:
        return torch.linalg_vector_norm(self, ord, dim, keepdim)
    return torch.linalg_matrix_norm(self, ord, dim, keepdim)


def linalg_matrix_norm__str_ord(self: Tensor, ord: str, dim: List[int], keepdim: bool, dtype: Optional[int]) -> Tensor:
    known = ord == "fro" or ord == "nuc"
    if not known or dtype is not None or not self.is_floating_point() or self.dim() < 2 or len(dim) != 2:
        return torch.linalg_matrix_norm(self, ord, dim, keepdim, dtype=dtype)
    if ord == "nuc":
        return torch.nuclear_norm(self, dim, keepdim)
    return torch.linalg_vector_norm(self, 2, dim, keepdim)


def linalg_norm__ord_str(self: Tensor, ord: str, dim: Optional[List[int]], keepdim: bool, dtype: Optional[int]) -> Tensor:
    if dim is not None:
        return torch.linalg_matrix_norm(self, ord, dim, keepdim, dtype=dtype)
    return torch.linalg_matrix_norm(self, ord, [0, 1], keepdim, dtype=dtype)


def frobenius_norm__dim(self: Tensor, dim: List[int], keepdim: bool) -> Tensor:
    if not self.is_floating_point():
        return torch.frobenius_norm(self, dim, keepdim)
    return torch.linalg_vector_norm(self, 2, dim, keepdim)


def other_dims(self: Tensor, dim: int) -> List[int]:
    dims: List[int] = []
    for d in range(self.dim()):
        if d != dim % self.dim():
            dims.append(d)
    return dims


def renorm(self: Tensor, p: number, dim: int, maxnorm: number) -> Tensor:
    if not self.is_floating_point() or self.dim() < 2:
        return torch.renorm(self, p, dim, maxnorm)
    norms = torch.linalg_vector_norm(self, p, other_dims(self, dim), True)
    return self * torch.where(norms > maxnorm, torch.reciprocal(norms + 1e-7) * maxnorm, 1)


def norm_except_dim(v: Tensor, pow: int, dim: int) -> Tensor:
    if dim == -1 or v.dim() < 2 or not v.is_floating_point():
        return torch.norm_except_dim(v, pow, dim)
    return torch.linalg_vector_norm(v, pow, other_dims(v, dim), True)


def _weight_norm(v: Tensor, g: Tensor, dim: int) -> Tensor:
    if dim == -1 or v.dim() < 2 or not v.is_floating_point():
        return torch._weight_norm(v, g, dim)
    return v * (g / torch.norm_except_dim(v, 2, dim))


# All pairs, and of these the ones above the diagonal.
def pdist(self: Tensor, p: float) -> Tensor:
    rows = self.size(0)
    if not self.is_floating_point() or self.dim() != 2 or rows < 2 or rows > 128 or p < 0:
        return torch.pdist(self, p)
    places = torch.triu_indices(rows, rows, 1)
    distances = torch.cdist(self, self, p).reshape([-1])
    return distances.index_select(0, places.select(0, 0) * rows + places.select(0, 1))

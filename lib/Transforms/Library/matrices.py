# SPDX-License-Identifier: Apache-2.0
# What factors of matrices give: pseudo-inverses, roots, condition numbers, least squares, tensor equations.

def is_matrix(a: Tensor) -> bool:
    return a.is_floating_point() and a.dim() >= 2


def is_square(a: Tensor) -> bool:
    return is_matrix(a) and a.size(-1) == a.size(-2)


# V S^-1 U^H over the values that count.
def pseudo_inverse(a: Tensor, atol: float, rtol: float, hermitian: bool) -> Tensor:
    if hermitian:
        s, u = torch.linalg_eigh(a, "L")
        v = u
    else:
        u, s, vh = torch.linalg_svd(a, False)
        v = vh.transpose(-2, -1)
    size = s.abs()
    least = torch.clamp_min(size.amax([-1], True) * rtol, atol)
    scale = torch.where(size > least, torch.reciprocal(s), 0)
    return torch.matmul(v * scale.unsqueeze(-2), u.transpose(-2, -1))


# What counts as zero when nothing is said of it: the rounding of all rows or columns.
def standard_rtol(a: Tensor, atol: float) -> float:
    rounding = 1.1920928955078125e-07
    if a.dtype == 7:
        rounding = 2.220446049250313e-16
    if atol > 0:
        return 0.0
    return rounding * float(max(a.size(-2), a.size(-1)))


def linalg_pinv__atol_rtol_float(self: Tensor, atol: Optional[float], rtol: Optional[float], hermitian: bool) -> Tensor:
    if not is_matrix(self) or (hermitian and not is_square(self)):
        return torch.linalg_pinv(self, atol=atol, rtol=rtol, hermitian=hermitian)
    absolute = 0.0
    if atol is not None:
        absolute = atol
    relative = standard_rtol(self, absolute)
    if rtol is not None:
        relative = rtol
    return pseudo_inverse(self, absolute, relative, hermitian)


def linalg_pinv(self: Tensor, rcond: float, hermitian: bool) -> Tensor:
    if not is_matrix(self) or (hermitian and not is_square(self)):
        return torch.linalg_pinv(self, rcond, hermitian)
    return pseudo_inverse(self, 0.0, rcond, hermitian)


def pinverse(self: Tensor, rcond: float) -> Tensor:
    if not is_matrix(self):
        return torch.pinverse(self, rcond)
    return pseudo_inverse(self, 0.0, rcond, False)


# A = U H
def linalg_polar(A: Tensor) -> Tuple[Tensor, Tensor]:
    if not is_matrix(A) or A.size(-2) < A.size(-1):
        return torch.linalg_polar(A)
    w, s, vh = torch.linalg_svd(A, False)
    return torch.matmul(w, vh), torch.matmul(vh.transpose(-2, -1), s.unsqueeze(-1) * vh)


def linalg_matrix_sqrth(self: Tensor) -> Tensor:
    if not is_square(self):
        return torch.linalg_matrix_sqrth(self)
    values, v = torch.linalg_eigh(self, "L")
    return torch.matmul(v * torch.sqrt(values).unsqueeze(-2), v.transpose(-2, -1))


# By the largest and the smallest singular value.
def linalg_cond(self: Tensor, p: Optional[number]) -> Tensor:
    order = 2.0
    if p is not None:
        order = float(p)
    if not is_matrix(self) or abs(order) != 2.0:
        return torch.linalg_cond(self, p)
    s = torch.linalg_svdvals(self)
    most, least = s.select(-1, 0), s.select(-1, -1)
    if order > 0:
        return most / least
    return least / most


# Of driver gels, and of full rank: what the others drop depends on the numbers.
def linalg_lstsq(self: Tensor, b: Tensor, rcond: Optional[float],
                 driver: Optional[str]) -> Tuple[Tensor, Tensor, Tensor, Tensor]:
    plain = False
    if driver is not None:
        plain = driver == "gels"
    plain = plain and is_matrix(self) and is_matrix(b) and self.dtype == b.dtype
    if not plain or self.size()[:-1] != b.size()[:-1]:
        return torch.linalg_lstsq(self, b, rcond, driver=driver)
    u, s, vh = torch.linalg_svd(self, False)
    if not bool((s > 0).all()):
        return torch.linalg_lstsq(self, b, rcond, driver=driver)
    x = torch.matmul(vh.transpose(-2, -1), torch.matmul(u.transpose(-2, -1), b) / s.unsqueeze(-1))
    residuals = self.new_zeros([0])
    if self.size(-2) > self.size(-1):
        rest = b - torch.matmul(self, x)
        residuals = (rest * rest).sum([-2])
    return x, residuals, self.new_zeros([0], dtype=4), self.new_zeros([0])


def count_of(sizes: List[int]) -> int:
    count = 1
    for size in sizes:
        count = count * size
    return count


def linalg_tensorsolve(self: Tensor, other: Tensor, dims: Optional[List[int]]) -> Tensor:
    n = other.numel()
    rest = self.size()[other.dim():]
    if (dims is not None or not self.is_floating_point() or self.dtype != other.dtype or self.dim() < other.dim()
            or count_of(rest) != n or self.numel() != n * n):
        return torch.linalg_tensorsolve(self, other, dims)
    return torch.linalg_solve(self.reshape([n, n]), other.reshape([n])).reshape(rest)


def linalg_tensorinv(self: Tensor, ind: int) -> Tensor:
    if not self.is_floating_point() or ind < 1 or ind >= self.dim():
        return torch.linalg_tensorinv(self, ind)
    rows, columns = self.size()[:ind], self.size()[ind:]
    n = count_of(rows)
    if count_of(columns) != n:
        return torch.linalg_tensorinv(self, ind)
    return torch.linalg_inv(self.reshape([n, n])).reshape(columns + rows)


def linalg_matrix_power(self: Tensor, n: int) -> Tensor:
    if not is_square(self) or n < -16 or n > 16:
        return torch.linalg_matrix_power(self, n)
    if n == 0:
        places = torch.arange(self.size(-1))
        return torch.where(places.unsqueeze(0) == places.unsqueeze(1), torch.ones_like(self), 0)
    base = self
    if n < 0:
        base = torch.linalg_inv(self)
    if n == 1:
        return base.clone()
    power = base
    for i in range(abs(n) - 1):
        power = torch.matmul(power, base)
    return power


# Norms by singular values: the sum of all, the largest, the smallest.
def singular_norm(a: Tensor, kind: int, dim: List[int], keepdim: bool) -> Tensor:
    first, second = dim[0] % a.dim(), dim[1] % a.dim()
    order: List[int] = []
    for d in range(a.dim()):
        if d != first and d != second:
            order.append(d)
    s = torch.linalg_svdvals(a.permute(order + [first, second]))
    if kind == 0:
        norms = s.sum([-1])
    elif kind > 0:
        norms = s.select(-1, 0)
    else:
        norms = s.select(-1, -1)
    if keepdim:
        return norms.unsqueeze(min(first, second)).unsqueeze(max(first, second))
    return norms


def nuclear_norm__dim(self: Tensor, dim: List[int], keepdim: bool) -> Tensor:
    if not is_matrix(self) or len(dim) != 2 or dim[0] % self.dim() == dim[1] % self.dim():
        return torch.nuclear_norm(self, dim, keepdim)
    return singular_norm(self, 0, dim, keepdim)


def nuclear_norm(self: Tensor, keepdim: bool) -> Tensor:
    if self.dim() != 2:
        return torch.nuclear_norm(self, keepdim)
    return singular_norm(self, 0, [0, 1], keepdim)


def linalg_matrix_norm(self: Tensor, ord: number, dim: List[int], keepdim: bool, dtype: Optional[int]) -> Tensor:
    order = float(ord)
    size = abs(order)
    known = size == 1.0 or size == 2.0 or size == inf
    if dtype is not None or not known or not is_matrix(self) or len(dim) != 2 or dim[0] % self.dim() == dim[1] % self.dim():
        return torch.linalg_matrix_norm(self, ord, dim, keepdim, dtype=dtype)
    if size == 2.0:
        return singular_norm(self, int(order), dim, keepdim)
    added, compared = dim[0], dim[1]
    if size == inf:
        added, compared = dim[1], dim[0]
    sums = self.abs().sum([added], True)
    if order > 0:
        norms = sums.amax([compared], True)
    else:
        norms = sums.amin([compared], True)
    if keepdim:
        return norms
    return norms.squeeze(dim)

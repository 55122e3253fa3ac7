# SPDX-License-Identifier: Apache-2.0
# Sums, statistics and comparisons along dims.

def nansum(self: Tensor, dim: Optional[List[int]], keepdim: bool, dtype: Optional[int]) -> Tensor:
    if not self.is_floating_point():
        return torch.sum(self, dim, keepdim, dtype=dtype)
    return torch.sum(torch.where(torch.isnan(self), 0, self), dim, keepdim, dtype=dtype)


def nanmean(self: Tensor, dim: Optional[List[int]], keepdim: bool, dtype: Optional[int]) -> Tensor:
    if not self.is_floating_point() or dtype is not None:
        return torch.nanmean(self, dim, keepdim, dtype=dtype)
    missing = torch.isnan(self)
    total = torch.sum(torch.where(missing, 0, self), dim, keepdim)
    return total / torch.sum(torch.where(missing, 0, torch.ones_like(self)), dim, keepdim)


def aminmax(self: Tensor, dim: Optional[int], keepdim: bool) -> Tuple[Tensor, Tensor]:
    if dim is None:
        return torch.amin(self, [], keepdim), torch.amax(self, [], keepdim)
    return torch.amin(self, [dim], keepdim), torch.amax(self, [dim], keepdim)


def sum_to_size(self: Tensor, size: List[int]) -> Tensor:
    lead = self.dim() - len(size)
    dims: List[int] = []
    whole = lead < 0
    for d in range(self.dim()):
        if d < lead:
            dims.append(d)
        elif size[d - lead] == 1 and self.size(d) != 1:
            dims.append(d)
        else:
            whole = whole or size[d - lead] != self.size(d)
    if whole or len(dims) == 0:
        return torch.sum_to_size(self, size)
    return self.sum(dims, True).reshape(size)


# Rows of variables, each observation with its weight. Weights below zero are the operator's to report.
def weighted_cov(rows: Tensor, weights: Tensor, correction: int) -> Tensor:
    total = weights.sum()
    apart = rows - (rows * weights).sum([1], True) / total
    count = total
    if correction != 0:
        count = total - (weights * weights).sum() * correction / total
    return torch.mm(apart * weights, apart.t()) / torch.clamp_min(count, 0)


def cov(self: Tensor, correction: int, fweights: Optional[Tensor], aweights: Optional[Tensor]) -> Tensor:
    if aweights is not None and fweights is None and self.is_floating_point() and self.dim() == 2:
        if aweights.dtype == self.dtype and aweights.dim() == 1 and aweights.numel() == self.size(1):
            if bool((aweights >= 0).all()) and bool(aweights.sum() > 0):
                return weighted_cov(self, aweights, correction)
    if fweights is not None or aweights is not None or self.dim() > 2 or not self.is_floating_point():
        return torch.cov(self, correction=correction, fweights=fweights, aweights=aweights)
    rows = self
    if self.dim() < 2:
        rows = self.reshape([1, -1])
    apart = rows - rows.mean([1], True)
    product = torch.mm(apart, apart.t()) / float(max(rows.size(1) - correction, 0))
    if self.dim() < 2:
        return product.reshape([])
    return product


def corrcoef(self: Tensor) -> Tensor:
    if self.dim() > 2 or not self.is_floating_point():
        return torch.corrcoef(self)
    c = torch.cov(self)
    if self.dim() < 2:
        return c / c
    deviation = torch.sqrt(c.diagonal())
    return torch.clamp(c / deviation.unsqueeze(1) / deviation.unsqueeze(0), -1, 1)


# ---- Along a dim
def diff(self: Tensor, n: int, dim: int, prepend: Optional[Tensor], append: Optional[Tensor]) -> Tensor:
    if self.dtype == 11 or self.dim() == 0 or n < 1 or n > 8:
        return torch.diff(self, n, dim, prepend, append)
    x = self
    if prepend is not None:
        x = torch.cat([prepend, x], dim)
    if append is not None:
        x = torch.cat([x, append], dim)
    if x.size(dim) <= n:
        return torch.diff(self, n, dim, prepend, append)
    for i in range(n):
        x = torch.slice(x, dim, 1) - torch.slice(x, dim, 0, -1)
    return x


# Distances of the points, of the rank of y.
def spacing(y: Tensor, x: Tensor, dim: int) -> Tensor:
    if x.dim() == 1:
        d = x.slice(0, 1) - x.slice(0, 0, -1)
        shape: List[int] = []
        for i in range(y.dim()):
            if i == dim % y.dim():
                shape.append(-1)
            else:
                shape.append(1)
        return d.reshape(shape)
    return torch.slice(x, dim, 1) - torch.slice(x, dim, 0, -1)


def pairs(y: Tensor, dim: int) -> Tensor:
    return torch.slice(y, dim, 1) + torch.slice(y, dim, 0, -1)


def fits_points(y: Tensor, x: Tensor, dim: int) -> bool:
    if not y.is_floating_point() or y.dtype != x.dtype or x.dim() == 0 or y.dim() == 0 or y.size(dim) < 2:
        return False
    if x.dim() == 1:
        return x.size(0) == y.size(dim)
    return x.dim() == y.dim() and x.size(dim) == y.size(dim)


def trapezoid__x(y: Tensor, x: Tensor, dim: int) -> Tensor:
    if not fits_points(y, x, dim):
        return torch.trapezoid(y, x, dim=dim)
    return (pairs(y, dim) * spacing(y, x, dim)).sum([dim]) * 0.5


def trapz__x(y: Tensor, x: Tensor, dim: int) -> Tensor:
    return torch.trapezoid(y, x, dim=dim)


def trapezoid__dx(y: Tensor, dx: number, dim: int) -> Tensor:
    if not y.is_floating_point() or y.dim() == 0 or y.size(dim) < 2:
        return torch.trapezoid(y, dx=dx, dim=dim)
    ends = y.select(dim, 0) + y.select(dim, -1)
    return (y.sum([dim]) - ends * 0.5) * dx


def trapz__dx(y: Tensor, dx: float, dim: int) -> Tensor:
    return torch.trapezoid(y, dx=dx, dim=dim)


def cumulative_trapezoid__x(y: Tensor, x: Tensor, dim: int) -> Tensor:
    if not fits_points(y, x, dim):
        return torch.cumulative_trapezoid(y, x, dim=dim)
    return torch.cumsum(pairs(y, dim) * spacing(y, x, dim) * 0.5, dim)


def cumulative_trapezoid__dx(y: Tensor, dx: number, dim: int) -> Tensor:
    if not y.is_floating_point() or y.dim() == 0 or y.size(dim) < 2:
        return torch.cumulative_trapezoid(y, dx=dx, dim=dim)
    return torch.cumsum(pairs(y, dim) * dx * 0.5, dim)


# Differences of neighbours at the ends, of both neighbours between them, with equal steps.
def even_gradient(x: Tensor, step: float, dim: int) -> Tensor:
    first = x.narrow(dim, 1, 1) - x.narrow(dim, 0, 1)
    last = x.narrow(dim, x.size(dim) - 1, 1) - x.narrow(dim, x.size(dim) - 2, 1)
    if x.size(dim) == 2:
        return torch.cat([first, last], dim) / step
    between = (torch.slice(x, dim, 2) - torch.slice(x, dim, 0, -2)) * 0.5
    return torch.cat([first, between, last], dim) / step


# The same where the points are apart by other steps.
def uneven_gradient(x: Tensor, points: Tensor, dim: int) -> Tensor:
    step = spacing(x, points, dim)
    slope = (torch.slice(x, dim, 1) - torch.slice(x, dim, 0, -1)) / step
    first, last = slope.narrow(dim, 0, 1), slope.narrow(dim, slope.size(dim) - 1, 1)
    if x.size(dim) == 2:
        return torch.cat([first, last], dim)
    before, behind = torch.slice(step, dim, 0, -1), torch.slice(step, dim, 1)
    between = (torch.slice(slope, dim, 0, -1) * behind + torch.slice(slope, dim, 1) * before) / (before + behind)
    return torch.cat([first, between, last], dim)


def has_gradient(x: Tensor, dims: List[int], edge_order: int) -> bool:
    known = x.is_floating_point() and x.dim() > 0 and edge_order == 1
    for d in dims:
        known = known and d >= -x.dim() and d < x.dim()
    if known:
        for d in dims:
            known = known and x.size(d) > 1
    return known


def gradient__scalarint(self: Tensor, spacing: Optional[number], dim: Optional[int], edge_order: int) -> List[Tensor]:
    dims: List[int] = []
    if dim is not None:
        dims.append(dim)
    else:
        for d in range(self.dim()):
            dims.append(d)
    if not has_gradient(self, dims, edge_order):
        return torch.gradient(self, spacing=spacing, dim=dim, edge_order=edge_order)
    step = 1.0
    if spacing is not None:
        step = float(spacing)
    parts: List[Tensor] = []
    for d in dims:
        parts.append(even_gradient(self, step, d))
    return parts


def gradient__array(self: Tensor, dim: List[int], edge_order: int) -> List[Tensor]:
    if not has_gradient(self, dim, edge_order):
        return torch.gradient(self, dim=dim, edge_order=edge_order)
    parts: List[Tensor] = []
    for d in dim:
        parts.append(even_gradient(self, 1.0, d))
    return parts


def gradient__tensorarray(self: Tensor, spacing: List[Tensor], dim: List[int], edge_order: int) -> List[Tensor]:
    known = has_gradient(self, dim, edge_order) and len(spacing) == len(dim)
    if known:
        for i in range(len(dim)):
            points = spacing[i]
            known = known and points.dim() == 1 and points.dtype == self.dtype and points.numel() == self.size(dim[i])
    if not known:
        return torch.gradient(self, spacing=spacing, dim=dim, edge_order=edge_order)
    parts: List[Tensor] = []
    for i in range(len(dim)):
        parts.append(uneven_gradient(self, spacing[i], dim[i]))
    return parts


# ---- Softmax and its kin
def _safe_softmax(self: Tensor, dim: int, dtype: Optional[int]) -> Tensor:
    if dtype is not None or not self.is_floating_point():
        return torch._safe_softmax(self, dim, dtype)
    masked = (self == -inf).all(dim, True)
    return torch.where(masked, 0, torch.softmax(self, dim))


def special_softmax(self: Tensor, dim: int, dtype: Optional[int]) -> Tensor:
    return torch.softmax(self, dim, dtype)


def special_log_softmax(self: Tensor, dim: int, dtype: Optional[int]) -> Tensor:
    return torch.log_softmax(self, dim, dtype)


def softmin(self: Tensor, dim: int, dtype: Optional[int]) -> Tensor:
    return torch.softmax(-self, dim, dtype)


def special_logsumexp(self: Tensor, dim: List[int], keepdim: bool) -> Tensor:
    return torch.logsumexp(self, dim, keepdim)


# ---- Searching: every element with every other, unless there are many
def isin__Tensor_Tensor(elements: Tensor, test_elements: Tensor, assume_unique: bool, invert: bool) -> Tensor:
    if test_elements.numel() > 64:
        return torch.isin(elements, test_elements, assume_unique=assume_unique, invert=invert)
    found = (elements.unsqueeze(-1) == test_elements.reshape([-1])).any(-1)
    if invert:
        return torch.logical_not(found)
    return found


# How many boundaries are below; a NaN is above all of them.
def bucketize__Tensor(self: Tensor, boundaries: Tensor, out_int32: bool, right: bool) -> Tensor:
    if boundaries.numel() > 64 or boundaries.dim() != 1:
        return torch.bucketize(self, boundaries, out_int32=out_int32, right=right)
    x = self.unsqueeze(-1)
    if right:
        below = torch.logical_not(boundaries > x)
    else:
        below = torch.logical_not(boundaries >= x)
    count = below.sum([-1])
    if out_int32:
        return count.to(3)
    return count


def searchsorted__Tensor(sorted_sequence: Tensor, self: Tensor, out_int32: bool, right: bool, side: Optional[str],
                         sorter: Optional[Tensor]) -> Tensor:
    whole = (sorter is not None or side is not None or self.dim() == 0 or sorted_sequence.size(-1) > 64
             or (sorted_sequence.dim() != 1 and sorted_sequence.size()[:-1] != self.size()[:-1]))
    if whole:
        return torch.searchsorted(sorted_sequence, self, out_int32=out_int32, right=right, side=side, sorter=sorter)
    sequence = sorted_sequence
    if sequence.dim() != 1:
        sequence = sequence.unsqueeze(-2)
    x = self.unsqueeze(-1)
    if right:
        below = torch.logical_not(sequence > x)
    else:
        below = torch.logical_not(sequence >= x)
    count = below.sum([-1])
    if out_int32:
        return count.to(3)
    return count


# Counts of equal parts of a range that is given; what lies outside is counted behind them.
def histc(self: Tensor, bins: int, min: number, max: number) -> Tensor:
    low, high = float(min), float(max)
    if not self.is_floating_point() or bins < 1 or not high > low or high - low == inf:
        return torch.histc(self, bins, min, max)
    x = self.reshape([-1]).to(7)
    part = torch.clamp_max(((x - low) / (high - low) * bins).to(4), bins - 1)
    places = torch.where((x >= low) & (x <= high), part, bins)
    ones = torch.ones_like(self.reshape([-1]))
    return torch.zeros([bins + 1], dtype=self.dtype).scatter_add(0, places, ones).narrow(0, 0, bins).clone()


# ---- Quantiles: between the two numbers in order that the rank lies between
def has_quantile(x: Tensor, q: float, dim: Optional[int], keepdim: bool, interpolation: str) -> bool:
    known = x.is_floating_point() and q >= 0 and q <= 1 and interpolation == "linear"
    if dim is None:
        return known and not keepdim
    return known and x.dim() > 0


# Of the first `count` of a line that is in order; NaN stand behind.
def between(ordered: Tensor, count: Tensor, q: float, dim: int) -> Tensor:
    rank = (count - 1).to(ordered.dtype) * q
    lower = torch.clamp_min(torch.floor(rank), 0)
    below = ordered.gather(dim, lower.to(4))
    above = ordered.gather(dim, torch.clamp_min(torch.ceil(rank), 0).to(4))
    return torch.lerp(below, above, rank - lower)


def quantile_of(self: Tensor, q: float, dim: Optional[int], keepdim: bool, skips: bool) -> Tensor:
    x, d = self.reshape([-1]), 0
    if dim is not None:
        x, d = self, dim
    ordered, places = torch.sort(x, d, False)
    missing = torch.isnan(x)
    count = torch.logical_not(missing).sum([d], True)
    value = between(ordered, count, q, d)
    if not skips:
        value = torch.where(missing.any(d, True), nan, value)
    if keepdim:
        return value
    return value.squeeze(d)


def nanquantile__scalar(self: Tensor, q: float, dim: Optional[int], keepdim: bool, interpolation: str) -> Tensor:
    if not has_quantile(self, q, dim, keepdim, interpolation):
        return torch.nanquantile(self, q, dim, keepdim, interpolation=interpolation)
    return quantile_of(self, q, dim, keepdim, True)


def quantile__scalar(self: Tensor, q: float, dim: Optional[int], keepdim: bool, interpolation: str) -> Tensor:
    if not has_quantile(self, q, dim, keepdim, interpolation):
        return torch.quantile(self, q, dim, keepdim, interpolation=interpolation)
    return quantile_of(self, q, dim, keepdim, False)

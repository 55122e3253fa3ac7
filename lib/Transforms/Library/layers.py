# SPDX-License-Identifier: Apache-2.0
# Layers of networks: normalization with its statistics, gates, pooling, dropout.

def native_layer_norm(input: Tensor, normalized_shape: List[int], weight: Optional[Tensor], bias: Optional[Tensor],
                      eps: float) -> Tuple[Tensor, Tensor, Tensor]:
    dims: List[int] = []
    for i in range(len(normalized_shape)):
        dims.append(-1 - i)
    deviation = torch.rsqrt(torch.var(input, dims, correction=0, keepdim=True) + eps)
    return torch.layer_norm(input, normalized_shape, weight, bias, eps), input.mean(dims, True), deviation


def native_group_norm(input: Tensor, weight: Optional[Tensor], bias: Optional[Tensor], N: int, C: int, HxW: int, group: int,
                      eps: float) -> Tuple[Tensor, Tensor, Tensor]:
    rows = input.reshape([N, group, -1])
    deviation = torch.rsqrt(torch.var(rows, [2], correction=0) + eps)
    return torch.group_norm(input, group, weight, bias, eps), rows.mean([2]), deviation


def channel_dims(input: Tensor) -> List[int]:
    dims = [0]
    for d in range(2, input.dim()):
        dims.append(d)
    return dims


# Statistics of the batch are not the running ones, which somebody else reads.
def native_batch_norm(input: Tensor, weight: Optional[Tensor], bias: Optional[Tensor], running_mean: Optional[Tensor],
                      running_var: Optional[Tensor], training: bool, momentum: float,
                      eps: float) -> Tuple[Tensor, Tensor, Tensor]:
    if not training or running_mean is not None or running_var is not None:
        return torch.native_batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps)
    return torch._native_batch_norm_legit(input, weight, bias, True, momentum, eps)


def _native_batch_norm_legit__no_stats(input: Tensor, weight: Optional[Tensor], bias: Optional[Tensor], training: bool,
                                       momentum: float, eps: float) -> Tuple[Tensor, Tensor, Tensor]:
    if not training:
        return torch._native_batch_norm_legit(input, weight, bias, training, momentum, eps)
    dims = channel_dims(input)
    deviation = torch.rsqrt(torch.var(input, dims, correction=0) + eps)
    out = torch.batch_norm(input, weight, bias, None, None, True, momentum, eps, False)
    return out, input.mean(dims), deviation


def glu(self: Tensor, dim: int) -> Tensor:
    half = self.size(dim) // 2
    return torch.slice(self, dim, 0, half) * torch.sigmoid(torch.slice(self, dim, half))


def adaptive_avg_pool1d(self: Tensor, output_size: List[int]) -> Tensor:
    return torch.adaptive_avg_pool2d(self.unsqueeze(-2), [1, output_size[0]]).squeeze(-2)


def rrelu(self: Tensor, lower: number, upper: number, training: bool, generator: Optional[Generator]) -> Tensor:
    if training:
        return torch.rrelu(self, lower, upper, training, generator)
    return torch.leaky_relu(self, (float(lower) + float(upper)) * 0.5)


def dropout(input: Tensor, p: float, train: bool) -> Tensor:
    if train:
        return torch.dropout(input, p, train)
    return input


def feature_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    if train:
        return torch.feature_dropout(input, p, train)
    return input


def alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    if train:
        return torch.alpha_dropout(input, p, train)
    return input


def angle(self: Tensor) -> Tensor:
    if not self.is_floating_point():
        return torch.angle(self)
    return torch.where(torch.isnan(self), self, torch.where(self < 0, 3.141592653589793, 0.0).to(self.dtype))


def conj_physical(self: Tensor) -> Tensor:
    return self

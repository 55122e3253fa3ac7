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


def update_running(running: Tensor, value: Tensor, momentum: float) -> Tensor:
    return running.copy_(running * (1 - momentum) + value * momentum)


def same_dtypes(input: Tensor, mean: Tensor, variance: Tensor) -> bool:
    return input.is_floating_point() and input.dtype == mean.dtype and input.dtype == variance.dtype and input.dim() > 1


# Normalizes by the batch, of whose statistics the running ones are told.
def batch_norm(input: Tensor, weight: Optional[Tensor], bias: Optional[Tensor], running_mean: Optional[Tensor],
               running_var: Optional[Tensor], training: bool, momentum: float, eps: float, cudnn_enabled: bool) -> Tensor:
    if not training or running_mean is None or running_var is None:
        return torch.batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, cudnn_enabled)
    if not same_dtypes(input, running_mean, running_var):
        return torch.batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, cudnn_enabled)
    dims = channel_dims(input)
    update_running(running_mean, input.mean(dims), momentum)
    update_running(running_var, torch.var(input, dims, correction=1), momentum)
    return torch.batch_norm(input, weight, bias, None, None, True, momentum, eps, cudnn_enabled)


def native_batch_norm(input: Tensor, weight: Optional[Tensor], bias: Optional[Tensor], running_mean: Optional[Tensor],
                      running_var: Optional[Tensor], training: bool, momentum: float,
                      eps: float) -> Tuple[Tensor, Tensor, Tensor]:
    if running_mean is None or running_var is None:
        if training and running_mean is None and running_var is None:
            return torch._native_batch_norm_legit(input, weight, bias, True, momentum, eps)
        return torch.native_batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps)
    if not same_dtypes(input, running_mean, running_var):
        return torch.native_batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps)
    out = torch.batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, False)
    if not training:
        return out, input.new_zeros([0]), input.new_zeros([0])
    dims = channel_dims(input)
    return out, input.mean(dims), torch.rsqrt(torch.var(input, dims, correction=0) + eps)


def _native_batch_norm_legit(input: Tensor, weight: Optional[Tensor], bias: Optional[Tensor], running_mean: Tensor,
                             running_var: Tensor, training: bool, momentum: float,
                             eps: float) -> Tuple[Tensor, Tensor, Tensor]:
    return torch.native_batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps)


def _batch_norm_with_update(input: Tensor, weight: Optional[Tensor], bias: Optional[Tensor], running_mean: Tensor,
                            running_var: Tensor, momentum: float, eps: float) -> Tuple[Tensor, Tensor, Tensor, Tensor]:
    out, mean, deviation = torch.native_batch_norm(input, weight, bias, running_mean, running_var, True, momentum, eps)
    return out, mean, deviation, torch.zeros([0], dtype=0)


# Every image has its own statistics; the running ones are told of their means.
def instance_norm(input: Tensor, weight: Optional[Tensor], bias: Optional[Tensor], running_mean: Optional[Tensor],
                  running_var: Optional[Tensor], use_input_stats: bool, momentum: float, eps: float,
                  cudnn_enabled: bool) -> Tensor:
    if running_mean is None or running_var is None or input.dim() < 3:
        return torch.instance_norm(input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps,
                                   cudnn_enabled)
    if not same_dtypes(input, running_mean, running_var):
        return torch.instance_norm(input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps,
                                   cudnn_enabled)
    if not use_input_stats:
        return torch.batch_norm(input, weight, bias, running_mean, running_var, False, momentum, eps, cudnn_enabled)
    dims: List[int] = []
    for d in range(2, input.dim()):
        dims.append(d)
    update_running(running_mean, input.mean(dims).mean([0]), momentum)
    update_running(running_var, torch.var(input, dims, correction=1).mean([0]), momentum)
    return torch.instance_norm(input, weight, bias, None, None, True, momentum, eps, cudnn_enabled)


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


def native_dropout_backward(grad_output: Tensor, mask: Tensor, scale: float) -> Tensor:
    if not grad_output.is_floating_point():
        return torch.native_dropout_backward(grad_output, mask, scale)
    return grad_output * mask * scale


# How much each place of a dim gives to each place of the result: rows of a triangle's heights that add up to 1.
def smooth_weights(count: int, size: int, scale: float) -> Tensor:
    step = float(count) / float(size)
    if scale > 0:
        step = 1.0 / scale
    support = max(step, 1.0)
    center = ((torch.arange(size, dtype=7) + 0.5) * step).unsqueeze(1)
    at = torch.arange(count, dtype=7).unsqueeze(0)
    heights = torch.clamp_min(torch.rsub(((at - center + 0.5) / support).abs(), 1), 0)
    reached = (at >= torch.floor(center - support + 0.5)) & (at < torch.floor(center + support + 0.5))
    weights = torch.where(reached, heights, 0)
    return weights / weights.sum([1], True)


def _upsample_bilinear2d_aa(self: Tensor, output_size: List[int], align_corners: bool, scales_h: Optional[float],
                            scales_w: Optional[float]) -> Tensor:
    if (align_corners or not self.is_floating_point() or self.dim() != 4 or len(output_size) != 2 or output_size[0] < 1
            or output_size[1] < 1):
        return torch._upsample_bilinear2d_aa(self, output_size, align_corners, scales_h, scales_w)
    scale_h, scale_w = 0.0, 0.0
    if scales_h is not None:
        scale_h = scales_h
    if scales_w is not None:
        scale_w = scales_w
    if not bool(torch.isfinite(self).all()): # a weight of 0 hides only what is finite
        return torch._upsample_bilinear2d_aa(self, output_size, align_corners, scales_h, scales_w)
    rows = smooth_weights(self.size(2), output_size[0], scale_h).to(self.dtype)
    columns = smooth_weights(self.size(3), output_size[1], scale_w).to(self.dtype)
    wide = torch.matmul(self, columns.t())
    return torch.matmul(wide.transpose(2, 3), rows.t()).transpose(2, 3).contiguous()


def _upsample_bilinear2d_aa__vec(input: Tensor, output_size: Optional[List[int]], align_corners: bool,
                                 scale_factors: Optional[List[float]]) -> Tensor:
    if input.dim() == 4:
        if output_size is not None and scale_factors is None:
            return torch._upsample_bilinear2d_aa(input, output_size, align_corners, None, None)
        if output_size is None and scale_factors is not None:
            sizes: List[int] = []
            for d in range(2):
                sizes.append(int(float(input.size(d + 2)) * scale_factors[d]))
            return torch._upsample_bilinear2d_aa(input, sizes, align_corners, scale_factors[0], scale_factors[1])
    return torch._upsample_bilinear2d_aa(input, output_size, align_corners, scale_factors)


def angle(self: Tensor) -> Tensor:
    if not self.is_floating_point():
        return torch.angle(self)
    return torch.where(torch.isnan(self), self, torch.where(self < 0, 3.141592653589793, 0.0).to(self.dtype))


def conj_physical(self: Tensor) -> Tensor:
    return self

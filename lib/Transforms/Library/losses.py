# SPDX-License-Identifier: Apache-2.0
# Losses: an expression of the elements, and then nothing, a mean or a sum.

def same_floats(a: Tensor, b: Tensor) -> bool:
    return a.is_floating_point() and a.dtype == b.dtype


def reduce_losses(losses: Tensor, reduction: int) -> Tensor:
    if reduction == 0:
        return losses
    if reduction == 1:
        return losses.mean()
    return losses.sum()


def smooth_l1_loss(self: Tensor, target: Tensor, reduction: int, beta: float) -> Tensor:
    if beta <= 0 or not same_floats(self, target):
        return torch.smooth_l1_loss(self, target, reduction, beta)
    d = (self - target).abs()
    return reduce_losses(torch.where(d < beta, d * d * (0.5 / beta), d - 0.5 * beta), reduction)


def huber_loss(self: Tensor, target: Tensor, reduction: int, delta: float) -> Tensor:
    if delta <= 0 or not same_floats(self, target):
        return torch.huber_loss(self, target, reduction, delta)
    d = (self - target).abs()
    return reduce_losses(torch.where(d < delta, d * d * 0.5, (d - 0.5 * delta) * delta), reduction)


def mse_loss(self: Tensor, target: Tensor, reduction: int) -> Tensor:
    if not same_floats(self, target):
        return torch.mse_loss(self, target, reduction)
    d = self - target
    return reduce_losses(d * d, reduction)


def l1_loss(self: Tensor, target: Tensor, reduction: int) -> Tensor:
    if not same_floats(self, target):
        return torch.l1_loss(self, target, reduction)
    return reduce_losses((self - target).abs(), reduction)


def soft_margin_loss(self: Tensor, target: Tensor, reduction: int) -> Tensor:
    if not same_floats(self, target):
        return torch.soft_margin_loss(self, target, reduction)
    return reduce_losses(torch.log1p(torch.exp(-target * self)), reduction)


def margin_ranking_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: float, reduction: int) -> Tensor:
    if (not same_floats(input1, input2) or not same_floats(input1, target) or input1.dim() != input2.dim()
            or input1.dim() != target.dim()):
        return torch.margin_ranking_loss(input1, input2, target, margin, reduction)
    return reduce_losses(torch.clamp_min(-target * (input1 - input2) + margin, 0), reduction)


def hinge_embedding_loss(self: Tensor, target: Tensor, margin: float, reduction: int) -> Tensor:
    if not same_floats(self, target):
        return torch.hinge_embedding_loss(self, target, margin, reduction)
    room = torch.where(target != 1, torch.clamp_min(torch.rsub(self, margin), 0), 0)
    return reduce_losses(room + torch.where(target != -1, self, 0), reduction)


def kl_div(self: Tensor, target: Tensor, reduction: int, log_target: bool) -> Tensor:
    if not same_floats(self, target):
        return torch.kl_div(self, target, reduction, log_target=log_target)
    if log_target:
        return reduce_losses(torch.exp(target) * (target - self), reduction)
    return reduce_losses(torch.where(target == 0, target, target * torch.log(target)) - target * self, reduction)


def poisson_nll_loss(input: Tensor, target: Tensor, log_input: bool, full: bool, eps: float, reduction: int) -> Tensor:
    if not same_floats(input, target):
        return torch.poisson_nll_loss(input, target, log_input, full, eps, reduction)
    if log_input:
        losses = torch.exp(input) - target * input
    else:
        losses = input - target * torch.log(input + eps)
    if full:
        rest = target * torch.log(target) - target + torch.log(target * 6.283185307179586) * 0.5
        losses = losses + torch.where(target > 1, rest, 0)
    return reduce_losses(losses, reduction)


# Probabilities out of range are the operator's to report.
def binary_cross_entropy(self: Tensor, target: Tensor, weight: Optional[Tensor], reduction: int) -> Tensor:
    if not same_floats(self, target) or not bool(((self >= 0) & (self <= 1)).all()):
        return torch.binary_cross_entropy(self, target, weight, reduction)
    p = torch.clamp_min(torch.log(self), -100)
    q = torch.clamp_min(torch.log1p(-self), -100)
    losses = (target - 1) * q - target * p
    if weight is not None:
        losses = losses * weight
    return reduce_losses(losses, reduction)


def binary_cross_entropy_with_logits(self: Tensor, target: Tensor, weight: Optional[Tensor], pos_weight: Optional[Tensor],
                                     reduction: int) -> Tensor:
    if not same_floats(self, target):
        return torch.binary_cross_entropy_with_logits(self, target, weight, pos_weight, reduction)
    soft = torch.log1p(torch.exp(-self.abs())) + torch.clamp_min(-self, 0)
    if pos_weight is not None:
        soft = ((pos_weight - 1) * target + 1) * soft
    losses = torch.rsub(target, 1) * self + soft
    if weight is not None:
        losses = losses * weight
    return reduce_losses(losses, reduction)


def triplet_margin_loss(anchor: Tensor, positive: Tensor, negative: Tensor, margin: float, p: float, eps: float, swap: bool,
                        reduction: int) -> Tensor:
    if (not same_floats(anchor, positive) or not same_floats(anchor, negative) or anchor.dim() != positive.dim()
            or anchor.dim() != negative.dim() or anchor.dim() == 0):
        return torch.triplet_margin_loss(anchor, positive, negative, margin, p, eps, swap, reduction)
    near = torch.pairwise_distance(anchor, positive, p, eps)
    far = torch.pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = torch.minimum(far, torch.pairwise_distance(positive, negative, p, eps))
    return reduce_losses(torch.clamp_min(near - far + margin, 0), reduction)


def cosine_embedding_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: float, reduction: int) -> Tensor:
    dim = target.dim()
    if not same_floats(input1, input2) or dim > 1 or input1.dim() != dim + 1 or input2.dim() != dim + 1:
        return torch.cosine_embedding_loss(input1, input2, target, margin, reduction)
    a = (input1 * input1).sum([dim]) + 1e-12
    b = (input2 * input2).sum([dim]) + 1e-12
    cosine = (input1 * input2).sum([dim]) / torch.sqrt(a * b)
    near = torch.where(target == 1, torch.rsub(cosine, 1), 0)
    return reduce_losses(near + torch.where(target == -1, torch.clamp_min(cosine - margin, 0), 0), reduction)


# Classes out of range are the operator's to report.
def nll_loss_nd(self: Tensor, target: Tensor, weight: Optional[Tensor], reduction: int, ignore_index: int) -> Tensor:
    if self.dim() < 1 or self.dim() != target.dim() + 1 or target.dtype != 4 or not self.is_floating_point():
        return torch.nll_loss_nd(self, target, weight, reduction, ignore_index)
    scores, wanted = self, target
    if self.dim() == 1:
        scores, wanted = self.unsqueeze(0), target.unsqueeze(0)
    ignored = wanted == ignore_index
    inside = (wanted >= 0) & (wanted < scores.size(1))
    if not bool((inside | ignored).all()):
        return torch.nll_loss_nd(self, target, weight, reduction, ignore_index)
    classes = torch.where(ignored, 0, wanted)
    losses = -scores.gather(1, classes.unsqueeze(1)).squeeze(1)
    if weight is not None:
        weights = torch.where(ignored, 0, weight.index_select(0, classes.reshape([-1])).reshape(classes.size()))
        losses = losses * weights
    else:
        weights = torch.where(ignored, 0, torch.ones_like(losses))
    losses = torch.where(ignored, 0, losses)
    if reduction == 1:
        return losses.sum() / weights.sum()
    if reduction == 0:
        return losses.reshape(target.size())
    return losses.sum()


def cross_entropy_loss(self: Tensor, target: Tensor, weight: Optional[Tensor], reduction: int, ignore_index: int,
                       label_smoothing: float) -> Tensor:
    if self.dim() < 2 or label_smoothing != 0:
        return torch.cross_entropy_loss(self, target, weight, reduction, ignore_index, label_smoothing)
    scores = torch.log_softmax(self, 1)
    if target.dtype == 4:
        return torch.nll_loss_nd(scores, target, weight, reduction, ignore_index)
    if self.size() != target.size() or not same_floats(self, target) or weight is not None:
        return torch.cross_entropy_loss(self, target, weight, reduction, ignore_index, label_smoothing)
    return reduce_losses(-(scores * target).sum([1]), reduction)


# Classes out of range are the operator's to report.
def multi_margin_loss(self: Tensor, target: Tensor, p: number, margin: number, weight: Optional[Tensor],
                      reduction: int) -> Tensor:
    power = float(p)
    if (self.dim() != 2 or target.dim() != 1 or target.dtype != 4 or not self.is_floating_point()
            or (power != 1.0 and power != 2.0) or self.size(0) != target.size(0)):
        return torch.multi_margin_loss(self, target, p, margin, weight, reduction)
    if not bool(((target >= 0) & (target < self.size(1))).all()):
        return torch.multi_margin_loss(self, target, p, margin, weight, reduction)
    column = target.unsqueeze(1)
    room = self - self.gather(1, column) + margin
    counts = (room > 0) & (torch.arange(self.size(1)).unsqueeze(0) != column)
    losses = torch.where(counts, room, 0)
    if power == 2.0:
        losses = losses * losses
    losses = losses.sum([1]) / self.size(1)
    if weight is not None:
        losses = losses * weight.index_select(0, target)
    return reduce_losses(losses, reduction)

# SPDX-License-Identifier: Apache-2.0
# What nn.MultiheadAttention and nn.TransformerEncoderLayer call outside training.

# The mask in the form that scores take: a bool one says what is left out, a type of 1 that it is one of keys.
def kept_scores(mask: Optional[Tensor], mask_type: Optional[int]) -> Optional[Tensor]:
    if mask is None:
        return None
    kept = mask
    if mask.dtype == 11:
        kept = torch.logical_not(mask)
    if mask_type == 1:
        kept = kept.reshape([mask.size(0), 1, 1, mask.size(1)])
    return kept


# Queries, keys and values come from one product.
def _native_multi_head_attention(query: Tensor, key: Tensor, value: Tensor, embed_dim: int, num_head: int,
                                 qkv_weight: Tensor, qkv_bias: Tensor, proj_weight: Tensor, proj_bias: Tensor,
                                 mask: Optional[Tensor], need_weights: bool, average_attn_weights: bool,
                                 mask_type: Optional[int]) -> Tuple[Tensor, Tensor]:
    is_plain = query is key and key is value and query.dim() == 3
    if not is_plain or (mask is not None and (need_weights or (mask_type == 1 and mask.dim() != 2))):
        return torch._native_multi_head_attention(query, key, value, embed_dim, num_head, qkv_weight, qkv_bias, proj_weight,
                                                  proj_bias, mask, need_weights, average_attn_weights, mask_type)
    batch, rows = query.size(0), query.size(1)
    packed = torch.linear(query, qkv_weight, qkv_bias).view([batch, rows, 3, num_head, embed_dim // num_head])
    q, k, v = packed.select(2, 0).transpose(1, 2), packed.select(2, 1).transpose(1, 2), packed.select(2, 2).transpose(1, 2)
    if need_weights:
        scale = float(embed_dim // num_head) ** -0.5
        weights = torch.softmax(torch.matmul(q, k.transpose(2, 3)) * scale, 3)
        attended = torch.matmul(weights, v)
        if average_attn_weights:
            weights = weights.mean([1])
    else:
        weights = ops.prim.AutogradZero()
        attended = torch.scaled_dot_product_attention(q, k, v, kept_scores(mask, mask_type))
    joined = attended.transpose(1, 2).reshape([batch, rows, embed_dim])
    return torch.linear(joined, proj_weight, proj_bias), weights


# Attention and a feed-forward network, each behind or in front of a normalization.
def _transformer_encoder_layer_fwd(src: Tensor, embed_dim: int, num_heads: int, qkv_weight: Tensor, qkv_bias: Tensor,
                                   proj_weight: Tensor, proj_bias: Tensor, use_gelu: bool, norm_first: bool, eps: float,
                                   norm_weight_1: Tensor, norm_bias_1: Tensor, norm_weight_2: Tensor, norm_bias_2: Tensor,
                                   ffn_weight_1: Tensor, ffn_bias_1: Tensor, ffn_weight_2: Tensor, ffn_bias_2: Tensor,
                                   mask: Optional[Tensor], mask_type: Optional[int]) -> Tensor:
    x = src
    if norm_first:
        x = torch.layer_norm(x, [embed_dim], norm_weight_1, norm_bias_1, eps)
    attended, weights = torch._native_multi_head_attention(x, x, x, embed_dim, num_heads, qkv_weight, qkv_bias, proj_weight,
                                                           proj_bias, mask, False, False, mask_type)
    x = attended + src
    if not norm_first:
        x = torch.layer_norm(x, [embed_dim], norm_weight_1, norm_bias_1, eps)
    inner = x
    if norm_first:
        inner = torch.layer_norm(x, [embed_dim], norm_weight_2, norm_bias_2, eps)
    inner = torch.linear(inner, ffn_weight_1, ffn_bias_1)
    if use_gelu:
        inner = torch.gelu(inner)
    else:
        inner = torch.relu(inner)
    x = torch.linear(inner, ffn_weight_2, ffn_bias_2) + x
    if not norm_first:
        x = torch.layer_norm(x, [embed_dim], norm_weight_2, norm_bias_2, eps)
    return x

# SPDX-License-Identifier: Apache-2.0
# Einstein sums of two tensors as one batched product of matrices, and of one tensor.

# Whether every letter of a side stands there once, and either in the other side or in the result.
def is_plain(side: str, other: str, out: str) -> bool:
    plain = True
    for i in range(len(side)):
        c = side[i]
        plain = plain and side.count(c) == 1 and (other.find(c) >= 0 or out.find(c) >= 0)
    return plain


def sizes_of(t: Tensor, side: str, letters: str) -> List[int]:
    sizes: List[int] = []
    for i in range(len(letters)):
        sizes.append(t.size(side.find(letters[i])))
    return sizes


def places(side: str, letters: str) -> List[int]:
    dims: List[int] = []
    for i in range(len(letters)):
        dims.append(side.find(letters[i]))
    return dims


def product(sizes: List[int]) -> int:
    total = 1
    for size in sizes:
        total = total * size
    return total


# A sum over the dims of one tensor that the result lacks.
def is_sum(text: str, arrow: int, rank: int) -> bool:
    side, out = text[:arrow], text[arrow + 2:]
    plain = arrow == rank and len(out) < rank
    for i in range(len(side)):
        plain = plain and side.count(side[i]) == 1
    for i in range(len(out)):
        plain = plain and out.count(out[i]) == 1 and side.find(out[i]) >= 0
    return plain


def summed(x: Tensor, side: str, out: str) -> Tensor:
    added: List[int] = []
    kept = ""
    for i in range(len(side)):
        if out.find(side[i]) < 0:
            added.append(i)
        else:
            kept = kept + side[i]
    total = x.sum(added)
    if kept == out:
        return total
    return total.permute(places(kept, out))


def einsum(equation: str, tensors: List[Tensor], path: Optional[List[int]]) -> Tensor:
    text = equation.replace(" ", "")
    arrow, comma = text.find("->"), text.find(",")
    if len(tensors) == 1 and text.find(".") < 0 and arrow >= 0 and tensors[0].is_floating_point():
        if is_sum(text, arrow, tensors[0].dim()):
            return summed(tensors[0], text[:arrow], text[arrow + 2:])
    if len(tensors) != 2 or text.find(".") >= 0 or arrow < 0 or comma < 0:
        return torch.einsum(equation, tensors, path=path)
    a, b, out = text[:comma], text[comma + 1:arrow], text[arrow + 2:]
    x, y = tensors[0], tensors[1]
    plain = is_plain(a, b, out) and is_plain(b, a, out) and x.is_floating_point() and x.dtype == y.dtype
    plain = plain and x.dim() == len(a) and y.dim() == len(b)
    both, rows, columns, added = "", "", "", ""
    for i in range(len(a)):
        c = a[i]
        if b.find(c) >= 0:
            plain = plain and x.size(i) == y.size(b.find(c))
            if out.find(c) >= 0:
                both = both + c
            else:
                added = added + c
        else:
            rows = rows + c
    for i in range(len(b)):
        if a.find(b[i]) < 0:
            columns = columns + b[i]
    made = both + rows + columns
    plain = plain and is_plain(out, made, "") and len(out) == len(made)
    if not plain:
        return torch.einsum(equation, tensors, path=path)
    batch, heights, widths = sizes_of(x, a, both), sizes_of(x, a, rows), sizes_of(y, b, columns)
    depth = product(sizes_of(x, a, added))
    left = x.permute(places(a, both + rows + added)).reshape([product(batch), product(heights), depth])
    right = y.permute(places(b, both + added + columns)).reshape([product(batch), depth, product(widths)])
    result = torch.bmm(left, right).reshape(batch + heights + widths)
    if made == out:
        return result
    return result.permute(places(made, out))

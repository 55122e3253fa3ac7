// SPDX-License-Identifier: Apache-2.0
// Programs whose batch has no known size: compiled for parts of it, they give what generic kernels
// give, for empty batches and for all numbers of parts, and where operators mix its elements.
#include "Shell.h"

#include <catch2/catch.hpp>

using namespace tsc::test;

static const char *const kSource = R"(
def numbers(n: int, sizes: List[int]) -> Tensor:
    total = n
    for size in sizes:
        total = total * size
    return torch.sin(torch.arange(total, dtype=torch.float32) * 1.7).reshape([n] + sizes)

def indices(n: int, sizes: List[int]) -> Tensor:
    return (numbers(n, sizes) * 4 + 5).to(torch.long)

def weight(sizes: List[int]) -> Tensor:
    return numbers(sizes[0], sizes[1:]) * 0.3

def images(x: Tensor) -> Tensor:
    y = torch.conv2d(x, weight([6, 4, 3, 3]), weight([6]), [1, 1], [1, 1])
    z = torch.relu_(y) + torch.conv2d(x, weight([6, 4, 1, 1]))
    z = torch.max_pool2d(z, [2, 2])
    z = torch.conv2d(z, weight([6, 1, 3, 3]), None, [2, 2], [1, 1], [1, 1], 6)
    z = torch.hardsigmoid(torch.adaptive_avg_pool2d(z, [1, 1])) * z
    return torch.linear(torch.flatten(z, 1), weight([10, 24]), weight([10]))

def tokens(x: Tensor) -> Tuple[Tensor, Tensor]:
    n = x.size(0)
    y = torch.cat([weight([1, 1, 16]).expand(n, -1, -1), torch.embedding(weight([11, 16]), x)], 1)
    q = y.view(n, 7, 2, 8).transpose(1, 2)
    a = torch.scaled_dot_product_attention(q, q, q)
    y = y + a.transpose(1, 2).reshape(n, 7, 16)
    y = torch.layer_norm(y, [16], weight([16]), weight([16]))
    y = y + torch.linear(torch.gelu(torch.linear(y, weight([32, 16]))), weight([16, 32]))
    return y[:, 0], torch.softmax(torch.matmul(y, y.transpose(1, 2)), -1)

def inner(x: Tensor) -> List[Tensor]:
    y = torch.matmul(x, weight([7, 7]))
    best, at = torch.max(y, 1)
    return [y.sum([1]), y.mean([2], True), torch.softmax(y, 1), torch.cumsum(y, -1), best, at,
            torch.var(y, [1, 2]), torch.flip(y, [1]), torch.cat([y, x], 2), torch.bmm(y, x.transpose(1, 2)),
            torch.stack([y, x], 1), y.chunk(5, 1)[3], torch.addmm(weight([3]), x[:, 1], weight([7, 3]))]

def across(x: Tensor) -> List[Tensor]:
    y = torch.linear(x, weight([7, 7]))
    return [torch.softmax(y, 0), torch.cumsum(y, 0), torch.flip(y, [0]), y - y.mean([0]), torch.matmul(y.t(), y),
            y * y.size(0), y.view(-1), torch.cat([y, y], 0), y.t(), torch.sum(y), y.repeat(2, 1), torch.roll(y, 1),
            y.unsqueeze(0) + y.unsqueeze(1), torch.linear(y.reshape(7, -1).t(), weight([2, 7]))]

def later(x: Tensor) -> List[Tensor]:
    whole = x.view(x.size(0), 7, 1)
    y = torch.linear(x, weight([7, 7]))
    first = y[:, 1:3]
    rows = first.unsqueeze(1)
    y.add_(1)
    whole.add_(0.5)
    z = torch.linear(y, weight([7, 7]))
    y.mul_(2)
    first.sub_(3)
    return [z + y, first, rows, whole, x, y]
)";

TEST_CASE("batches of any size are compiled in parts, with the same results") {
  Shell shell;
  shell.write("f.py", kSource);
  std::string inputs = " --input 'images.x:f32[N,4,8,8]' --input 'tokens.x:i64[N,6]'"
                       " --input 'inner.x:f32[N,5,7]' --input 'across.x:f32[N,7]'"
                       " --input 'later.x:f32[N,7]'";
  REQUIRE(shell.run("tsc f.py -o libf.so" + inputs).code == 0);
  REQUIRE(shell.run("tsc f.py -o libg.so --no-codegen").code == 0);
  for (const char *batch : {"0", "1", "7", "8", "17"})
    for (auto [method, maker, sizes] :
         {std::tuple{"images", "numbers", "[4,8,8]"}, std::tuple{"tokens", "indices", "[6]"},
          std::tuple{"inner", "numbers", "[5,7]"}, std::tuple{"across", "numbers", "[7]"},
          std::tuple{"later", "numbers", "[7]"}}) {
      INFO(method << " of " << batch);
      auto run = [&](const std::string &library, const std::string &name, const std::string &rest) {
        Outcome o = shell.run("tsc run " + library + " --method " + name + " " + rest);
        INFO(o.err);
        CHECK(o.code == 0);
        return o;
      };
      run("libg.so", maker,
          std::string("--arg n=") + batch + " --arg sizes=" + sizes + " --save x.pt");
      run("libg.so", method, "--args x.pt --save want.pt");
      Outcome o = run("libf.so", method, "-v --args x.pt --expect want.pt --rtol 1e-4 --atol 1e-5");
      bool isCompiled = o.err.find("ran: 0 compiled") == std::string::npos;
      CHECK((isCompiled || std::string(batch) == "0"));
    }
}

// SPDX-License-Identifier: Apache-2.0
#include "Upgraders.h"

#include "Emitter.h"

#include "tsc/Python/Parser.h"

using namespace mlir;

namespace tsc::importer {

static const Upgrader kUpgraders[] = {
    {"aten::div.Tensor", 4, "div_tensor", "aten::div.Tensor(Tensor self, Tensor other) -> Tensor"},
    {"aten::div.Scalar", 4, "div_scalar", "aten::div.Scalar(Tensor self, Scalar other) -> Tensor"},
    {"aten::div.out", 4, "div_out",
     "aten::div.out(Tensor self, Tensor other, *, Tensor(a!) out) -> Tensor(a!)"},
    {"aten::div.Tensor_mode", 4, "div_tensor_mode",
     "aten::div.Tensor_mode(Tensor self, Tensor other, *, str? rounding_mode) -> Tensor"},
    {"aten::div.Scalar_mode", 4, "div_scalar_mode",
     "aten::div.Scalar_mode(Tensor self, Scalar other, *, str? rounding_mode) -> Tensor"},
    {"aten::div.out_mode", 4, "div_out_mode",
     "aten::div.out_mode(Tensor self, Tensor other, *, str? rounding_mode, Tensor(a!) out) -> "
     "Tensor(a!)"},
    {"aten::div_.Tensor", 4, "div_inplace_tensor",
     "aten::div_.Tensor(Tensor(a!) self, Tensor other) -> Tensor(a!)"},
    {"aten::div_.Scalar", 4, "div_inplace_scalar",
     "aten::div_.Scalar(Tensor(a!) self, Scalar other) -> Tensor(a!)"},
    {"aten::div_.Tensor_mode", 4, "div_inplace_tensor_mode",
     "aten::div_.Tensor_mode(Tensor(a!) self, Tensor other, *, str? rounding_mode) -> Tensor(a!)"},
    {"aten::div_.Scalar_mode", 4, "div_inplace_scalar_mode",
     "aten::div_.Scalar_mode(Tensor(a!) self, Scalar other, *, str? rounding_mode) -> Tensor(a!)"},
    {"aten::full", 5, "full",
     "aten::full(int[] size, Scalar fill_value, *, ScalarType? dtype=None, Layout? layout=None, "
     "Device? device=None, bool? "
     "pin_memory=None) -> Tensor"},
    {"aten::full.out", 5, "full_out",
     "aten::full.out(int[] size, Scalar fill_value, *, Tensor(a!) out) -> Tensor(a!)"},
    {"aten::linspace", 8, "linspace",
     "aten::linspace(Scalar start, Scalar end, int? steps=None, *, ScalarType? dtype=None, Layout? "
     "layout=None, Device? "
     "device=None, bool? pin_memory=None) -> Tensor"},
    {"aten::linspace.out", 8, "linspace_out",
     "aten::linspace.out(Scalar start, Scalar end, int? steps=None, *, Tensor(a!) out) -> "
     "Tensor(a!)"},
    {"aten::logspace", 9, "logspace",
     "aten::logspace(Scalar start, Scalar end, int? steps=None, float base=10.0, *, ScalarType? "
     "dtype=None, Layout? "
     "layout=None, Device? device=None, bool? pin_memory=None) -> Tensor"},
    {"aten::logspace.out", 9, "logspace_out",
     "aten::logspace.out(Scalar start, Scalar end, int? steps=None, float base=10.0, *, Tensor(a!) "
     "out) -> Tensor(a!)"},
    {"aten::gelu", 10, "gelu", "aten::gelu(Tensor self) -> Tensor"},
    {"aten::gelu.out", 10, "gelu_out", "aten::gelu.out(Tensor self, *, Tensor(a!) out) -> Tensor"},
};

// Division of integers truncated, full of an integer gave floats, linspace and logspace had 100
// steps unless told, gelu had no approximation.
static const char kSource[] = R"(
def div_tensor(a: Tensor, b: Tensor) -> Tensor:
  if torch.is_floating_point(a) or torch.is_floating_point(b):
    c = torch.div(a, b)
  else:
    c = torch.div(a, b, rounding_mode="trunc")
  return c

def div_scalar(a: Tensor, b: number) -> Tensor:
  if torch.is_floating_point(a) or isinstance(b, float):
    c = torch.div(a, b)
  else:
    c = torch.div(a, b, rounding_mode="trunc")
  return c

def div_out(a: Tensor, b: Tensor, out: Tensor) -> Tensor:
  if torch.is_floating_point(a) or torch.is_floating_point(b) or torch.is_floating_point(out):
    c = torch.div(a, b, out=out)
  else:
    c = torch.div(a, b, rounding_mode="trunc", out=out)
  return c

def div_tensor_mode(a: Tensor, b: Tensor, mode: Optional[str]) -> Tensor:
  return torch.div(a, b, rounding_mode=mode)

def div_scalar_mode(a: Tensor, b: number, mode: Optional[str]) -> Tensor:
  return torch.div(a, b, rounding_mode=mode)

def div_out_mode(a: Tensor, b: Tensor, mode: Optional[str], out: Tensor) -> Tensor:
  return torch.div(a, b, rounding_mode=mode, out=out)

def div_inplace_tensor(a: Tensor, b: Tensor) -> Tensor:
  if torch.is_floating_point(a) or torch.is_floating_point(b):
    c = torch.div_(a, b)
  else:
    c = torch.div_(a, b, rounding_mode="trunc")
  return c

def div_inplace_scalar(a: Tensor, b: number) -> Tensor:
  if torch.is_floating_point(a) or isinstance(b, float):
    c = torch.div_(a, b)
  else:
    c = torch.div_(a, b, rounding_mode="trunc")
  return c

def div_inplace_tensor_mode(a: Tensor, b: Tensor, mode: Optional[str]) -> Tensor:
  return torch.div_(a, b, rounding_mode=mode)

def div_inplace_scalar_mode(a: Tensor, b: number, mode: Optional[str]) -> Tensor:
  return torch.div_(a, b, rounding_mode=mode)

def full(size: List[int], value: number, dtype: Optional[int], layout: Optional[int], device: Optional[Device],
         pin: Optional[bool]) -> Tensor:
  if dtype is None:
    c = torch.full(size, float(value), dtype=dtype, layout=layout, device=device, pin_memory=pin)
  else:
    c = torch.full(size, value, dtype=dtype, layout=layout, device=device, pin_memory=pin)
  return c

def full_out(size: List[int], value: number, out: Tensor) -> Tensor:
  return torch.full(size, value, out=out)

def linspace(a: number, b: number, steps: Optional[int], dtype: Optional[int], layout: Optional[int],
             device: Optional[Device], pin: Optional[bool]) -> Tensor:
  if steps is None:
    c = torch.linspace(a, b, 100, dtype=dtype, layout=layout, device=device, pin_memory=pin)
  else:
    c = torch.linspace(a, b, steps, dtype=dtype, layout=layout, device=device, pin_memory=pin)
  return c

def linspace_out(a: number, b: number, steps: Optional[int], out: Tensor) -> Tensor:
  if steps is None:
    c = torch.linspace(a, b, 100, out=out)
  else:
    c = torch.linspace(a, b, steps, out=out)
  return c

def logspace(a: number, b: number, steps: Optional[int], base: float, dtype: Optional[int], layout: Optional[int],
             device: Optional[Device], pin: Optional[bool]) -> Tensor:
  if steps is None:
    c = torch.logspace(a, b, 100, base, dtype=dtype, layout=layout, device=device, pin_memory=pin)
  else:
    c = torch.logspace(a, b, steps, base, dtype=dtype, layout=layout, device=device, pin_memory=pin)
  return c

def logspace_out(a: number, b: number, steps: Optional[int], base: float, out: Tensor) -> Tensor:
  if steps is None:
    c = torch.logspace(a, b, 100, base, out=out)
  else:
    c = torch.logspace(a, b, steps, base, out=out)
  return c

def gelu(a: Tensor) -> Tensor:
  return torch.gelu(a, approximate="none")

def gelu_out(a: Tensor, out: Tensor) -> Tensor:
  return torch.gelu(a, approximate="none", out=out)
)";

const Upgrader *findUpgrader(StringRef operatorName, unsigned version) {
  for (const Upgrader &upgrader : kUpgraders)
    if (operatorName == upgrader.operatorName)
      return version < upgrader.bumpedAt ? &upgrader : nullptr;
  return nullptr;
}

const ts::Schema &oldSchema(const Upgrader &upgrader) {
  static const std::vector<ts::Schema> kSchemas = [] {
    std::vector<ts::Schema> all;
    for (const Upgrader &row : kUpgraders) {
      std::string error;
      std::optional<ts::Schema> schema = ts::parseSchema(row.oldSchema, error);
      all.push_back(schema ? std::move(*schema) : ts::Schema());
    }
    return all;
  }();
  return kSchemas[&upgrader - kUpgraders];
}

UpgraderLibrary::UpgraderLibrary() = default;
UpgraderLibrary::~UpgraderLibrary() = default;

ts::FuncOp UpgraderLibrary::get(const Upgrader &upgrader, MLIRContext *context,
                                DiagnosticEngine &engine) {
  if (!program) {
    module = ModuleOp::create(UnknownLoc::get(context));
    program = std::make_unique<Program>(context, engine);
    program->module = *module;
    auto source = std::make_unique<Source>();
    source->path = "<upgraders>";
    source->tree = python::parseModule(source->path, kSource, engine, python::Dialect::Source);
    if (!source->tree)
      return {};
    program->definitions.addSource(std::move(source));
  }
  if (auto known = program->module.lookupSymbol<ts::FuncOp>(upgrader.function))
    return known;
  Definition *definition = program->definitions.find(upgrader.function);
  if (!definition || !FunctionEmitter(*program, *definition->function).emit())
    return {};
  return program->module.lookupSymbol<ts::FuncOp>(upgrader.function);
}

} // namespace tsc::importer

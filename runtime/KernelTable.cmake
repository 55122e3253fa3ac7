# SPDX-License-Identifier: Apache-2.0
# Writes a C++ table of all operator kernels (tsc_rt_<namespace>_<name>) of an archive.
execute_process(COMMAND ${NM} --defined-only --extern-only -j ${ARCHIVE} OUTPUT_VARIABLE names RESULT_VARIABLE rc)
if(NOT rc EQUAL 0)
  message(FATAL_ERROR "cannot list ${ARCHIVE}")
endif()
string(REGEX MATCHALL "tsc_rt_[a-z_]*_[A-Za-z0-9_]+" names "${names}")
list(REMOVE_DUPLICATES names)
list(SORT names)
set(declarations "")
set(rows "")
foreach(name ${names})
  if(name MATCHES "^tsc_rt_(aten|prim|prims|quantized|_quantized|torchvision|inductor|static|profiler|debugprims|ops)_")
    string(APPEND declarations "int32_t ${name}(tsc::Context *, const tsc::Value *, tsc::Value *);\n")
    string(APPEND rows "    {\"${name}\", ${name}},\n")
  endif()
endforeach()
file(WRITE ${OUT} "// Made by KernelTable.cmake: every operator kernel, in the order of names.
#include \"tsc/runtime/KernelTable.h\"
extern \"C\" {\n${declarations}}
namespace tsc::rt {
static const KernelEntry kTable[] = {\n${rows}    {nullptr, nullptr}};
KernelTable kernelTable() { return {kTable, sizeof(kTable) / sizeof(kTable[0]) - 1}; }
} // namespace tsc::rt\n")

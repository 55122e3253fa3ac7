# SPDX-License-Identifier: Apache-2.0
# How this project makes a library, a tool and a test, said once.

add_library(tsc_options INTERFACE)
target_include_directories(tsc_options INTERFACE
  ${PROJECT_SOURCE_DIR}/include ${PROJECT_BINARY_DIR}/include)
target_include_directories(tsc_options SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS} ${LLD_INCLUDE_DIRS})
target_compile_options(tsc_options INTERFACE
  -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers $<$<BOOL:${TSC_WERROR}>:-Werror>)
if(TSC_SANITIZE)
  target_compile_options(tsc_options INTERFACE -fsanitize=${TSC_SANITIZE} -fno-omit-frame-pointer -fno-sanitize=vptr)
  target_link_options(tsc_options INTERFACE -fsanitize=${TSC_SANITIZE})
endif()

# The one precompiled header of everything that includes MLIR.
add_library(tsc_mlir_pch OBJECT ${PROJECT_SOURCE_DIR}/cmake/MlirPch.cpp)
target_link_libraries(tsc_mlir_pch PUBLIC tsc_options)
target_compile_options(tsc_mlir_pch PRIVATE -fno-exceptions)
target_precompile_headers(tsc_mlir_pch PRIVATE ${PROJECT_SOURCE_DIR}/cmake/MlirPch.h)

# tsc_add_library(NAME [MLIR] SOURCES... [DEPENDS libraries...])
# A static library of one room of lib/. MLIR: its sources use the shared precompiled header.
function(tsc_add_library name)
  cmake_parse_arguments(ARG "MLIR" "" "SOURCES;DEPENDS;GENERATED" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PUBLIC tsc_options ${ARG_DEPENDS})
  target_compile_options(${name} PRIVATE -fno-exceptions)
  if(ARG_MLIR)
    target_precompile_headers(${name} REUSE_FROM tsc_mlir_pch)
    target_link_libraries(${name} PUBLIC MLIR LLVM)
  endif()
  if(ARG_GENERATED)
    add_dependencies(${name} ${ARG_GENERATED})
  endif()
endfunction()

# tsc_add_unit_test(NAME SOURCES... DEPENDS libraries...): a Catch2 binary whose cases become ctests.
function(tsc_add_unit_test name)
  cmake_parse_arguments(ARG "MLIR" "LABEL" "SOURCES;DEPENDS" ${ARGN})
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  add_executable(${name} ${ARG_SOURCES} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE tsc_options ${ARG_DEPENDS} Catch2::Catch2WithMain)
  catch_discover_tests(${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT 600)
endfunction()

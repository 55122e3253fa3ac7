# SPDX-License-Identifier: Apache-2.0
# Fails when an archive needs a symbol that is neither its own nor on the list of allowed libc and libm names, or has
# static constructors.
execute_process(COMMAND ${NM} --undefined-only -j ${ARCHIVE} OUTPUT_VARIABLE undefined)
execute_process(COMMAND ${NM} --defined-only -j ${ARCHIVE} OUTPUT_VARIABLE defined)
file(STRINGS ${ALLOWED} allowed)
string(REPLACE "\n" ";" undefined "${undefined}")
string(REPLACE "\n" ";" defined "${defined}")
list(REMOVE_DUPLICATES undefined)
list(REMOVE_ITEM undefined ${defined} ${allowed} "")
list(FILTER undefined EXCLUDE REGEX ":$")
list(FILTER defined INCLUDE REGEX "^_GLOBAL__sub_I_")
if(undefined)
  message(FATAL_ERROR "symbols that are not allowed: ${undefined}")
endif()
if(defined)
  message(FATAL_ERROR "static constructors: ${defined}")
endif()

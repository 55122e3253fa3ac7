# SPDX-License-Identifier: Apache-2.0
# Writes text files as C++ initializers {"name", R"(text)"}, one each. -DFILES=a|b... -DOUT=...
string(REPLACE "|" ";" files "${FILES}")
set(all "")
foreach(path ${files})
  get_filename_component(name ${path} NAME)
  file(READ ${path} text)
  string(APPEND all "{\"${name}\", R\"tsc_text(${text})tsc_text\"},\n")
endforeach()
file(WRITE ${OUT} "${all}")

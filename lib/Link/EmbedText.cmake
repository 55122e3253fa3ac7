# SPDX-License-Identifier: Apache-2.0
# Writes a text file as C++ raw string literals. -DIN=... -DOUT=...
file(READ ${IN} text)
file(WRITE ${OUT} "R\"tsc_text(${text})tsc_text\"\n")

# SPDX-License-Identifier: MIT
#
# The manual page and --help tell of the same options, and of the same exit codes.
#   cmake -DPROGRAM=…/mqtt-pub -DPAGE=…/mqtt-pub.1 -P manual.cmake
cmake_minimum_required(VERSION 3.25)

execute_process(COMMAND ${PROGRAM} --help OUTPUT_VARIABLE help ERROR_VARIABLE said
                RESULT_VARIABLE code)
if(NOT code EQUAL 0 OR NOT said STREQUAL "")
  message(FATAL_ERROR "${PROGRAM} --help: exit code ${code}, ${said}")
endif()
file(READ ${PAGE} page)

# CMake's lists give ; \ [ ] a meaning of their own.
foreach(text IN ITEMS help page)
  string(REPLACE "\\-" "-" ${text} "${${text}}")
  string(REGEX REPLACE "[][;\\]" " " ${text} "${${text}}")
endforeach()

# The page names an option where it explains it, on the line after .TP.
string(REGEX MATCHALL "\n\\.TP\n[^\n]*" headings "${page}")
string(REGEX MATCHALL "--[a-z][a-z0-9-]*" in_page "${headings}")
string(REGEX MATCHALL "--[a-z][a-z0-9-]*" in_help "${help}")
list(REMOVE_DUPLICATES in_page)
list(REMOVE_DUPLICATES in_help)

set(complaints "")
foreach(option IN LISTS in_help)
  if(NOT option IN_LIST in_page)
    list(APPEND complaints "${option} stands in --help only")
  endif()
endforeach()
foreach(option IN LISTS in_page)
  if(NOT option IN_LIST in_help)
    list(APPEND complaints "${option} stands in the manual page only")
  endif()
endforeach()

foreach(code IN ITEMS 0 1 2 3 4 5 6 27 129 130 143)
  foreach(text IN ITEMS help page)
    if(NOT ${text} MATCHES "(^|[^0-9])${code}([^0-9]|$)")
      list(APPEND complaints "exit code ${code} is missing in the ${text}")
    endif()
  endforeach()
endforeach()

list(LENGTH in_help count)
if(count LESS 50)
  list(APPEND complaints "--help names ${count} options only")
endif()
if(complaints)
  list(JOIN complaints "\n  " complaints)
  message(FATAL_ERROR "${PAGE}:\n  ${complaints}")
endif()
message(STATUS "${count} options are in --help and in the manual page")

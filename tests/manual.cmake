# SPDX-License-Identifier: MIT
#
# The manual page and --help all tell of the same options, and of the same exit codes.
#   cmake -DPROGRAM=…/mqtt-pub -DPAGE=…/mqtt-pub.1 -P manual.cmake
cmake_minimum_required(VERSION 3.18)

execute_process(COMMAND ${PROGRAM} --help all OUTPUT_VARIABLE help ERROR_VARIABLE said
                RESULT_VARIABLE code)
if(NOT code EQUAL 0 OR NOT said STREQUAL "")
  message(FATAL_ERROR "${PROGRAM} --help all: exit code ${code}, ${said}")
endif()
file(READ ${PAGE} page)

# CMake's lists give ; \ [ ] a meaning of their own.
foreach(text IN ITEMS help page)
  string(REPLACE "\\-" "-" ${text} "${${text}}")
  string(REGEX REPLACE "[][;\\]" " " ${text} "${${text}}")
endforeach()

string(REGEX MATCH "\nExit codes:.*" help_codes "${help}")
string(REGEX MATCH "EXIT STATUS.*\n\\.SH ENVIRONMENT" page_codes "${page}")
string(REPLACE "${help_codes}" "" help "${help}")
string(REGEX MATCHALL "--[a-z][a-z0-9-]*" in_help "${help}")

# The page explains an option below a line with its names, the one that --help shows first.
set(in_page "")
set(aliases "")
string(REGEX MATCHALL "\n\\.TP\n[^\n]*" headings "${page}")
foreach(heading IN LISTS headings)
  string(REGEX MATCHALL "--[a-z][a-z0-9-]*" names "${heading}")
  list(POP_FRONT names first)
  list(APPEND in_page ${first})
  list(APPEND aliases ${names})
endforeach()
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
foreach(option IN LISTS aliases)
  # All of them take a value: the program asks for it, or does not know them.
  execute_process(COMMAND ${PROGRAM} --no-config ${option} OUTPUT_QUIET ERROR_VARIABLE said)
  if(NOT said MATCHES " needs ")
    list(APPEND complaints "${option} stands in the manual page, but: ${said}")
  endif()
endforeach()

foreach(code IN ITEMS 0 1 2 3 4 5 6 7 27 75 129 130 143)
  foreach(text IN ITEMS help_codes page_codes)
    if(NOT ${text} MATCHES "[^0-9]${code}[^0-9]")
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

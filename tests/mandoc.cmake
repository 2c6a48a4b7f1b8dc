# SPDX-License-Identifier: MIT
#
# The manual pages have the sections that readers look for, name this version and a day, and mandoc
# has nothing to say about them.
#   cmake -DMANDOC=… -DROOT=… -DVERSION=… -P mandoc.cmake
cmake_minimum_required(VERSION 3.18)

set(complaints "")
foreach(app IN ITEMS mqtt-pub mqtt-sub)
  set(page ${ROOT}/apps/${app}.1)
  file(READ ${page} text)
  foreach(section IN ITEMS NAME SYNOPSIS DESCRIPTION OPTIONS "EXIT STATUS" ENVIRONMENT FILES
                           EXAMPLES "SEE ALSO")
    if(NOT text MATCHES "\n\\.SH \"?${section}\"?\n")
      string(APPEND complaints "${app}.1 has no section ${section}\n")
    endif()
  endforeach()
  string(TOUPPER ${app} title)
  if(NOT text MATCHES "\n\\.TH ${title} 1 \"20[0-9][0-9]-[01][0-9]-[0-3][0-9]\" \"mqtt-tools ${VERSION}\" ")
    string(APPEND complaints "${app}.1: its title has no day, or not the version ${VERSION}\n")
  endif()
  if(MANDOC)
    execute_process(COMMAND ${MANDOC} -T lint ${page} OUTPUT_VARIABLE said ERROR_VARIABLE said)
    string(APPEND complaints "${said}")
  endif()
endforeach()

if(complaints)
  message(FATAL_ERROR "${complaints}")
elseif(NOT MANDOC)
  message(STATUS "test skipped: there is no mandoc")
endif()

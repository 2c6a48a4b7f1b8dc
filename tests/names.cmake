# SPDX-License-Identifier: MIT
#
# What the name of a test may not hold. Debian's Catch2 2.13 hands names to ctest in a way that
# loses those with a semicolon or a backslash: such a test is reported as passed and never runs.
# One that begins with a dash is an option to Catch2. Two tests of one name are one too few.
cmake_minimum_required(VERSION 3.25)

set(complaints "")
set(seen "")
file(GLOB_RECURSE files RELATIVE ${ROOT} ${ROOT}/tests/*.cpp)
foreach(file IN LISTS files)
  file(READ ${ROOT}/${file} text)
  # CMake's lists give ; \ [ ] a meaning of their own.
  string(ASCII 1 semicolon)
  string(ASCII 2 backslash)
  string(REPLACE ";" "${semicolon}" text "${text}")
  string(REPLACE "\\" "${backslash}" text "${text}")
  string(REPLACE "[" "(" text "${text}")
  string(REPLACE "]" ")" text "${text}")

  set(macro "(^|\n)[ \t]*(TEMPLATE_)?(TEST_CASE|TEST_CASE_METHOD|SCENARIO)[ \t]*\\(")
  string(REGEX MATCHALL "${macro}" macros "${text}")
  string(REGEX MATCHALL "${macro}([A-Za-z0-9_:]+,)?[ \t\n]*\"[^\"\n]*\"([ \t\n]+\"[^\"\n]*\")*"
         tests "${text}")
  list(LENGTH macros expected)
  list(LENGTH tests found)
  if(NOT expected EQUAL found)
    list(APPEND complaints "${file}: a test whose name this check cannot read")
  endif()

  foreach(test IN LISTS tests)
    string(REGEX REPLACE "\"[ \t\n]+\"" "" name "${test}")
    string(REGEX REPLACE "^[^\"]*\"(.*)\"$" "\\1" name "${name}")
    if(name MATCHES "[${semicolon}${backslash}]")
      string(REPLACE "${semicolon}" "<semicolon>" name "${name}")
      string(REPLACE "${backslash}" "<backslash>" name "${name}")
      list(APPEND complaints "${file}: no semicolon, no backslash: ${name}")
    elseif(name MATCHES "^-")
      # Catch2 takes such a name for one of its own options.
      list(APPEND complaints "${file}: no dash at the beginning: ${name}")
    elseif(name STREQUAL "")
      list(APPEND complaints "${file}: a test without a name")
    elseif(name IN_LIST seen)
      list(APPEND complaints "${file}: there is such a test already: ${name}")
    endif()
    list(APPEND seen "${name}")
  endforeach()
endforeach()

if(NOT seen)
  list(APPEND complaints "none was found below ${ROOT}/tests")
endif()
if(complaints)
  list(JOIN complaints "\n  " complaints)
  message(FATAL_ERROR "Names of tests:\n  ${complaints}")
endif()
list(LENGTH seen count)
message(STATUS "${count} names of tests are as they should be")

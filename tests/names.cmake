# SPDX-License-Identifier: MIT
#
# What names may not hold: those of tests here, those in the code at the end.
#
# Debian's Catch2 2.13 hands names to ctest in a way that
# loses those with a semicolon or a backslash: such a test is reported as passed and never runs.
# One that begins with a dash is an option to Catch2. Two tests of one name are one too few.
cmake_minimum_required(VERSION 3.18)

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

# An engineer who knows MQTT, sockets and Unix shall guess from a name what it stands for. These
# words told nobody anything but those who had chosen them; comments and texts may use them.
set(words huddle drizzle breath teller courier keeper hurdle errand dismissal landing farewell habit mailbox doorstep doorman)
# As a word of an identifier these mean what everybody takes them for: no class, no file is named so.
set(nouns bell desk ring approach attempt cause retries notice reporter flight talk account intake exchange verdict wanted handler ready interrupt publication reception ink brush world guest house hall room)

# any_of(RESULT WORD...): a regular expression that matches one of them within an identifier, as
# `some_word`, `SomeWords` or `word`, but not as a part of another word.
function(any_of result)
  set(capitals "")
  foreach(word IN LISTS ARGN)
    string(SUBSTRING ${word} 0 1 first)
    string(SUBSTRING ${word} 1 -1 rest)
    string(TOUPPER ${first} first)
    list(APPEND capitals ${first}${rest})
  endforeach()
  list(JOIN capitals "|" capitals)
  list(JOIN ARGN "|" words)
  set(${result} "((${capitals})|(^|[^A-Za-z])(${words}))s?([^a-z]|$)" PARENT_SCOPE)
endfunction()
any_of(words_expression ${words})
any_of(nouns_expression ${nouns})

set(complaints "")
file(GLOB_RECURSE files RELATIVE ${ROOT} ${ROOT}/src/* ${ROOT}/apps/* ${ROOT}/tests/*)
foreach(file IN LISTS files)
  if(file MATCHES "${words_expression}" OR file MATCHES "${nouns_expression}")
    list(APPEND complaints "the file ${file}")
  endif()
  if(NOT file MATCHES "\\.[ch]pp$|CMakeLists.txt$|\\.cmake$" OR file STREQUAL "tests/names.cmake")
    continue()
  endif()

  file(READ ${ROOT}/${file} text)
  string(REGEX REPLACE "[][;\\]" "." text "${text}")
  if(file MATCHES "\\.[ch]pp$")
    string(REPLACE "'\"'" "" text "${text}")
    string(REGEX REPLACE "\"[^\"\n]*\"" "" text "${text}")
    string(REGEX REPLACE "//[^\n]*" "" text "${text}")
  else()
    string(REGEX REPLACE "#[^\n]*" "" text "${text}")
  endif()
  string(REGEX MATCHALL "[A-Za-z0-9_]*${words_expression}" found "${text}")
  string(REGEX MATCHALL "(class|struct|using|enum|namespace) +[A-Za-z0-9_]*${nouns_expression}"
         types "${text}")
  foreach(name IN LISTS found types)
    string(STRIP "${name}" name)
    list(APPEND complaints "${file}: ${name}")
  endforeach()
endforeach()

list(REMOVE_DUPLICATES complaints)
if(complaints)
  list(JOIN complaints "\n  " complaints)
  message(FATAL_ERROR "Names that say nothing to a newcomer:\n  ${complaints}")
endif()

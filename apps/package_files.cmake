# SPDX-License-Identifier: MIT
#
# Run by cpack between installing and packing: makes of what was installed what Debian's policy asks
# for. https://www.debian.org/doc/debian-policy/ch-docs.html
cmake_minimum_required(VERSION 3.19)

set(root ${CPACK_TEMPORARY_INSTALL_DIRECTORY})
set(share ${root}/usr/share)
set(documents ${share}/doc/${CPACK_PACKAGE_NAME})

# The day of the release is the one that the manual pages name.
file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/mqtt-pub.1 title REGEX "^\\.TH ")
string(REGEX MATCH "[0-9]+-[0-9]+-[0-9]+" day "${title}")
execute_process(COMMAND date --utc --rfc-email --date=${day} OUTPUT_VARIABLE day
                OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
file(WRITE ${documents}/changelog
"${CPACK_PACKAGE_NAME} (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium

  * Release ${CPACK_PACKAGE_VERSION}; CHANGELOG.md tells what is new in it.

 -- ${CPACK_DEBIAN_PACKAGE_MAINTAINER}  ${day}
")

file(READ ${CMAKE_CURRENT_LIST_DIR}/../LICENSE license)
string(REGEX MATCH "Copyright[^\n]*" copyright "${license}")
string(REGEX REPLACE "^Copyright( \\(c\\))? " "" copyright "${copyright}")
string(REGEX REPLACE "^.*\n\n(Permission.*[^\n])\n*$" "\\1" license "${license}")
string(REPLACE "\n\n" "\n.\n" license "${license}")
string(REPLACE "\n" "\n " license "${license}")
file(WRITE ${documents}/copyright
"Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: ${CPACK_PACKAGE_NAME}

Files: *
Copyright: ${copyright}
License: MIT

License: MIT
 ${license}
")

file(GLOB pages ${share}/man/man1/*.1)
file(COPY ${CMAKE_CURRENT_LIST_DIR}/../CHANGELOG.md ${CMAKE_CURRENT_LIST_DIR}/../docs/examples
     DESTINATION ${documents})
foreach(file IN LISTS pages ITEMS ${documents}/changelog ${documents}/CHANGELOG.md)
  execute_process(COMMAND gzip -9n ${file} COMMAND_ERROR_IS_FATAL ANY)
endforeach()

# zsh of Debian looks for what packages bring in a folder of its own.
file(MAKE_DIRECTORY ${share}/zsh)
if(EXISTS ${share}/zsh/site-functions)
  file(RENAME ${share}/zsh/site-functions ${share}/zsh/vendor-completions)
endif()

file(GLOB_RECURSE files ${root}/*)
foreach(file IN LISTS files)
  if(NOT file MATCHES "/usr/bin/")
    file(CHMOD ${file} PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
  endif()
endforeach()

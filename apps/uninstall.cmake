# SPDX-License-Identifier: MIT
#
# Removes what `cmake --install` wrote down in this build folder, and folders of ours that are empty
# then:  cmake --build build/release --target uninstall
cmake_minimum_required(VERSION 3.18)

set(manifest ${CMAKE_BINARY_DIR}/install_manifest.txt)
if(NOT EXISTS ${manifest})
  message(FATAL_ERROR "Nothing is known of an installation: there is no ${manifest}, which "
                      "cmake --install writes.")
endif()
file(STRINGS ${manifest} files)
foreach(file IN LISTS files)
  set(file "$ENV{DESTDIR}${file}")
  if(EXISTS "${file}" OR IS_SYMLINK "${file}")
    message(STATUS "Removing ${file}")
    file(REMOVE "${file}")
    if(EXISTS "${file}")
      message(FATAL_ERROR "${file} could not be removed")
    endif()
  endif()
  get_filename_component(folder "${file}" DIRECTORY)
  while(folder MATCHES "/mqtt-tools(/|$)")
    file(GLOB rest "${folder}/*")
    if(rest)
      break()
    endif()
    file(REMOVE_RECURSE "${folder}")
    get_filename_component(folder "${folder}" DIRECTORY)
  endwhile()
endforeach()
file(REMOVE ${manifest})

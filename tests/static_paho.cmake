# SPDX-License-Identifier: MIT
#
# A Paho C that is a static library is refused before anything is built, and the reason is said.
#   cmake -DROOT=… -DFOLDER=… -P static_paho.cmake
cmake_minimum_required(VERSION 3.18)

# refused(NAME CONFIGURATION OPTION...): with a Paho C that this configuration declares, or the
# options name.
function(refused name configuration)
  set(folder ${FOLDER}/${name})
  file(REMOVE_RECURSE ${folder})
  file(WRITE ${folder}/libpaho-mqtt3as.a "")
  string(REPLACE FOLDER ${folder} configuration "${configuration}")
  string(REPLACE FOLDER ${folder} options "${ARGN}")
  file(WRITE ${folder}/eclipse-paho-mqtt-cConfig.cmake "${configuration}")
  execute_process(COMMAND ${CMAKE_COMMAND} -S ${ROOT} -B ${folder}/build
                          ${options}
                  OUTPUT_QUIET ERROR_VARIABLE said RESULT_VARIABLE code)
  string(REGEX REPLACE "[ \n]+" " " said "${said}")
  if(code EQUAL 0 OR NOT said MATCHES "Paho C is a static library here .*libpaho-mqtt3as.a")
    message(FATAL_ERROR "${name}: cmake ended with ${code} and said: ${said}")
  endif()
  file(REMOVE_RECURSE ${folder})
endfunction()

refused(usual-name "
add_library(eclipse-paho-mqtt-c::paho-mqtt3as STATIC IMPORTED)
set_target_properties(eclipse-paho-mqtt-c::paho-mqtt3as PROPERTIES
  IMPORTED_LOCATION_RELEASE FOLDER/libpaho-mqtt3as.a IMPORTED_CONFIGURATIONS RELEASE)"
  -Declipse-paho-mqtt-c_DIR=FOLDER)
refused(name-of-its-own "
add_library(eclipse-paho-mqtt-c::paho-mqtt3as-static STATIC IMPORTED)
set_target_properties(eclipse-paho-mqtt-c::paho-mqtt3as-static PROPERTIES
  IMPORTED_LOCATION FOLDER/libpaho-mqtt3as.a)"
  -Declipse-paho-mqtt-c_DIR=FOLDER)
refused(found-by-paho-cpp "" -DPAHO_MQTT_C_LIBRARIES=FOLDER/libpaho-mqtt3as.a)

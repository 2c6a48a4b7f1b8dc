# The house rules, as a test: each room, and the doors it may open.
# A door is the first folder of an #include. Headers without a folder
# (<string>, "message.hpp") are the street and the hall, open to all.
cmake_minimum_required(VERSION 3.25)

set(street sys arpa net netinet linux sanitizer)
set(doors_hall)
set(doors_payload    payload)
set(doors_connection connection mqtt openssl)
set(doors_feed       feed payload)
set(doors_output     output payload)
set(doors_run        run cli connection feed output payload re2)
set(doors_cli        cli connection feed output payload CLI toml++)
set(doors_apps       run cli connection feed output payload)

# Third-party headers stay out of ours, but for the one that is their doorstep.
set(guests nlohmann mqtt openssl CLI toml++ re2)
set(doorsteps src/connection/paho/options.hpp)

set(crossings "")
file(GLOB_RECURSE files RELATIVE ${ROOT} ${ROOT}/src/*.?pp ${ROOT}/apps/*.?pp)
foreach(file IN LISTS files)
  if(file MATCHES "^src/([^/]+)/")
    set(room ${CMAKE_MATCH_1})
  elseif(file MATCHES "^apps/")
    set(room apps)
  else()
    set(room hall)
  endif()
  set(doors ${street} ${doors_${room}})
  if(file MATCHES "\\.hpp$" AND NOT file IN_LIST doorsteps)
    list(REMOVE_ITEM doors ${guests})
  endif()

  file(STRINGS ${ROOT}/${file} includes REGEX "^[ \t]*#[ \t]*include[ \t]*[<\"]([^>\"]+/|MQTT)")
  foreach(include IN LISTS includes)
    if(include MATCHES "[<\"]MQTT")
      set(door mqtt)
    else()
      string(REGEX REPLACE "^[^<\"]*[<\"]([^/]+)/.*" "\\1" door "${include}")
    endif()
    if(file MATCHES "^src/cli/" AND include MATCHES "\"run/options\\.hpp\"")
      continue()  # Of a run, cli knows the structs that it fills.
    endif()
    if(NOT door IN_LIST doors)
      list(APPEND crossings "  ${file}: ${include}")
    endif()
  endforeach()
endforeach()

if(crossings)
  list(JOIN crossings "\n" crossings)
  message(FATAL_ERROR "Includes through a door that their room does not have:\n${crossings}")
endif()

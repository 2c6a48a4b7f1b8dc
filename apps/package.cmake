# SPDX-License-Identifier: MIT
#
# What `cpack -G DEB` makes of the installed files: one .deb for Debian and its relatives.

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME ${PROJECT_NAME})
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY ${PROJECT_DESCRIPTION})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
# As a component: what cpack installs would else overwrite the list that `uninstall` goes by.
set(CPACK_INSTALL_CMAKE_PROJECTS "${PROJECT_BINARY_DIR};${PROJECT_NAME};Unspecified;/")
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/package_files.cmake)
# Whatever the umask of who builds it.
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT) # mqtt-tools_VERSION_amd64.deb
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "The mqtt-tools authors <mqtt-tools@packages.invalid>"
    CACHE STRING "Who answers for the Debian package")
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"mqtt-pub publishes messages and ends with 0 only once the broker has taken
them all. mqtt-sub subscribes, shows what comes and tells the shell how it
went. Both speak MQTT 5 and 3.1.1 over TCP, TLS, WebSocket and Unix-domain
sockets, and take the options of mosquitto_pub and mosquitto_sub.
.
They decode JSON, CBOR and MessagePack, wait for expected messages in scripts,
run commands for messages, show a live table of topics, and keep what cannot
be delivered in a spool on the disk.")

# What the programs are linked with is found by dpkg-shlibdeps. SQLite (--spool) and ncurses
# (--watch) are loaded when they are asked for, so it does not see them.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR}/src)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libsqlite3-0, libncursesw6, libtinfo6")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS mosquitto)

include(CPack)

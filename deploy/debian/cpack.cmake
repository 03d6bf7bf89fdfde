# What CPack puts into a Debian package; scripts/package_deb.sh prepares the files and the variables.
set(CPACK_PACKAGE_NAME $ENV{AVOCET_PACKAGE})
set(CPACK_PACKAGE_VERSION $ENV{AVOCET_VERSION})
set(CPACK_PACKAGE_CONTACT $ENV{AVOCET_MAINTAINER})
set(CPACK_PACKAGE_VENDOR avocet)
set(CPACK_PACKAGE_FILE_NAME $ENV{AVOCET_PACKAGE}) # of the folder that it works in
set(CPACK_INSTALLED_DIRECTORIES $ENV{AVOCET_STAGE} /)
set(CPACK_PACKAGING_INSTALL_PREFIX /)
set(CPACK_SET_DESTDIR OFF)
set(CPACK_STRIP_FILES OFF)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE $ENV{AVOCET_REVISION})
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)

if(CPACK_PACKAGE_NAME STREQUAL "avocet")
  set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "sensor readings to a Delta lakehouse with anomalies found")
  set(CPACK_PACKAGE_DESCRIPTION
"avocet turns raw IoT sensor streams (files, HTTP, MQTT, Kafka, and others) into
a Delta lakehouse in which anomalies are already found and explained, and
people are told. It is one program for one small machine.
.
This package runs it as a service. The SQL engine behind \"avocet query\" is in
the package avocet-query.")
  set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, ca-certificates, tzdata")
  set(CPACK_DEBIAN_PACKAGE_RECOMMENDS avocet-query)
  set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
  foreach(script postinst prerm postrm conffiles)
    list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_LIST_DIR}/${script})
  endforeach()
else()
  set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "SQL engine for the tables that avocet writes")
  set(CPACK_PACKAGE_DESCRIPTION
"The program behind \"avocet query\": it answers read-only SQL over a lake of
Delta tables, within limits of memory and time, and may die without harm to
the service.")
  set(CPACK_DEBIAN_PACKAGE_ENHANCES avocet)
endif()

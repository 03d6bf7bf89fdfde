# avocet_lake_rust: the archive of rust/lake as a target to link.
if(AVOCET_SANITIZE STREQUAL "thread")
  # Rust is not instrumented, so what its atomics and locks order looks like a race. As a library of
  # its own ThreadSanitizer can leave it out (test/tsan.supp); in a static link it cannot be told from C++.
  set(shared ${CMAKE_BINARY_DIR}/libavocet_lake.so)
  add_custom_command(OUTPUT ${shared}
    COMMAND ${CMAKE_CXX_COMPILER} -shared -o ${shared} -Wl,-soname,libavocet_lake.so
      -Wl,--whole-archive ${AVOCET_LAKE_LIBRARY} -Wl,--no-whole-archive -lpthread -ldl -lm
    DEPENDS ${AVOCET_LAKE_LIBRARY} VERBATIM)
  add_custom_target(avocet_lake_shared DEPENDS ${shared})
  add_library(avocet_lake_rust SHARED IMPORTED)
  set_target_properties(avocet_lake_rust PROPERTIES IMPORTED_LOCATION ${shared})
  add_dependencies(avocet_lake_rust avocet_lake_shared)
else()
  add_library(avocet_lake_rust STATIC IMPORTED)
  set_target_properties(avocet_lake_rust PROPERTIES IMPORTED_LOCATION ${AVOCET_LAKE_LIBRARY})
endif()
target_include_directories(avocet_lake_rust SYSTEM INTERFACE ${CMAKE_SOURCE_DIR}/rust/lake/include)
target_link_libraries(avocet_lake_rust INTERFACE Threads::Threads ${CMAKE_DL_LIBS} m)

# Warnings, sanitizers and the linker, as one interface target.
add_library(avocet_flags INTERFACE)
target_include_directories(avocet_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(avocet_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wold-style-cast -Wnon-virtual-dtor
  -Woverloaded-virtual -Wno-missing-field-initializers -fstack-protector-strong)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 at -O3 reports plain string concatenation.
  target_compile_options(avocet_flags INTERFACE -Wno-restrict)
endif()
if(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  # The same rows as on x86-64: no products and sums in one step that rounds once, and bytes with a sign.
  add_compile_options(-ffp-contract=off -fsigned-char)
endif()
if(AVOCET_WERROR)
  target_compile_options(avocet_flags INTERFACE -Werror)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O3 -g1 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g -D_GLIBCXX_ASSERTIONS")
if(AVOCET_SANITIZE)
  # Names and lines are all that a report shows; the rest is most of a tree's gigabytes.
  add_compile_options(-g1)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # With sanitizers g++ 12 finds uninitialized members inside of std::regex and std::variant.
    add_compile_options(-Wno-maybe-uninitialized)
  endif()
endif()
if(AVOCET_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  # These look at every pointer that is followed. With g++ they double the time of the build; a null
  # pointer ends the program without them, and what clang builds (scripts/fuzz.sh) has them all.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-fno-sanitize=null,alignment,object-size,vptr)
  endif()
  add_link_options(-fsanitize=address,undefined)
elseif(AVOCET_SANITIZE STREQUAL "thread")
  # g++ warns that ThreadSanitizer does not see the fences of Boost.Asio; its locks it sees.
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer -Wno-tsan)
  add_link_options(-fsanitize=thread)
endif()
if(AVOCET_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "AVOCET_FUZZ needs clang: -DCMAKE_CXX_COMPILER=clang++-19")
  endif()
  # Every layer is instrumented for coverage; test/fuzz links the fuzzing loop itself.
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()
# Most of what the Rust archives hold is not used, and their functions have sections of their own.
add_link_options($<$<CONFIG:Release>:-Wl,--gc-sections>)
find_program(AVOCET_MOLD mold)
if(AVOCET_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
find_program(AVOCET_CCACHE ccache)
if(AVOCET_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${AVOCET_CCACHE})
endif()

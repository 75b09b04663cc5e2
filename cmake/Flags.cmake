# Compiler flags of every target: strict, fatal warnings, and the hardening that costs little.
add_library(dibs_flags INTERFACE)
target_include_directories(dibs_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(dibs_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wnon-virtual-dtor
  -Wold-style-cast -Wcast-align -Woverloaded-virtual -Wnull-dereference -Wimplicit-fallthrough
  -Werror -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False alarms of g++ 12 inside the standard library's own string and vector code.
  target_compile_options(dibs_flags INTERFACE
    -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds -Wno-maybe-uninitialized
    -Wno-null-dereference -Wno-dangling-pointer)
endif()
target_compile_definitions(dibs_flags INTERFACE _GLIBCXX_ASSERTIONS)

# Another set of flags is another build of everything, for every cache of the house: on for what is handed out.
option(DIBS_HARDEN "Everything that hardens, and no path of this machine in the binary" OFF)
set(DIBS_FORTIFY 2)
if(DIBS_HARDEN)
  set(DIBS_FORTIFY 3)
endif()

if(DIBS_SANITIZE)
  target_compile_options(dibs_flags INTERFACE
    -fsanitize=${DIBS_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(dibs_flags INTERFACE -fsanitize=${DIBS_SANITIZE})
else()
  # scripts/check_hardening.py reads the finished binary for each of these.
  target_compile_options(dibs_flags INTERFACE
    -fstack-protector-strong $<$<CONFIG:Release>:-U_FORTIFY_SOURCE> $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=${DIBS_FORTIFY}>)
  target_link_options(dibs_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack,--build-id=sha1)
  if(DIBS_HARDEN)
    # The last makes builds in two directories equal: no path of a machine gets into code, assertions or what a
    # debugger reads.
    target_compile_options(dibs_flags INTERFACE
      -fstack-clash-protection -fcf-protection=full -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
  endif()
endif()

find_program(DIBS_CCACHE ccache)
if(DIBS_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${DIBS_CCACHE})
endif()
find_program(DIBS_MOLD mold)
if(DIBS_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

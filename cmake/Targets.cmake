# dibs_library(folder [DEPENDS folder...] [LINK target...])
# One static library of all sources directly in src/<folder>. An empty folder is a header library.
function(dibs_library folder)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${folder}/*.cpp)
  list(TRANSFORM ARG_DEPENDS PREPEND "dibs_")
  if(sources)
    add_library(dibs_${folder} STATIC ${sources})
    target_link_libraries(dibs_${folder} PUBLIC dibs_flags ${ARG_DEPENDS} Threads::Threads
                                         PRIVATE ${ARG_LINK})
  else()
    add_library(dibs_${folder} INTERFACE)
    target_link_libraries(dibs_${folder} INTERFACE dibs_flags ${ARG_DEPENDS} Threads::Threads)
  endif()
endfunction()

# dibs_tests(folder [LINK target...] [LABELS label...])
# One test program of all tests/<folder>/*.cpp, registered under the folder's name. Labels say in which
# stages of scripts/test it runs: unit (release build), sanitize (address, undefined), threaded (thread).
function(dibs_tests folder)
  cmake_parse_arguments(ARG "" "" "LINK;LABELS" ${ARGN})
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit sanitize)
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${folder}/*.cpp)
  if(NOT sources)
    return()
  endif()
  add_executable(dibs_${folder}_tests ${sources})
  # Where src is built in batches of files (the sanitizers' presets), tests still stand alone: they
  # may call their own things alike.
  set_target_properties(dibs_${folder}_tests PROPERTIES UNITY_BUILD OFF)
  target_link_libraries(dibs_${folder}_tests PRIVATE ${ARG_LINK} GTest::gtest GTest::gtest_main)
  target_include_directories(dibs_${folder}_tests PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  add_test(NAME ${folder} COMMAND dibs_${folder}_tests --gtest_brief=1)
  set_tests_properties(${folder} PROPERTIES LABELS "${ARG_LABELS}")
  # `tests_LABEL` builds what a stage needs, and no more.
  foreach(label ${ARG_LABELS})
    if(NOT TARGET tests_${label})
      add_custom_target(tests_${label})
    endif()
    add_dependencies(tests_${label} dibs_${folder}_tests)
  endforeach()
endfunction()

# What every target of the project is compiled with, and the one precompiled header that they share.

add_library(project_options INTERFACE)
target_include_directories(project_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_definitions(project_options INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION
  BOOST_ASIO_NO_DEPRECATED
  BOOST_BEAST_SEPARATE_COMPILATION
  ORCHESTRATOR_VERSION="${PROJECT_VERSION}")
target_compile_options(project_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wimplicit-fallthrough -Werror)
target_link_libraries(project_options INTERFACE Threads::Threads Boost::headers Boost::json fmt::fmt)

if(SANITIZE)
  target_compile_options(project_options INTERFACE -fsanitize=${SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(project_options INTERFACE -fsanitize=${SANITIZE})
endif()
if(COVERAGE)
  target_compile_options(project_options INTERFACE -fprofile-instr-generate -fcoverage-mapping)
  target_link_options(project_options INTERFACE -fprofile-instr-generate)
endif()

find_program(LLD ld.lld-19)
if(LLD)
  target_link_options(project_options INTERFACE -fuse-ld=lld-19)
endif()

# ccache needs to be told that a precompiled header stands for its text.
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
    CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
  target_compile_options(project_options INTERFACE "SHELL:-Xclang -fno-pch-timestamp")
endif()

# The separately compiled parts of the header libraries, and the precompiled header of all others.
add_library(precompiled STATIC ${PROJECT_SOURCE_DIR}/cmake/boost_asio.cpp ${PROJECT_SOURCE_DIR}/cmake/boost_beast.cpp)
target_link_libraries(precompiled PUBLIC project_options OpenSSL::SSL)
target_precompile_headers(precompiled PRIVATE ${PROJECT_SOURCE_DIR}/cmake/precompiled.h)
target_compile_options(precompiled PRIVATE -fpch-instantiate-templates)

# orchestrator_library(NAME SOURCES ... [USES ...]): one folder, one target.
function(orchestrator_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;USES" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC ${ARG_USES} precompiled)
  target_compile_options(${name} PRIVATE -fpch-instantiate-templates)
  target_precompile_headers(${name} REUSE_FROM precompiled)
endfunction()

# orchestrator_program(NAME SOURCES ... [USES ...]): as above, for a program.
function(orchestrator_program name)
  add_program_with(precompiled ${name} ${ARGN})
endfunction()

# orchestrator_test(NAME SOURCES ... [USES ...]): as above, for tests. They take longer to compile than to run, and so are
# not optimised, whatever the preset; a precompiled header cannot be shared across levels of optimisation.
function(orchestrator_test name)
  if(NOT TARGET precompiled_for_tests)
    add_library(precompiled_for_tests STATIC ${PROJECT_SOURCE_DIR}/cmake/precompiled_for_tests.cpp)
    target_link_libraries(precompiled_for_tests PUBLIC precompiled)
    target_precompile_headers(precompiled_for_tests PRIVATE ${PROJECT_SOURCE_DIR}/cmake/precompiled.h)
    target_compile_options(precompiled_for_tests PUBLIC -O0 PRIVATE -fpch-instantiate-templates)
  endif()
  add_program_with(precompiled_for_tests ${name} ${ARGN})
endfunction()

function(add_program_with precompiled name)
  cmake_parse_arguments(ARG "" "" "SOURCES;USES" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_USES} ${precompiled})
  target_compile_options(${name} PRIVATE -fpch-instantiate-templates)
  target_precompile_headers(${name} REUSE_FROM ${precompiled})
endfunction()

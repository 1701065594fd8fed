# embed_files(TARGET FUNCTION FILES...): the files become part of the binary. The target gets a source that defines
# `std::span<const embedded_file> FUNCTION()` (cmake/embedded_file.h), in the order of FILES.
function(embed_files target function)
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/${function}.cpp)
  set(files ${ARGN})
  list(TRANSFORM files PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/" OUTPUT_VARIABLE absolute)
  add_custom_command(
    OUTPUT ${generated}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${generated} -DFUNCTION=${function} "-DFILES=${files}"
            -DROOT=${CMAKE_CURRENT_SOURCE_DIR} -P ${PROJECT_SOURCE_DIR}/cmake/write_embedded_files.cmake
    DEPENDS ${absolute} ${PROJECT_SOURCE_DIR}/cmake/write_embedded_files.cmake
    VERBATIM)
  target_sources(${target} PRIVATE ${generated})
endfunction()

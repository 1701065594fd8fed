# embed_sql(TARGET NAMESPACE FILES...): every .sql file becomes a constant, so that a binary carries its own SQL.
# The generated header `<target>_sql.h` declares `std::span<const embedded_sql> embedded_sql_files()`.
function(embed_sql target)
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/embedded_sql.cpp)
  add_custom_command(
    OUTPUT ${generated}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${generated} "-DFILES=${ARGN}" -DROOT=${CMAKE_CURRENT_SOURCE_DIR}
            -P ${PROJECT_SOURCE_DIR}/cmake/write_embedded_sql.cmake
    DEPENDS ${ARGN} ${PROJECT_SOURCE_DIR}/cmake/write_embedded_sql.cmake
    VERBATIM)
  target_sources(${target} PRIVATE ${generated})
endfunction()

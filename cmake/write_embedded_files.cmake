# Run by embed_files: writes OUTPUT, which defines FUNCTION, from FILES.
set(text "#include \"cmake/embedded_file.h\"\n\nnamespace orchestrator {\nnamespace {\nconstexpr embedded_file files[] = {\n")
foreach(file IN LISTS FILES)
  # Brackets would be taken for CMake's own list syntax.
  file(READ ${ROOT}/${file} content HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" content "${content}")
  string(REGEX REPLACE "((\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f]))"
    "\\1\"\n        \"" content "${content}")
  string(APPEND text "    {\"${file}\",\n        \"${content}\"},\n")
endforeach()
string(APPEND text "};\n}  // namespace\n\nstd::span<const embedded_file> ${FUNCTION}();\nstd::span<const embedded_file> ${FUNCTION}() { return files; }\n}  // namespace orchestrator\n")
file(WRITE ${OUTPUT} "${text}")

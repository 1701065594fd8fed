// The entry of libFuzzer. FUZZ_TARGET: the function of fuzz_target.h.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    orchestrator::fuzz::FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
    return 0;
}

// Any text as the name of a time zone: unknown, or a zone of the machine's own database and of that name.
#include <cstdlib>

#include "adapters/system/zone_files.h"
#include "tests/fuzz/fuzz_target.h"

namespace orchestrator::fuzz {

void zone_name(std::string_view input) {
    static system::zone_files zones;
    const std::string name{input};
    const auto found = zones.find(name);
    if (found ? (*found)->name() != name || name.contains("..") || name.starts_with('/')
              : found.error().code != errc::invalid_argument || found.error().message.size() > 1'000)
        std::abort();
}

}  // namespace orchestrator::fuzz

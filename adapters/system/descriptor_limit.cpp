#include "adapters/system/descriptor_limit.h"

#include <sys/resource.h>

#include <limits>

namespace orchestrator::system {
namespace {

std::size_t count_of(rlim_t limit) {
    return limit == RLIM_INFINITY ? std::numeric_limits<std::size_t>::max() : std::size_t{limit};
}

}  // namespace

descriptor_limit find_descriptor_limit() {
    rlimit held{};
    if (::getrlimit(RLIMIT_NOFILE, &held) != 0) return {};
    return {count_of(held.rlim_cur), count_of(held.rlim_max)};
}

descriptor_limit raise_descriptor_limit() {
    rlimit held{};
    if (::getrlimit(RLIMIT_NOFILE, &held) == 0 && held.rlim_cur < held.rlim_max) {
        held.rlim_cur = held.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &held);
    }
    return find_descriptor_limit();
}

}  // namespace orchestrator::system

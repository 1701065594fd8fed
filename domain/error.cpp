#include "domain/error.h"

namespace orchestrator {

std::string_view to_string(errc code) {
    switch (code) {
        case errc::invalid_argument:
            return "invalid_argument";
        case errc::not_found:
            return "not_found";
        case errc::already_exists:
            return "already_exists";
        case errc::state_conflict:
            return "state_conflict";
        case errc::superseded:
            return "superseded";
        case errc::store_unavailable:
            return "store_unavailable";
        case errc::store_full:
            return "store_full";
        case errc::store_read_only:
            return "store_read_only";
        case errc::store_unusable:
            return "store_unusable";
        case errc::store_corrupt:
            return "store_corrupt";
        case errc::entry_refused:
            return "entry_refused";
        case errc::schema_newer:
            return "schema_newer";
        case errc::unreadable:
            return "unreadable";
        case errc::service_failed:
            return "service_failed";
        case errc::stopping:
            return "stopping";
    }
    return "unknown";
}

}  // namespace orchestrator

#include "ports/http_client.h"

namespace orchestrator {

std::string_view to_string(http_fault fault) {
    switch (fault) {
        case http_fault::connect_failed:
            return "connect_failed";
        case http_fault::tls_failed:
            return "tls_failed";
        case http_fault::connection_lost:
            return "connection_lost";
        case http_fault::malformed_response:
            return "malformed_response";
        case http_fault::timed_out:
            return "timed_out";
        case http_fault::cancelled:
            return "cancelled";
    }
    return "unknown";
}

}  // namespace orchestrator

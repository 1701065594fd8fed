#include "api/message.h"

namespace orchestrator::api {

response json_response(int status, const json::value& body) {
    return {.status = status, .headers = {{"Content-Type", "application/json"}}, .body = json::serialize(body)};
}

}  // namespace orchestrator::api

#include "api/message.h"

#include "domain/json/exact_json.h"

namespace orchestrator::api {

response json_response(int status, const json::value& body) {
    return {.status = status, .headers = {{"Content-Type", "application/json"}}, .body = write_json_exactly(body)};
}

}  // namespace orchestrator::api

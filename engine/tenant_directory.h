// Which tenants there are: a typed client of the platform's tenant service. Its routes stand here and nowhere else.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "domain/error.h"
#include "domain/tenancy/list_walk.h"
#include "domain/tenancy/tenant.h"
#include "ports/clock.h"
#include "ports/http_client.h"
#include "ports/random.h"
#include "ports/task.h"

namespace orchestrator {

class tenant_directory {
  public:
    tenant_directory(http_client& http, clock& time, random_source& random, const http_origin& origin)
        : http_{http}, time_{time}, random_{random}, origin_{origin} {}

    // How long it may take, and who wants to know meanwhile. Every call tries again while the service is away.
    struct patience {
        steady_time deadline;
        std::stop_token stop;
        // Told when the second attempt fails, too, and with an empty text when a later one succeeds. Empty: nobody is.
        std::function<task<>(std::string problem)> on_trouble{};
        std::function<void()> on_attempt{};  // an attempt begins
    };
    // A page of the active tenants. service_failed: the service refused, answered something else than tenants, or time
    // ran out.
    task<result<listed_page>> page(patience, page_question);
    // nullopt: the service knows no such tenant. service_failed as above.
    task<result<std::optional<tenant>>> find(patience, tenant_id);

  private:
    // The body of the first 2xx that `is_right`; not_found for a 404.
    task<result<std::string>> ask(patience, std::string target, std::function<bool(const std::string&)> is_right);

    http_client& http_;
    clock& time_;
    random_source& random_;
    const http_origin& origin_;
};

}  // namespace orchestrator

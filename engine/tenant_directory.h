// Which tenants there are: a typed client of the platform's tenant service. Its route stands here and nowhere else.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <vector>

#include "domain/error.h"
#include "domain/tenancy/tenant.h"
#include "ports/clock.h"
#include "ports/http_client.h"
#include "ports/random.h"
#include "ports/task.h"

namespace orchestrator {

struct tenant_page {
    std::vector<tenant> tenants;
    std::size_t received = 0;  // elements in the answer, those that were no tenants included
};

class tenant_directory {
  public:
    tenant_directory(http_client& http, clock& time, random_source& random, const http_origin& origin)
        : http_{http}, time_{time}, random_{random}, origin_{origin} {}

    struct walk {
        int page_size = 500;
        std::int64_t max_tenants = 2'000'000;  // a tenant service that never ends its list is stopped here
        steady_time deadline;
        std::stop_token stop;
        // Told of each page that cannot be read at the second attempt either, and with an empty text when it is read
        // after all. Empty: nobody is told.
        std::function<task<>(std::string problem)> on_trouble{};
    };
    // Tenants `skip` to `skip + page_size` in the service's own order. Tries again until the deadline while the service
    // is away. service_failed: it refused, answered something else than tenants, or time ran out.
    task<result<tenant_page>> page(const walk&, std::int64_t skip);
    // Every page in turn, until one is not full. An error is `take`'s, or service_failed as above.
    task<result<void>> for_each_page(walk, std::function<task<result<void>>(std::vector<tenant>)> take);

  private:
    http_client& http_;
    clock& time_;
    random_source& random_;
    const http_origin& origin_;
};

}  // namespace orchestrator

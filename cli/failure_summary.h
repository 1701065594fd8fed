// Why tenant runs failed: the same failure of many tenants is one line, not thousands.
#pragma once

#include <boost/json.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace orchestrator::cli {

struct failure_group {
    std::string step_name{};      // empty: the run failed without a failed step
    std::string error_message{};  // the reason that the service or the orchestrator gave
    std::string error_code{};
    std::int64_t http_status = 0;  // 0: there was no answer
    std::int64_t tenants = 0;
    std::string example_tenant_id{};
    std::string example_tenant_name{};

    bool operator==(const failure_group&) const = default;
};

class failure_summary {
  public:
    // A TenantRun of the API. Adds one failure for each step of it that failed.
    void add(const boost::json::object& tenant_run);

    // The most frequent first; by step and reason where they are equally frequent.
    [[nodiscard]] std::vector<failure_group> groups() const;

  private:
    void add_failure(const boost::json::object& tenant_run, failure_group);

    std::vector<failure_group> groups_;
    std::map<std::tuple<std::string, std::string>, std::size_t> index_;  // step, message -> place in groups_
};

[[nodiscard]] boost::json::array to_json(const std::vector<failure_group>&);

}  // namespace orchestrator::cli

#include "server/builtin_workflows.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>

namespace orchestrator::server {

task<result<int>> install_builtin_workflows(workflow_store& store, clock& time, random_source& random, int longest) {
    int installed = 0;
    for (const auto& file : builtin_workflow_files()) {
        auto parsed = parse_workflow(boost::json::parse(file.text), workflow_rules{});
        if (!parsed)
            co_return fail(errc::invalid_argument, fmt::format("{}{}: {}", file.path, parsed.error().front().pointer,
                                                               parsed.error().front().message));
        // An operator who deleted or renamed a workflow does not get it back with the next start.
        const auto known = co_await store.knows_workflow_name(parsed->workflow_name);
        if (!known) co_return std::unexpected{known.error()};
        if (*known) continue;
        parsed->id = random.new_id<workflow_id>(time.now());
        parsed->max_execution_time_seconds = std::min(parsed->max_execution_time_seconds, longest);
        parsed->created_at = parsed->updated_at = time.now();
        const auto inserted = co_await store.insert_workflow(std::move(*parsed));
        if (inserted)
            ++installed;
        else if (inserted.error().code != errc::already_exists)
            co_return std::unexpected{inserted.error()};
    }
    co_return installed;
}

}  // namespace orchestrator::server

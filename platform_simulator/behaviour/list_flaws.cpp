#include "platform_simulator/behaviour/list_flaws.h"

#include <boost/json/parse.hpp>

#include <string>
#include <vector>

#include "domain/json_fields.h"

namespace orchestrator::simulator {
namespace {

constexpr double most = 10'000'000;

}  // namespace

result<list_flaws> parse_list_flaws(std::string_view text) {
    boost::system::error_code failed;
    const auto value = boost::json::parse(text, failed);
    std::vector<violation> violations;
    list_flaws flaws;
    if (failed) {
        violations.push_back({"", "is not JSON: " + failed.message()});
    } else {
        json_fields fields{value, "", violations};
        const auto count = [&](std::string_view name) {
            return std::size_t(fields.integer(name, {0, most}).value_or(0));
        };
        flaws = {.most_in_a_page = count("most_in_a_page"),
                 .has_cursor = fields.boolean("has_cursor").value_or(false),
                 .leaving = count("leaving"),
                 .total_off_by = fields.integer("total_off_by", {-most, most}).value_or(0),
                 .broken_every = count("broken_every"),
                 .refused_from = count("refused_from"),
                 .ends_at = count("ends_at"),
                 .is_empty = fields.boolean("is_empty").value_or(false)};
        fields.refuse_unknown();
    }
    if (violations.empty()) return flaws;
    return std::unexpected{error{errc::invalid_argument, "the flaws of the list are not valid", std::move(violations)}};
}

boost::json::object as_json(const list_flaws& flaws) {
    return {{"most_in_a_page", flaws.most_in_a_page},
            {"has_cursor", flaws.has_cursor},
            {"leaving", flaws.leaving},
            {"total_off_by", flaws.total_off_by},
            {"broken_every", flaws.broken_every},
            {"refused_from", flaws.refused_from},
            {"ends_at", flaws.ends_at},
            {"is_empty", flaws.is_empty}};
}

}  // namespace orchestrator::simulator

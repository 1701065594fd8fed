#include "adapters/sqlite/embedded_sql.h"

#include <fmt/format.h>

#include <stdexcept>

namespace orchestrator::sqlite {

std::string query_text(std::string_view entity, std::string_view name) {
    const auto path = fmt::format("queries/{}.sql", entity);
    const auto header = fmt::format("-- name: {}\n", name);
    for (const auto& file : sqlite_files()) {
        if (file.path != path) continue;
        const auto at = file.text.find(header);
        if (at == std::string_view::npos) break;
        const auto begin = at + header.size();
        return std::string{file.text.substr(begin, file.text.find("-- name: ", begin) - begin)};
    }
    throw std::logic_error{fmt::format("no query {} in {}", name, path)};
}

}  // namespace orchestrator::sqlite

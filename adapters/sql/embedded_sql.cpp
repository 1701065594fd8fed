#include "adapters/sql/embedded_sql.h"

#include <fmt/format.h>

#include <charconv>
#include <stdexcept>

namespace orchestrator::sql {

std::string query_text(std::span<const embedded_file> files, std::string_view entity, std::string_view name) {
    const auto path = fmt::format("queries/{}.sql", entity);
    const auto header = fmt::format("-- name: {}\n", name);
    for (const auto& file : files) {
        if (file.path != path) continue;
        const auto at = file.text.find(header);
        if (at == std::string_view::npos) break;
        const auto begin = at + header.size();
        return std::string{file.text.substr(begin, file.text.find("-- name: ", begin) - begin)};
    }
    throw std::logic_error{fmt::format("no query {} in {}", name, path)};
}

std::vector<migration> migrations(std::span<const embedded_file> files) {
    constexpr std::string_view folder = "migrations/";
    std::vector<migration> found;
    for (const auto& file : files) {
        if (!file.path.starts_with(folder)) continue;
        const auto name = file.path.substr(folder.size());
        int version = 0;
        std::from_chars(name.data(), name.data() + name.size(), version);
        found.push_back({version, name, file.text});
    }
    return found;
}

std::string schema_newer_message(int found, int newest) {
    return fmt::format(
        "the database has schema version {}, this program knows up to {}: run the newer program that wrote it, or "
        "restore a backup from before the upgrade",
        found, newest);
}

}  // namespace orchestrator::sql

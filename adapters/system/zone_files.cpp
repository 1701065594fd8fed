#include "adapters/system/zone_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

#include "domain/time_zone/parse_tzif.h"

namespace orchestrator::system {
namespace {

constexpr std::size_t longest_name = 64;

// A name of the IANA database and no other path: neither absolute, nor upwards, nor hidden.
bool is_zone_name(std::string_view name) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
               c == '+' || c == '/';
    };
    return !name.empty() && name.size() <= longest_name && std::ranges::all_of(name, allowed) &&
           !name.starts_with('/') && !name.ends_with('/') && !name.contains("//");
}

// Levenshtein's distance, with upper and lower case the same.
std::size_t distance(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; };
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        auto diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const auto replaced = diagonal + (lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row.back();
}

}  // namespace

result<std::shared_ptr<const time_zone>> zone_files::find(const std::string& name) {
    const auto path = folder_ / name;
    std::error_code missing;
    if (!is_zone_name(name) || !std::filesystem::is_regular_file(path, missing)) {
        const auto near = nearest_name(name.substr(0, longest_name));
        return fail(errc::invalid_argument,
                    fmt::format("time zone \"{}\" is unknown{}", name.substr(0, longest_name),
                                near.empty() ? ": it must be a name of the IANA database such as Europe/Madrid"
                                             : fmt::format("; did you mean {}?", near)));
    }
    const auto changed_at = std::filesystem::last_write_time(path, missing);
    const std::scoped_lock lock{guard_};
    if (const auto found = zones_.find(name); found != zones_.end() && found->second.changed_at == changed_at)
        return found->second.zone;
    std::ifstream file{path, std::ios::binary};
    auto zone = parse_tzif(name, std::string{std::istreambuf_iterator<char>{file}, {}});
    if (!zone) return std::unexpected{std::move(zone.error())};
    auto shared = std::make_shared<const time_zone>(std::move(*zone));
    zones_.insert_or_assign(name, loaded{changed_at, shared});
    return shared;
}

// Empty: none is near. Reads the folder: only a mistake is worth that.
std::string zone_files::nearest_name(const std::string& name) const {
    constexpr std::size_t near = 3;
    std::string best;
    auto best_distance = std::min(near, name.size() / 2) + 1;
    std::error_code failed;
    for (std::filesystem::recursive_directory_iterator entry{folder_, failed}, end; entry != end;
         entry.increment(failed)) {
        if (failed || !entry->is_regular_file(failed)) continue;
        const auto known = entry->path().lexically_relative(folder_).string();
        if (known.starts_with("posix") || known.starts_with("right/") || !is_zone_name(known)) continue;
        const auto apart = distance(name, known);
        if (apart > best_distance || (apart == best_distance && (best.empty() || known >= best))) continue;
        best = known;
        best_distance = apart;
    }
    return best;
}

}  // namespace orchestrator::system

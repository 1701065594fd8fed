// The time zones of this machine: the compiled files of its tzdata. Read when they are first asked for, and anew when a
// file has changed, so that an update of tzdata holds without a restart.
#pragma once

#include <filesystem>
#include <map>
#include <mutex>

#include "ports/zone_source.h"

namespace orchestrator::system {

class zone_files final : public zone_source {
  public:
    explicit zone_files(std::filesystem::path folder = "/usr/share/zoneinfo") : folder_{std::move(folder)} {}

    [[nodiscard]] result<std::shared_ptr<const time_zone>> find(const std::string& name) override;

  private:
    struct loaded {
        std::filesystem::file_time_type changed_at;
        std::shared_ptr<const time_zone> zone;
    };

    [[nodiscard]] std::string nearest_name(const std::string& name) const;

    std::filesystem::path folder_;
    std::mutex guard_;
    std::map<std::string, loaded> zones_;
};

}  // namespace orchestrator::system

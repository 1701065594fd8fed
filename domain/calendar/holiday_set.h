// Which days are holidays, all layers of a calendar taken together: one look at a bit. Never changes; shared by
// threads.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/calendar/calendar.h"

namespace orchestrator {

struct holiday {
    local_days date;
    std::string name;
    std::string calendar;  // the code of the layer that has it
    bool moved = false;    // kept on this Monday because it fell on the Sunday before

    bool operator==(const holiday&) const = default;
};

class holiday_set {
  public:
    holiday_set() = default;  // no holidays
    // `layers`: from the root down; the last one gives its name.
    explicit holiday_set(std::span<const calendar> layers);

    [[nodiscard]] const std::string& code() const { return code_; }
    [[nodiscard]] bool contains(local_days) const;
    // The first holiday on or after a day; nullopt: none before 2101.
    [[nodiscard]] std::optional<local_days> next_from(local_days) const;
    // Those of one day; of the lowest layer first.
    [[nodiscard]] std::vector<holiday> on(local_days) const;
    // Both days inclusive, by date.
    [[nodiscard]] std::vector<holiday> between(local_days first, local_days last) const;

    // Neither Saturday nor Sunday nor a holiday.
    [[nodiscard]] bool is_business_day(local_days) const;
    // Strictly before or after. nullopt: none within a year.
    [[nodiscard]] std::optional<local_days> business_day_after(local_days) const;
    [[nodiscard]] std::optional<local_days> business_day_before(local_days) const;

  private:
    struct entry {
        local_days date;
        std::uint32_t name;  // index into names_
        bool moved;
    };
    struct named {
        std::string name;
        std::string calendar;
    };

    [[nodiscard]] holiday describe(const entry& each) const {
        return {each.date, names_[each.name].name, names_[each.name].calendar, each.moved};
    }

    std::string code_;
    std::vector<std::uint64_t> bits_;  // from 1 January of the first year
    std::vector<entry> entries_;       // by date, then from the lowest layer up
    std::vector<named> names_;
};

}  // namespace orchestrator

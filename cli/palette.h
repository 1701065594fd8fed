// Colours of the terminal, or none.
#pragma once

#include <string>
#include <string_view>

namespace orchestrator::cli {

enum class colour { plain, bold, dim, green, red, yellow, cyan };

class palette {
  public:
    explicit palette(bool enabled) : enabled_{enabled} {}

    [[nodiscard]] bool enabled() const { return enabled_; }
    [[nodiscard]] std::string paint(colour, std::string_view text) const;

  private:
    bool enabled_;
};

// The colour of the status of an execution, a tenant run or a step.
[[nodiscard]] colour colour_of_status(std::string_view status);

}  // namespace orchestrator::cli

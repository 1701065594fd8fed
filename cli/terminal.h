// The terminal below stdout: whether there is one, how large it is, and a block of lines that is redrawn in place.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>
#include <vector>

#include "cli/progress_view.h"

namespace orchestrator::cli {

[[nodiscard]] bool stdout_is_terminal();
[[nodiscard]] view_size terminal_size();  // 80 x 24 where it is not known

// The bytes that replace `drawn` lines above the cursor by `lines`, in one piece and without clearing first: nothing
// flickers.
[[nodiscard]] std::string redraw(const std::vector<std::string>& lines, std::size_t drawn);

// Hides the cursor while it lives.
class live_display {
  public:
    explicit live_display(std::ostream& out);
    ~live_display();
    live_display(const live_display&) = delete;
    live_display& operator=(const live_display&) = delete;

    void draw(const std::vector<std::string>& lines);
    void erase() { draw({}); }

  private:
    std::ostream& out_;
    std::size_t drawn_ = 0;
};

}  // namespace orchestrator::cli

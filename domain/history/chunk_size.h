// How much to do in one transaction so that nobody waits for long behind it: as many rows as the last ones let expect.
#pragma once

#include <algorithm>

#include "domain/time.h"

namespace orchestrator {

class chunk_size {
  public:
    [[nodiscard]] int rows() const { return rows_; }

    // So many took so long.
    void took(steady_duration duration) {
        if (duration > aim * 2)
            rows_ = std::max(fewest, rows_ / 4);
        else if (duration > aim)
            rows_ = std::max(fewest, rows_ / 2);
        else if (duration < aim / 3)
            rows_ = std::min(most, rows_ * 3 / 2);
    }

  private:
    static constexpr milliseconds aim{15};  // far from the 50 ms that one statement may take
    static constexpr int fewest = 50;
    static constexpr int most = 5'000;

    int rows_ = 300;
};

}  // namespace orchestrator

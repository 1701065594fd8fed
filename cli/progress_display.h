// The three ways in which a command shows how an execution advances: live on a terminal, one plain line now and then,
// or not at all because stdout belongs to a JSON document.
#pragma once

#include <functional>
#include <iosfwd>
#include <memory>

#include "cli/execution_snapshot.h"
#include "cli/pacing.h"
#include "cli/patient_caller.h"
#include "cli/terminal.h"

namespace orchestrator::cli {

class progress_display : public outage_listener {
  public:
    // At every look at the execution, changed or not.
    virtual void show(const execution_snapshot&, milliseconds elapsed) = 0;
};

// Leaves nothing behind: a report follows, or a word about the end.
class live_progress final : public progress_display {
  public:
    // `size` is asked at each drawing: terminals are resized.
    live_progress(std::ostream& out, palette colours, std::function<view_size()> size);
    ~live_progress() override;

    void show(const execution_snapshot&, milliseconds elapsed) override;
    void away(const std::string& reason, milliseconds patience_left, bool first) override;
    void back(milliseconds after) override;

  private:
    void draw(const std::string& notice);

    live_display display_;
    palette colours_;
    std::function<view_size()> size_;
    execution_snapshot last_;
    milliseconds last_elapsed_{0};
    bool shown_ = false;
};

// Says only outages, on `err`.
class quiet_progress : public progress_display {
  public:
    explicit quiet_progress(std::ostream& err) : err_{err} {}

    void show(const execution_snapshot&, milliseconds) override {}
    void away(const std::string& reason, milliseconds patience_left, bool first) override;
    void back(milliseconds after) override;

  private:
    std::ostream& err_;
};

class plain_progress final : public quiet_progress {
  public:
    static constexpr milliseconds between_lines{2'000};

    plain_progress(std::ostream& out, std::ostream& err, const pacing& pace)
        : quiet_progress{err}, out_{out}, pace_{pace} {}

    void show(const execution_snapshot&, milliseconds elapsed) override;

  private:
    std::ostream& out_;
    const pacing& pace_;
    std::optional<execution_snapshot> last_;
    steady_time last_line_at_;
};

}  // namespace orchestrator::cli

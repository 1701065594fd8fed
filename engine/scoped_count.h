// Counts something for as long as it goes on, however it ends. On one thread.
#pragma once

namespace orchestrator {

class scoped_count {
  public:
    explicit scoped_count(int& counted) : counted_{counted} { ++counted_; }
    ~scoped_count() { --counted_; }
    scoped_count(const scoped_count&) = delete;
    scoped_count& operator=(const scoped_count&) = delete;

  private:
    int& counted_;
};

}  // namespace orchestrator

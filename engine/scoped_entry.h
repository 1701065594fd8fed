// Holds a key in a set for as long as something goes on, however it ends. On one thread.
#pragma once

#include <set>

namespace orchestrator {

template <class Key>
class scoped_entry {
  public:
    scoped_entry(std::set<Key>& held, Key key) : held_{held}, key_{key}, is_first_{held.insert(key).second} {}
    ~scoped_entry() {
        if (is_first_) held_.erase(key_);
    }
    scoped_entry(const scoped_entry&) = delete;
    scoped_entry& operator=(const scoped_entry&) = delete;

    // False: something goes on with this key already.
    [[nodiscard]] bool is_first() const { return is_first_; }

  private:
    std::set<Key>& held_;
    Key key_;
    bool is_first_;
};

}  // namespace orchestrator

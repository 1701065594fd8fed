// Runs a part of a test in a process of its own: one that may be killed, change its user, or mount what it likes.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <exception>
#include <functional>
#include <stdexcept>
#include <string>

namespace orchestrator::store_test {

// For use inside the child, where GoogleTest's assertions reach nobody.
inline void require(bool holds, const std::string& otherwise) {
    if (!holds) throw std::runtime_error{otherwise};
}

class child_process {
  public:
    // The child ends without any destructor of `work`'s owner, as a killed process would.
    explicit child_process(const std::function<void()>& work) {
        int ends[2];
        if (::pipe(ends) != 0) throw std::runtime_error{"no pipe"};
        pid_ = ::fork();
        if (pid_ < 0) throw std::runtime_error{"no process"};
        if (pid_ == 0) {
            ::close(ends[0]);
            std::string problem;
            try {
                work();
            } catch (const std::exception& thrown) {
                problem = thrown.what();
            }
            const bool told = ::write(ends[1], problem.data(), problem.size()) == ssize_t(problem.size());
            ::_exit(told ? 0 : 1);
        }
        ::close(ends[1]);
        report_ = ends[0];
    }
    child_process(const child_process&) = delete;
    child_process& operator=(const child_process&) = delete;
    ~child_process() {
        if (pid_ > 0) problem();
    }

    // Waits for the end; what went wrong, empty when nothing did.
    std::string problem() {
        std::string text;
        char part[512];
        for (ssize_t got = 0; (got = ::read(report_, part, sizeof part)) > 0;) text.append(part, std::size_t(got));
        ::close(report_);
        int status = 0;
        ::waitpid(pid_, &status, 0);
        pid_ = -1;
        if (text.empty() && status != 0) text = "the process ended with status " + std::to_string(status);
        return text;
    }

  private:
    pid_t pid_ = -1;
    int report_ = -1;
};

// Runs `work` in a child to its end.
inline std::string in_child(const std::function<void()>& work) { return child_process{work}.problem(); }

}  // namespace orchestrator::store_test

// What a simulated service answers before any fault touches it.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <string>
#include <string_view>

namespace orchestrator::simulator {

struct answer {
    int status = 200;
    std::string body;  // JSON

    [[nodiscard]] bool succeeded() const { return status >= 200 && status < 300; }
};

[[nodiscard]] inline answer succeed(const boost::json::value& body) { return {200, boost::json::serialize(body)}; }

// The platform's form of an error: `{"detail": ...}`.
[[nodiscard]] inline answer refuse(int status, std::string_view detail) {
    return {status, boost::json::serialize(boost::json::object{{"detail", detail}})};
}

}  // namespace orchestrator::simulator

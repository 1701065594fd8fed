// Where a Location leads: on the same server only, and as a target that no base path is put before.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ports/http_client.h"

namespace orchestrator {
namespace {

struct example {
    std::string_view location;
    std::string_view target;
};

const http_origin gateway{"http", "gateway", "8080", "/forecasting"};

http_request request_to(const http_origin& origin, std::string target) {
    http_request request;
    request.origin = &origin;
    request.target = std::move(target);
    return request;
}

TEST(resolve_location, follows_each_form_of_reference_on_the_same_server) {
    const auto request = request_to(gateway, "/forecasts/new?day=1");
    const std::vector<example> table{
        {"http://gateway:8080/forecasting/jobs/7", "/forecasting/jobs/7"},
        {"http://gateway:8080/elsewhere/7", "/elsewhere/7"},  // on this server: not below the base path
        {"HTTP://GATEWAY:8080/jobs/7", "/jobs/7"},
        {"//gateway:8080/jobs/7?x=1", "/jobs/7?x=1"},
        {"/forecasting/jobs/7", "/forecasting/jobs/7"},
        {"/jobs/7", "/jobs/7"},
        {"7", "/forecasting/forecasts/7"},
        {"../jobs/7", "/forecasting/jobs/7"},
        {"../../../jobs/./7", "/jobs/7"},
        {"?job=7", "/forecasting/forecasts/new?job=7"},
        {"", "/forecasting/forecasts/new?day=1"},
        {"/jobs/7#state", "/jobs/7"},
        {"http://gateway:8080", "/"},
        {"http://gateway:8080?job=7", "/?job=7"},
    };
    for (const auto& [location, target] : table) EXPECT_EQ(resolve_location(request, location), target) << location;
}

TEST(resolve_location, refuses_what_leads_to_another_server) {
    const auto request = request_to(gateway, "/forecasts/new");
    for (const auto* location :
         {"http://gateway/jobs/7", "http://gateway:8081/jobs/7", "https://gateway:8080/jobs/7", "//gateway/jobs/7",
          "http://evil:8080/jobs/7", "//evil:8080/jobs/7", "ftp://gateway:8080/jobs/7", "http:jobs/7", "mailto:a@b",
          "http://user@gateway:8080/jobs/7", "http://gateway:8080@evil/jobs/7", "http:///jobs/7", "///jobs/7",
          "http://gateway:port/jobs/7"})
        EXPECT_EQ(resolve_location(request, location), std::nullopt) << location;
}

TEST(resolve_location, refuses_what_cannot_be_sent_as_it_is) {
    const auto request = request_to(gateway, "/forecasts/new");
    for (const auto* location : {"/jobs/ 7", "/jobs/7\r\nHost: evil", "/jobs/\xc3\xa9", "/jobs/\x7f"})
        EXPECT_EQ(resolve_location(request, location), std::nullopt) << location;
}

TEST(resolve_location, knows_the_port_of_a_scheme) {
    const http_origin plain{"http", "gateway", "80", ""};
    EXPECT_EQ(resolve_location(request_to(plain, "/a"), "http://gateway/jobs/7"), "/jobs/7");
    const http_origin secured{"https", "::1", "443", ""};
    EXPECT_EQ(resolve_location(request_to(secured, "/a"), "https://[::1]/jobs/7"), "/jobs/7");
    EXPECT_EQ(resolve_location(request_to(secured, "/a"), "jobs/7"), "/jobs/7");
}

TEST(resolve_location, is_relative_to_the_location_that_was_followed_before) {
    auto request = request_to(gateway, *resolve_location(request_to(gateway, "/forecasts"), "/jobs/7"));
    request.from_root = true;
    EXPECT_EQ(resolve_location(request, "8"), "/jobs/8");
    EXPECT_EQ(resolve_location(request, ""), "/jobs/7");
}

TEST(whole_target, puts_the_base_path_before_a_target_once) {
    EXPECT_EQ(whole_target(request_to(gateway, "/a?b")), "/forecasting/a?b");
    EXPECT_EQ(whole_target(request_to(gateway, "?b")), "/forecasting?b");
    EXPECT_EQ(whole_target(request_to({"http", "h", "80", ""}, "?b")), "/?b");
    EXPECT_EQ(whole_target(request_to({"http", "h", "80", ""}, "")), "/");
    auto request = request_to(gateway, "/forecasting/a");
    request.from_root = true;
    EXPECT_EQ(whole_target(request), "/forecasting/a");
}

}  // namespace
}  // namespace orchestrator

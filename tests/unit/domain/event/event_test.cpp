#include "domain/event/event.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace orchestrator {
namespace {

namespace json = boost::json;

constexpr system_time start{milliseconds{1'762'414'200'000}};  // 2025-11-06T07:30:00Z

execution ended(execution_status status) {
    execution made;
    made.id = {make_uuid_v7(start, {1, 2})};
    made.workflow_name = "daily_operations";
    made.status = status;
    made.created_at = start - milliseconds{400};
    made.started_at = start;
    made.completed_at = start + milliseconds{1'820'900};
    made.tenants = {.total = 125, .completed = 100, .partial = 5, .failed = 20, .cancelled = 0};
    made.steps = {.total = 750, .completed = 625, .failed = 3, .skipped = 122, .retries = 9};
    return made;
}

json::object payload_of(const event& told) { return json::parse(told.payload).as_object(); }

TEST(end_event, of_a_completed_execution_has_every_field_of_the_specification) {
    const auto told = end_event(ended(execution_status::completed));
    EXPECT_EQ(told.exchange, "orchestrator");
    EXPECT_EQ(told.routing_key, "orchestrator.workflow_completed");
    EXPECT_EQ(told.event_type, "orchestrator_workflow_completed");
    EXPECT_EQ(told.created_at, start + milliseconds{1'820'900});
    const auto payload = payload_of(told);
    EXPECT_EQ(payload.at("event_type"), "orchestrator_workflow_completed");
    EXPECT_EQ(payload.at("workflow_name"), "daily_operations");
    EXPECT_EQ(payload.at("execution_id"), json::string_view{to_string(ended({}).id)});
    EXPECT_EQ(payload.at("tenants_processed"), 125);
    EXPECT_EQ(payload.at("steps_completed"), 625);
    EXPECT_EQ(payload.at("steps_failed"), 3);
    EXPECT_EQ(payload.at("duration_seconds"), 1'820);
    EXPECT_EQ(payload.at("timestamp"), "2025-11-06T08:00:20.900Z");
    EXPECT_EQ(payload.at("event_id"), json::string_view{to_string(told.id)});
}

TEST(end_event, a_partial_one_is_told_as_completed_with_its_status) {
    const auto told = end_event(ended(execution_status::partial));
    EXPECT_EQ(told.routing_key, "orchestrator.workflow_completed");
    EXPECT_EQ(payload_of(told).at("status"), "partial");
}

TEST(end_event, of_a_failed_execution_says_why_and_whom_it_concerns) {
    auto failed = ended(execution_status::failed);
    auto payload = payload_of(end_event(failed));
    EXPECT_EQ(payload.at("event_type"), "orchestrator_workflow_failed");
    EXPECT_EQ(payload.at("error_message"), "20 of 125 tenants failed");
    EXPECT_EQ(payload.at("tenants_affected"), 25);
    failed.error_message = "the tenant service does not answer";
    payload = payload_of(end_event(failed));
    EXPECT_EQ(payload.at("error_message"), "the tenant service does not answer");
    EXPECT_EQ(end_event(failed).routing_key, "orchestrator.workflow_failed");
}

TEST(end_event, a_cancelled_one_is_neither) {
    const auto told = end_event(ended(execution_status::cancelled));
    EXPECT_EQ(told.routing_key, "orchestrator.workflow_cancelled");
    EXPECT_EQ(payload_of(told).at("error_message"), "the execution was cancelled");
}

TEST(end_event, its_id_is_the_same_each_time_and_not_the_executions) {
    const auto one = ended(execution_status::completed);
    EXPECT_EQ(end_event(one).id, end_event(one).id);
    EXPECT_NE(end_event(one).id.value, one.id.value);
    EXPECT_EQ(to_string(end_event(one).id)[14], '8');
}

}  // namespace
}  // namespace orchestrator

#include "api/event_stream.h"

#include <gtest/gtest.h>

#include "tests/unit/api/fake_platform.h"

namespace orchestrator::api {
namespace {

using namespace fakes;

struct event_stream_api : testing::Test, platform {
    event_stream_api() { add_execution(execution_status::running); }

    execution& watched() { return executions.rows.front(); }

    void add_logs(int count) {
        for (int i = 0; i < count; ++i)
            executions.logs.push_back({.sequence = std::int64_t(executions.logs.size()) + 1,
                                       .tenant = {},
                                       .step_name = {},
                                       .message = "line\nbreak",
                                       .data = {},
                                       .logged_at = start_of_test});
    }

    response open(std::string query = "", http_headers headers = {}) {
        return ask("GET", "/executions/" + to_string(watched().id) + "/events" + query, "", std::move(headers));
    }

    static std::optional<std::string> next(const response& stream) { return finish(stream.next_chunk()); }

    static std::string rest(const response& stream) {
        std::string all;
        while (const auto chunk = next(stream)) all += *chunk;
        return all;
    }

    static int count(std::string_view text, std::string_view part) {
        int found = 0;
        for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
        return found;
    }
};

TEST_F(event_stream_api, opens_with_headers_and_the_reconnection_time) {
    const auto stream = open();
    EXPECT_EQ(stream.status, 200);
    EXPECT_EQ(find_header(stream.headers, "Content-Type"), "text/event-stream");
    EXPECT_EQ(find_header(stream.headers, "Cache-Control"), "no-cache");
    EXPECT_EQ(find_header(stream.headers, "X-Accel-Buffering"), "no");
    ASSERT_TRUE(stream.next_chunk);
    EXPECT_TRUE(next(stream)->starts_with("retry: 1000\n\n"));
}

TEST_F(event_stream_api, sends_nothing_but_headers_to_head) {
    const auto reply = ask("HEAD", "/executions/" + to_string(watched().id) + "/events");
    EXPECT_EQ(reply.status, 200);
    EXPECT_FALSE(reply.next_chunk);
}

TEST_F(event_stream_api, replays_an_ended_execution_in_pages_and_ends) {
    watched().status = execution_status::completed;
    add_logs(450);
    const auto stream = open();
    const auto all = rest(stream);
    EXPECT_EQ(count(all, "event: log\n"), 450);
    EXPECT_EQ(count(all, "event: progress\n"), 0);
    EXPECT_EQ(count(all, "event: end\n"), 1);
    EXPECT_LT(all.find("id: 450\n"), all.find("event: end\n"));
    EXPECT_NE(all.find("\\nbreak"), all.npos);
    EXPECT_EQ(executions.log_pages, 3);
    EXPECT_EQ(time.sleeps, 0);
    EXPECT_FALSE(next(stream));
}

TEST_F(event_stream_api, ends_after_logs_that_fill_their_last_page_exactly) {
    watched().status = execution_status::failed;
    add_logs(200);
    const auto all = rest(open());
    EXPECT_EQ(count(all, "event: log\n"), 200);
    EXPECT_EQ(count(all, "event: end\n"), 1);
}

TEST_F(event_stream_api, resumes_after_the_last_event_seen) {
    watched().status = execution_status::completed;
    add_logs(5);
    const auto all = rest(open("", {{"Last-Event-ID", "3"}}));
    EXPECT_EQ(count(all, "event: log\n"), 2);
    EXPECT_NE(all.find("id: 4\nevent: log\ndata: {\"sequence\":4,"), all.npos);
}

TEST_F(event_stream_api, refuses_an_event_id_that_is_no_number) {
    for (const auto* id : {"x", "-1", "1.5", "99999999999999999999"}) {
        const auto reply = open("", {{"Last-Event-ID", id}});
        EXPECT_EQ(reply.status, 400) << id;
        EXPECT_EQ(problem_in(reply), "invalid_argument header:Last-Event-ID");
    }
}

TEST_F(event_stream_api, sends_progress_only_on_change_and_logs_as_they_come) {
    const auto stream = open();
    EXPECT_EQ(count(*next(stream), "event: progress\n"), 1);
    time.on_sleep = [&] {
        if (time.sleeps == 3) add_logs(1);
        if (time.sleeps == 5) watched().steps.completed = 1;
        if (time.sleeps == 6) watched().status = execution_status::completed;
    };
    const auto second = *next(stream);
    EXPECT_EQ(time.slept, milliseconds{750});
    EXPECT_EQ(count(second, "event: log\n"), 1);
    EXPECT_EQ(count(second, "event: progress\n"), 0);
    const auto third = *next(stream);
    EXPECT_EQ(time.slept, milliseconds{1'250});
    EXPECT_EQ(count(third, "event: progress\n"), 1);
    EXPECT_NE(third.find("\"steps_completed\":1"), third.npos);
    EXPECT_EQ(count(third, "step_summaries"), 1);
    EXPECT_EQ(count(*next(stream), "event: end\n"), 1);
    EXPECT_FALSE(next(stream));
}

TEST_F(event_stream_api, sends_at_most_four_progress_events_a_second_however_many_logs_come) {
    const auto stream = open();
    std::ignore = next(stream);
    add_logs(450);
    watched().steps.completed = 1;
    std::string first_second;
    for (int i = 0; i < 3; ++i) {
        first_second += *next(stream);
        ++watched().steps.completed;
    }
    EXPECT_EQ(time.slept, milliseconds{250});
    EXPECT_EQ(count(first_second, "event: log\n"), 450);
    EXPECT_EQ(count(first_second, "event: progress\n"), 1);
}

TEST_F(event_stream_api, leaves_out_logs_when_told_to) {
    watched().status = execution_status::completed;
    add_logs(5);
    const auto all = rest(open("?logs=false"));
    EXPECT_EQ(count(all, "event: log\n"), 0);
    EXPECT_EQ(count(all, "event: end\n"), 1);
    EXPECT_EQ(executions.log_pages, 0);
}

TEST_F(event_stream_api, breaks_a_silence_of_fifteen_seconds) {
    const auto stream = open();
    std::ignore = next(stream);
    EXPECT_EQ(next(stream), ": keep-alive\n\n");
    EXPECT_EQ(time.slept, milliseconds{15'000});
    EXPECT_EQ(next(stream), ": keep-alive\n\n");
    EXPECT_EQ(time.slept, milliseconds{30'000});
}

TEST_F(event_stream_api, outlasts_a_store_that_does_not_answer_for_a_moment) {
    const auto stream = open();
    std::ignore = next(stream);
    executions.fault = {errc::store_unavailable, "busy", {}};
    time.on_sleep = [&] {
        if (time.sleeps == 2) add_logs(1);
    };
    EXPECT_EQ(count(*next(stream), "event: log\n"), 1);
}

TEST_F(event_stream_api, ends_when_the_execution_is_gone) {
    const auto stream = open();
    std::ignore = next(stream);
    executions.rows.clear();
    EXPECT_FALSE(next(stream));
}

TEST_F(event_stream_api, outlives_the_answer_that_it_came_with) {
    watched().status = execution_status::completed;
    task<std::optional<std::string>> waiting;
    {
        const auto stream = open();
        waiting = stream.next_chunk();
    }
    EXPECT_EQ(count(*finish(std::move(waiting)), "event: end\n"), 1);
}

}  // namespace
}  // namespace orchestrator::api

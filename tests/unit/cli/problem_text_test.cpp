#include "cli/problem_text.h"

#include <gtest/gtest.h>

namespace orchestrator::cli {
namespace {

TEST(cli_problem_text, names_each_broken_field_on_its_own_line) {
    EXPECT_EQ(problem_text(422, R"({"detail": "2 fields are wrong", "errors": [
                  {"pointer": "/steps/1/depends_on/0", "message": "step \"x\" does not exist"},
                  {"pointer": "query:limit", "message": "\"0\" is outside 1-500"},
                  {"pointer": "header:Idempotency-Key", "message": "is empty"},
                  {"pointer": "path:id", "message": "is not a UUID"}]})"),
              "2 fields are wrong\n"
              "  /steps/1/depends_on/0: step \"x\" does not exist\n"
              "  query parameter limit: \"0\" is outside 1-500\n"
              "  header Idempotency-Key: is empty\n"
              "  id in the path: is not a UUID");
}

TEST(cli_problem_text, shows_nothing_of_a_body_that_is_no_problem_document) {
    for (const auto* body : {"", "<html>Bad Gateway</html>", "[1]", "{\"secret\": 1}"})
        EXPECT_EQ(problem_text(502, body), "the server answered HTTP 502");
}

TEST(cli_problem_text, falls_back_to_the_title) {
    EXPECT_EQ(problem_text(404, R"({"title": "Not Found"})"), "Not Found");
}

}  // namespace
}  // namespace orchestrator::cli

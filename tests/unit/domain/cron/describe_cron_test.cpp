#include "domain/cron/describe_cron.h"

#include <gtest/gtest.h>

#include "domain/cron/parse_cron.h"

namespace orchestrator {
namespace {

struct described {
    std::string_view expression;
    std::string_view english;
    std::string_view spanish;
};

class describe_cron : public testing::TestWithParam<described> {};

TEST_P(describe_cron, reads_back_in_words) {
    const auto expression = parse_cron(GetParam().expression).value();
    EXPECT_EQ(describe(expression, language::english), GetParam().english);
    EXPECT_EQ(describe(expression, language::spanish), GetParam().spanish);
}

INSTANTIATE_TEST_SUITE_P(
    expressions, describe_cron,
    testing::Values(
        described{"0 8 * * *", "at 08:00, every day", "a las 08:00, todos los días"},
        described{"0 9 * * mon", "at 09:00, on Monday", "a las 09:00, cada lunes"},
        described{"30 6,18 * * 1-5", "at 06:30 and 18:30, Monday to Friday", "a las 06:30 y 18:30, de lunes a viernes"},
        described{"0 9 * * 0,6", "at 09:00, on Saturday and Sunday", "a las 09:00, cada sábado y domingo"},
        described{"* * * * *", "every minute, every day", "cada minuto, todos los días"},
        described{"*/15 * * * *", "every 15 minutes, every day", "cada 15 minutos, todos los días"},
        described{"@hourly", "every hour, every day", "cada hora, todos los días"},
        described{"30 * * * *", "every hour at minute 30, every day", "cada hora en el minuto 30, todos los días"},
        described{"*/15 8-17 * * *", "every 15 minutes from 08:00 to 17:59, every day",
                  "cada 15 minutos de 08:00 a 17:59, todos los días"},
        described{"0 8-18 * * *", "at minute 0 of hour 8-18, every day",
                  "en el minuto 0 de la hora 8-18, todos los días"},
        described{"*/7 1,2,3,9 * * *", "at minute 0, 7, 14, 21, 28, 35, 42, 49 and 56 of hour 1-3 and 9, every day",
                  "en el minuto 0, 7, 14, 21, 28, 35, 42, 49 y 56 de la hora 1-3 y 9, todos los días"},
        described{"0 9 1 * *", "at 09:00, on day 1 of the month", "a las 09:00, el día 1 del mes"},
        described{"0 9 1,15 jan,jun *", "at 09:00, on day 1 and 15 of the month, in January and June",
                  "a las 09:00, el día 1 y 15 del mes, en enero y junio"},
        described{"0 9 L * *", "at 09:00, on the last day of the month", "a las 09:00, el último día del mes"},
        described{"0 9 L-3 * *", "at 09:00, 3 days before the last day of the month",
                  "a las 09:00, 3 días antes del último día del mes"},
        described{"0 9 * * 5#2", "at 09:00, on the second Friday of the month",
                  "a las 09:00, el segundo viernes del mes"},
        described{"0 9 * * friL", "at 09:00, on the last Friday of the month",
                  "a las 09:00, el último viernes del mes"},
        described{"0 9 13 * 5", "at 09:00, on day 13 of the month or on Friday",
                  "a las 09:00, el día 13 del mes o cada viernes"},
        described{"0 9 1-31 * 5", "at 09:00, every day", "a las 09:00, todos los días"},
        described{"0 9 */10 * 1", "at 09:00, on day 1, 11, 21 and 31 of the month if it is also Monday",
                  "a las 09:00, el día 1, 11, 21 y 31 del mes si además es lunes"}));

TEST(describe_cron_seconds, are_told_when_there_are_some) {
    const auto told = [](std::string_view text) {
        return describe(parse_cron(text, {.seconds_field = true}).value(), language::english);
    };
    EXPECT_EQ(told("0 0 8 * * *"), "at 08:00, every day");
    EXPECT_EQ(told("30 0 8 * * *"), "at second 30, at 08:00, every day");
    EXPECT_EQ(told("* * * * * *"), "every second, every minute, every day");
}

}  // namespace
}  // namespace orchestrator

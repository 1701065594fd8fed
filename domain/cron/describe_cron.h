// An expression read back in words, so that whoever wrote it sees whether it says what was meant. From the bits, not
// from the text: what is the same reads the same.
#pragma once

#include <string>

#include "domain/cron/cron_expression.h"

namespace orchestrator {

enum class language { english, spanish };

// "at 08:00, Monday to Friday", "a las 08:00, de lunes a viernes". True for every expression; plain for the usual ones.
[[nodiscard]] std::string describe(const cron_expression&, language);

}  // namespace orchestrator

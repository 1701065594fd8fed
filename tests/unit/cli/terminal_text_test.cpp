#include "cli/terminal_text.h"

#include <gtest/gtest.h>

namespace orchestrator::cli {
namespace {

TEST(cli_terminal_text, width_counts_columns_not_bytes) {
    EXPECT_EQ(display_width("abc"), 3U);
    EXPECT_EQ(display_width("Panadería Ñandú"), 15U);
    EXPECT_EQ(display_width("n\u0303"), 1U) << "a combining mark takes no column";
    EXPECT_EQ(display_width("東京"), 4U);
    EXPECT_EQ(display_width("🥐"), 2U);
    EXPECT_EQ(display_width("\xFF\xC3"), 2U) << "bytes that are not UTF-8 count one by one";
}

TEST(cli_terminal_text, shortened_text_ends_with_an_ellipsis_and_never_splits_a_character) {
    EXPECT_EQ(shortened("Güell", 5), "Güell");
    EXPECT_EQ(shortened("Güell", 4), "Güe…");
    EXPECT_EQ(shortened("Güell", 2), "G…");
    EXPECT_EQ(shortened("東京都", 4), "東…");
    EXPECT_EQ(shortened("abc", 0), "");
}

TEST(cli_terminal_text, padding_fills_on_the_other_side_of_the_alignment) {
    EXPECT_EQ(padded("ñu", 4), "ñu  ");
    EXPECT_EQ(padded("ñu", 4, alignment::right), "  ñu");
    EXPECT_EQ(padded("longer", 4), "longer");
}

TEST(cli_terminal_text, control_characters_cannot_reach_the_terminal) {
    EXPECT_EQ(harmless("a\x1b[31mb\nc\r\x7f"), "a [31mb c  ");
    EXPECT_EQ(harmless("a\u009Bb"), "a b") << "the one-character form of ESC [";
    EXPECT_EQ(harmless("a\u202Eb"), "a b") << "text that runs backwards";
    EXPECT_EQ(harmless("ok \xC3"), "ok \uFFFD");
    EXPECT_EQ(harmless("\xC0\xAF"), "\uFFFD\uFFFD") << "an overlong form";
}

}  // namespace
}  // namespace orchestrator::cli

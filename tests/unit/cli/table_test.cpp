#include "cli/table.h"

#include <gtest/gtest.h>

namespace orchestrator::cli {
namespace {

const std::vector<table_column> columns{{"name", alignment::left, true}, {"ok", alignment::right}, {"note"}};

TEST(cli_table, columns_align_by_display_width) {
    EXPECT_EQ(render_table(columns, {{"Ñandú", "7", "x"}, {"Pan", "1234", ""}}, palette{false}),
              "name     ok  note\n"
              "Ñandú     7  x\n"
              "Pan    1234\n");
}

TEST(cli_table, only_shrinkable_columns_are_cut_to_the_terminal) {
    const auto text = render_table(columns, {{"Pastelería La Abuela", "7", "stays"}}, palette{false}, 24);
    EXPECT_EQ(text,
              "name           ok  note\n"
              "Pastelería L…   7  stays\n");
}

TEST(cli_table, a_column_keeps_eight_columns_however_narrow_the_terminal) {
    const auto text = render_table(columns, {{"Pastelería La Abuela", "7", "stays"}}, palette{false}, 5);
    EXPECT_TRUE(text.contains("Pastele…")) << text;
}

TEST(cli_table, colours_do_not_disturb_the_alignment) {
    const auto text = render_table({{"a"}, {"b"}}, {{{"x", colour::red}, "y"}, {"long", "y"}}, palette{true});
    EXPECT_TRUE(text.contains("\x1b[31mx\x1b[0m     y\n")) << text;
}

TEST(cli_table, a_cell_cannot_break_its_line) {
    EXPECT_EQ(render_table({{"a"}}, {{"x\ny"}}, palette{false}), "a\nx y\n");
}

}  // namespace
}  // namespace orchestrator::cli

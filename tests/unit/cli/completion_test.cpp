#include "cli/completion.h"

#include <gtest/gtest.h>

namespace orchestrator::cli {
namespace {

command_words tree() {
    command_words apply{.name = "apply", .description = "Don't worry: it's safe", .takes_file = true};
    command_words list{.name = "list", .description = "All"};
    list.options = {
        {.names = {"--status"}, .description = "Only", .takes_value = true, .choices = {"failed", "partial"}}};
    command_words group{.name = "workflow", .description = "Workflows"};
    group.commands = {apply, list};
    command_words root{.name = "orchestrator", .description = ""};
    root.options = {
        {.names = {"--server"}, .description = "Where", .takes_value = true},
        {.names = {"--output", "-o"}, .description = "How", .takes_value = true, .choices = {"table", "json"}}};
    root.commands = {group};
    return root;
}

TEST(cli_completion, bash_offers_commands_options_and_choices) {
    const auto script = bash_completion(tree());
    EXPECT_TRUE(script.contains("words='workflow' options='--server --output -o'")) << script;
    EXPECT_TRUE(script.contains("words='apply list'")) << script;
    EXPECT_TRUE(script.contains("options='--status --server --output -o'")) << script;
    EXPECT_TRUE(script.contains("'orchestrator workflow list'':--status') COMPREPLY=($(compgen -W 'failed partial'"))
        << script;
    EXPECT_TRUE(script.contains("*':--server') return ;;")) << script;
    EXPECT_TRUE(script.ends_with("complete -F _orchestrator orchestrator\n"));
}

TEST(cli_completion, only_apply_completes_files) {
    const auto script = bash_completion(tree());
    const auto at = script.find("files=1");
    ASSERT_NE(at, std::string::npos);
    EXPECT_EQ(script.find("files=1", at + 1), std::string::npos);
    EXPECT_LT(script.find("'orchestrator workflow apply')"), at);
}

TEST(cli_completion, quotes_in_descriptions_do_not_end_the_shell_string) {
    EXPECT_TRUE(zsh_completion(tree()).contains("'apply:Don\"t worry\\: it\"s safe'")) << zsh_completion(tree());
    EXPECT_TRUE(fish_completion(tree()).contains("-a apply -d 'Don\"t worry: it\"s safe'")) << fish_completion(tree());
}

TEST(cli_completion, no_mark_of_a_template_stays_behind) {
    for (const auto& script : {bash_completion(tree()), zsh_completion(tree()), fish_completion(tree())})
        for (const auto* mark : {"@ROOT@", "@PATHS@", "@VALUES@", "@WORDS@"})
            EXPECT_FALSE(script.contains(mark)) << mark;
}

}  // namespace
}  // namespace orchestrator::cli

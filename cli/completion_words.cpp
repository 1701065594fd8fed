// The tree of the commands as plain words, and the command `completion` itself.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/command_context.h"
#include "cli/completion.h"
#include "cli/option_values.h"

namespace orchestrator::cli {
namespace {

// "a|b|c" -> a, b, c; nothing where there is no choice.
std::vector<std::string> choices_of(const CLI::Option& option) {
    const auto type = option.get_type_name();
    if (!type.contains('|')) return {};
    return CLI::detail::split(type, '|');
}

option_words words_of(const CLI::Option& option) {
    option_words words;
    for (const auto& name : option.get_lnames()) words.names.push_back("--" + name);
    for (const auto& name : option.get_snames()) words.names.push_back("-" + name);
    words.description = option.get_description();
    words.takes_value = option.get_expected_max() > 0 && option.get_type_size_max() > 0;
    words.choices = choices_of(option);
    return words;
}

}  // namespace

command_words words_of(const CLI::App& app) {
    command_words words{.name = app.get_name(), .description = app.get_description()};
    for (const auto* option : app.get_options()) {
        if (!option->get_positional()) {
            words.options.push_back(words_of(*option));
            continue;
        }
        words.takes_file = words.takes_file || option->get_name(true) == "FILE";
        words.choices = choices_of(*option);
    }
    for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
        words.commands.push_back(words_of(*command));
    return words;
}

void add_completion_command(CLI::App& root, std::function<void(const std::string& script)> print) {
    auto* verb = root.add_subcommand("completion", "Print a script that completes commands and options with Tab");
    auto shell = std::make_shared<std::string>();
    accept_choice(verb->add_option("SHELL", *shell, "The shell that reads the script")->required(), "bash|zsh|fish");
    verb->footer(
        "Examples:\n  source <(orchestrator completion bash)\n"
        "  orchestrator completion bash > ~/.local/share/bash-completion/completions/orchestrator\n"
        "  orchestrator completion zsh > ~/.zfunc/_orchestrator        # with ~/.zfunc in fpath\n"
        "  orchestrator completion fish > ~/.config/fish/completions/orchestrator.fish");
    verb->callback([&root, shell, print = std::move(print)] {
        const auto words = words_of(root);
        if (*shell == "bash") print(bash_completion(words));
        if (*shell == "zsh") print(zsh_completion(words));
        if (*shell == "fish") print(fish_completion(words));
    });
}

}  // namespace orchestrator::cli

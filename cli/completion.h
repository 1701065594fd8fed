// Completion scripts for shells, made from the tree of the commands: what the program accepts is what Tab offers.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace orchestrator::cli {

struct option_words {
    std::vector<std::string> names;  // "--output", "-o"
    std::string description;
    bool takes_value = false;
    std::vector<std::string> choices{};  // empty: any value
};

struct command_words {
    std::string name;
    std::string description;
    std::vector<option_words> options{};
    std::vector<command_words> commands{};
    std::vector<std::string> choices{};  // of the argument
    bool takes_file = false;             // the argument is a file
};

// The commands and options below an app. Options of the root are options of every command.
[[nodiscard]] command_words words_of(const CLI::App&);

[[nodiscard]] std::string bash_completion(const command_words& root);
[[nodiscard]] std::string zsh_completion(const command_words& root);
[[nodiscard]] std::string fish_completion(const command_words& root);

}  // namespace orchestrator::cli

#include "cli/completion.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace orchestrator::cli {
namespace {

using path = std::vector<const command_words*>;  // from the root to a command

std::string spaced(const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, " ")); }

std::string text_of(const path& at) {
    std::string text;
    for (const auto* command : at) text += (text.empty() ? "" : " ") + command->name;
    return text;
}

void visit(path at, const std::function<void(const path&)>& see) {
    see(at);
    for (const auto& command : at.back()->commands) {
        auto below = at;
        below.push_back(&command);
        visit(below, see);
    }
}

std::vector<std::string> names_of(const std::vector<option_words>& options) {
    std::vector<std::string> names;
    for (const auto& option : options) names.insert(names.end(), option.names.begin(), option.names.end());
    return names;
}

std::vector<std::string> names_of(const std::vector<command_words>& commands) {
    std::vector<std::string> names;
    for (const auto& command : commands) names.push_back(command.name);
    return names;
}

// The options that hold at a place: its own, and those of the root.
std::vector<option_words> options_at(const path& at) {
    auto options = at.back()->options;
    if (at.size() == 1) return options;
    const auto own = names_of(options);
    for (const auto& option : at.front()->options)
        if (std::ranges::none_of(option.names,
                                 [&](const auto& name) { return std::ranges::find(own, name) != own.end(); }))
            options.push_back(option);
    return options;
}

// In single quotes for any of the three shells.
std::string quoted(std::string_view text) {
    std::string safe;
    for (const char c : text) safe += c == '\'' ? '"' : c;
    return "'" + safe + "'";
}

// case patterns of each command below the root, for the walk over the words typed so far.
std::string known_paths(const path& root) {
    std::string patterns;
    visit(root, [&](const path& at) {
        if (at.size() > 1) patterns += fmt::format("{}'{}'", patterns.empty() ? "" : "|", text_of(at));
    });
    return patterns;
}

using value_offer = std::function<std::string(const std::vector<std::string>& choices)>;

// The cases of the word after an option that takes a value. `offer` writes the shell code that offers the choices, or
// that offers nothing where any value may stand. Options of the root come last: a command's own ones go before them.
std::string value_cases(const path& root, const value_offer& offer) {
    std::string cases;
    const auto add = [&](const std::string& place, const std::vector<option_words>& options) {
        for (const auto& option : options)
            if (option.takes_value)
                for (const auto& name : option.names)
                    cases += fmt::format("        {}':{}') {} ;;\n", place, name, offer(option.choices));
    };
    visit(root, [&](const path& at) {
        if (at.size() > 1) add(quoted(text_of(at)), at.back()->options);
    });
    add("*", root.back()->options);
    return cases;
}

std::string bash_words(const path& at) {
    const auto& command = *at.back();
    auto words = names_of(command.commands);
    words.insert(words.end(), command.choices.begin(), command.choices.end());
    const auto options = names_of(options_at(at));
    std::string code =
        fmt::format("        '{}')\n            words='{}' options='{}'", text_of(at), spaced(words), spaced(options));
    return code + (command.takes_file ? " files=1\n            ;;\n" : "\n            ;;\n");
}

std::string described(const std::string& word, const std::string& description) {
    std::string text;
    for (const char c : word + "\n" + description) text += c == ':' ? std::string{"\\:"} : std::string{c};
    text[text.find('\n')] = ':';
    return quoted(text);
}

std::string zsh_words(const path& at) {
    const auto& command = *at.back();
    std::string code = fmt::format("        '{}')\n            commands=(", text_of(at));
    for (const auto& each : command.commands) code += described(each.name, each.description) + ' ';
    for (const auto& each : command.choices) code += quoted(each) + ' ';
    code += ")\n            options=(";
    for (const auto& option : options_at(at))
        for (const auto& name : option.names) code += described(name, option.description) + ' ';
    return code + (command.takes_file ? ")\n            files=1\n            ;;\n" : ")\n            ;;\n");
}

std::string fish_option(const option_words& option, const std::string& condition) {
    std::string line = fmt::format("complete -c orchestrator {}", condition);
    for (const auto& name : option.names)
        line += name.starts_with("--") ? fmt::format(" -l {}", name.substr(2)) : fmt::format(" -s {}", name.substr(1));
    if (option.takes_value) line += " -x";
    if (!option.choices.empty()) line += fmt::format(" -a {}", quoted(spaced(option.choices)));
    return line + fmt::format(" -d {}\n", quoted(option.description));
}

std::string fish_lines(const path& at) {
    const auto& command = *at.back();
    const auto condition = fmt::format("-n '__orchestrator_at {}'", text_of(at));
    std::string lines;
    for (const auto& each : command.commands)
        lines +=
            fmt::format("complete -c orchestrator {} -a {} -d {}\n", condition, each.name, quoted(each.description));
    if (!command.choices.empty())
        lines += fmt::format("complete -c orchestrator {} -a {}\n", condition, quoted(spaced(command.choices)));
    if (command.takes_file) lines += fmt::format("complete -c orchestrator {} -F\n", condition);
    for (const auto& option : options_at(at)) lines += fish_option(option, condition);
    return lines;
}

std::string all(const path& root, const std::function<std::string(const path&)>& part) {
    std::string text;
    visit(root, [&](const path& at) { text += part(at); });
    return text;
}

std::string replaced(std::string text, std::string_view mark, std::string_view value) {
    const auto at = text.find(mark);
    return text.replace(at, mark.size(), value);
}

constexpr auto bash_script = R"(# bash completion of orchestrator; made by: orchestrator completion bash
_orchestrator() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
    local at=@ROOT@ words='' options='' files='' word
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case "$at $word" in
            @PATHS@) at="$at $word" ;;
        esac
    done
    COMPREPLY=()
    case "$at:$prev" in
@VALUES@    esac
    case "$at" in
@WORDS@    esac
    if [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$cur"))
    elif [[ $files ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    else
        COMPREPLY=($(compgen -W "$words" -- "$cur"))
    fi
}
complete -F _orchestrator orchestrator
)";

constexpr auto zsh_script = R"(#compdef orchestrator
# zsh completion of orchestrator; made by: orchestrator completion zsh
_orchestrator() {
    local at=@ROOT@ word files=''
    local -a commands options
    for word in "${(@)words[2,CURRENT-1]}"; do
        case "$at $word" in
            @PATHS@) at="$at $word" ;;
        esac
    done
    case "$at:${words[CURRENT-1]}" in
@VALUES@    esac
    case "$at" in
@WORDS@    esac
    if [[ $PREFIX == -* ]]; then
        _describe -o option options
    elif [[ -n $files ]]; then
        _files
    elif (( $#commands )); then
        _describe command commands
    fi
}
if [[ ${funcstack[1]} == _orchestrator ]]; then
    _orchestrator "$@"
else
    compdef _orchestrator orchestrator
fi
)";

constexpr auto fish_script = R"(# fish completion of orchestrator; made by: orchestrator completion fish
function __orchestrator_at
    set -l at @ROOT@
    for word in (commandline -opc)[2..-1]
        switch "$at $word"
            case @PATHS@
                set at "$at $word"
        end
    end
    test "$at" = "$argv"
end
complete -c orchestrator -f
@WORDS@)";

}  // namespace

std::string bash_completion(const command_words& root) {
    const path start{&root};
    const auto offer = [](const std::vector<std::string>& choices) {
        return choices.empty() ? std::string{"return"}
                               : fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$cur\")); return", spaced(choices));
    };
    auto script = replaced(bash_script, "@ROOT@", root.name);
    script = replaced(script, "@PATHS@", known_paths(start));
    script = replaced(script, "@VALUES@", value_cases(start, offer));
    return replaced(script, "@WORDS@", all(start, bash_words));
}

std::string zsh_completion(const command_words& root) {
    const path start{&root};
    const auto offer = [](const std::vector<std::string>& choices) {
        return choices.empty() ? std::string{"return"} : fmt::format("compadd -- {}; return", spaced(choices));
    };
    auto script = replaced(zsh_script, "@ROOT@", root.name);
    script = replaced(script, "@PATHS@", known_paths(start));
    script = replaced(script, "@VALUES@", value_cases(start, offer));
    return replaced(script, "@WORDS@", all(start, zsh_words));
}

std::string fish_completion(const command_words& root) {
    const path start{&root};
    auto paths = known_paths(start);
    std::ranges::replace(paths, '|', ' ');
    auto script = replaced(fish_script, "@ROOT@", root.name);
    script = replaced(script, "@PATHS@", paths);
    return replaced(script, "@WORDS@", all(start, fish_lines));
}

}  // namespace orchestrator::cli

#include "cli/settings_file.h"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>

namespace dibs::cli {
namespace {

/// `dibs journal verify`
std::string full_name(const CLI::App& app) {
  const CLI::App* parent = app.get_parent();
  return parent == nullptr ? app.get_name() : full_name(*parent) + " " + app.get_name();
}

std::string see_help(const CLI::App& app) { return "See `" + full_name(app) + " --help`."; }

bool is_setting(const CLI::Option& option) {
  const bool hidden = option.get_group().empty();
  return !hidden && !option.get_lnames().empty() && !option.check_lname("help");
}

std::string variable_of(const CLI::Option& option) {
  std::string name = "DIBS_" + option.get_lnames().front();
  std::ranges::transform(name, name.begin(), [](char c) {
    if (c == '-') return '_';
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return name;
}

std::unexpected<Fault> bad_value(const CLI::App& app, const std::string& where,
                                 const std::string& why) {
  return fault(FaultKind::bad_input, where + " " + why + ".", see_help(app));
}

/// The shortest text that is read as this very number.
std::string shortest(double number) {
  std::array<char, 32> text{};  // 17 digits, sign, point and exponent are 24
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  return {text.data(), end};
}

/// A text, number or boolean as it would stand behind the flag; nothing for any other value.
std::optional<std::string> text_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* number = node.as_floating_point()) return shortest(number->get());
  if (const auto* truth = node.as_boolean()) return truth->get() ? "true" : "false";
  return std::nullopt;
}

/// The values that the file gives to one setting.
std::optional<std::vector<std::string>> texts_of(const toml::node& node) {
  std::vector<std::string> texts;
  const auto add = [&texts](const toml::node& value) {
    auto text = text_of(value);
    if (text) texts.push_back(std::move(*text));
    return text.has_value();
  };
  const auto* list = node.as_array();
  if (list == nullptr) return add(node) ? std::optional(texts) : std::nullopt;
  if (!std::ranges::all_of(*list, add)) return std::nullopt;
  return texts;
}

Result<void> set(CLI::App& app, CLI::Option& option, const toml::node& node,
                 const std::string& where) {
  const bool is_switch = option.get_expected_max() == 0;
  if (is_switch != node.is_boolean()) {
    return bad_value(app, where, is_switch ? "takes true or false" : "does not take true or false");
  }
  const auto texts = texts_of(node);
  if (!texts) return bad_value(app, where, "takes text, a number or a list of those");
  if (option.count() > 0 || texts->empty() || (is_switch && texts->front() == "false")) return {};
  try {
    for (const auto& text : *texts) option.add_result(text);
    option.run_callback();
  } catch (const CLI::Error& error) {
    return bad_value(app, where, std::string("is not taken: ") + error.what());
  }
  return {};
}

Result<void> apply(CLI::App& app, const toml::table& table, const std::string& file) {
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    std::string where = file;
    where.append(", line ").append(std::to_string(key.source().begin.line));
    where.append(": `").append(name).append("`");
    CLI::Option* option = app.get_option_no_throw("--" + name);
    const bool known = option != nullptr && is_setting(*option) && name != "config";
    if (!known) return bad_value(app, where, "is no setting of `" + full_name(app) + "`");
    if (auto done = set(app, *option, node, where); !done) return done;
  }
  return {};
}

Result<toml::table> parse(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  if (!in) {
    return fault(FaultKind::bad_input, "The settings file " + file + " cannot be read.",
                 "Check the path given with --config or DIBS_CONFIG.");
  }
  try {
    return toml::parse(text, file);
  } catch (const toml::parse_error& error) {
    return fault(FaultKind::bad_input,
                 file + ", line " + std::to_string(error.source().begin.line) + ": " +
                     std::string(error.description()) + ".",
                 "The file is TOML: name = \"text\", name = 5, name = true, # a comment.");
  }
}

}  // namespace

void add_settings(CLI::App& app, Settings& settings) {
  app.add_option("--config", settings.file,
                 "TOML file of settings, the flags' names without dashes; default: none");
  for (CLI::Option* option : app.get_options()) {
    if (!is_setting(*option)) continue;
    if (option->get_envname().empty()) option->envname(variable_of(*option));
    if (!option->get_required()) continue;
    option->required(false)->type_name(option->get_type_name() + " REQUIRED");
    settings.required.push_back(option);
  }
}

Result<void> apply_settings(CLI::App& app, const Settings& settings) {
  if (!settings.file.empty()) {
    const auto table = parse(settings.file);
    if (!table) return std::unexpected(table.error());
    if (auto applied = apply(app, *table, settings.file); !applied) return applied;
  }
  for (const CLI::Option* option : settings.required) {
    if (option->count() > 0) continue;
    return fault(FaultKind::bad_input, option->get_name() + " is required.", see_help(app));
  }
  return {};
}

}  // namespace dibs::cli

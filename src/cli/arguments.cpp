// SPDX-License-Identifier: MIT
#include "cli/arguments.hpp"

#include "cli/secret.hpp"
#include "connection/property.hpp"
#include "error.hpp"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <string_view>

namespace mqtt_tools::cli {

namespace {

/// An option in a list of words, with its value.
struct Found {
  const Option* option = nullptr;
  std::string flags{};     ///< The letters before it in a word such as "-vNC1".
  std::size_t first = 0;   ///< The word that its value begins in.
  std::size_t offset = 0;  ///< Where in that word.
  std::size_t last = 0;    ///< The word that its value ends in; beyond all words: it is missing.
};

/// The last word of a value that begins in word `first`: -D takes two or three more.
std::size_t last_word(const Option& option, const std::vector<std::string>& words,
                      std::size_t first) {
  if (option.takes != Option::Takes::property) {
    return first;
  }
  const std::size_t name = first + 1;
  return name >= words.size()
             ? name
             : name + static_cast<std::size_t>(connection::property_values(words[name]));
}

/// Looks at a word such as "-p1883" or "-vNC".
Found look_at_letters(const Tool& tool, const std::vector<std::string>& words, std::size_t at) {
  const std::string& word = words[at];
  for (std::size_t letter = 1; letter < word.size(); ++letter) {
    const Option* option = tool.named(std::string{'-', word[letter]});
    if (option == nullptr) {
      break;
    }
    if (option->takes != Option::Takes::nothing) {
      const bool attached = letter + 1 < word.size();
      const std::size_t first = attached ? at : at + 1;
      return {option, word.substr(1, letter - 1), first, attached ? letter + 1 : 0,
              last_word(*option, words, first)};
    }
  }
  return {};
}

/// Looks at a word such as "--port" or "--port=1883".
Found look_at_name(const Tool& tool, const std::vector<std::string>& words, std::size_t at) {
  const std::string& word = words[at];
  const std::size_t equals = word.find('=');
  const bool attached = equals != std::string::npos;
  const Option* option = tool.named(word.substr(0, equals));
  if (option == nullptr || (option->takes == Option::Takes::nothing && !attached)) {
    return {};
  }
  const std::size_t first = attached ? at : at + 1;
  return {option, {}, first, attached ? equals + 1 : 0, last_word(*option, words, first)};
}

/// The option with a value that word `at` names; an empty one if it is anything else.
Found look_at(const Tool& tool, const std::vector<std::string>& words, std::size_t at) {
  const std::string& word = words[at];
  if (word.size() < 2 || word[0] != '-') {
    return {};
  }
  return word[1] == '-' ? look_at_name(tool, words, at) : look_at_letters(tool, words, at);
}

std::string value_of(const Found& found, const std::vector<std::string>& words) {
  std::string value = words[found.first].substr(found.offset);
  for (std::size_t next = found.first + 1; next <= found.last; ++next) {
    value += joint + words[next];
  }
  return value;
}

void check(const Found& found, const std::vector<std::string>& words) {
  const std::string name = spelling(*found.option);
  if (found.option->takes == Option::Takes::nothing) {
    throw UsageError(name + " takes no value");
  }
  if (found.last >= words.size()) {
    const bool property = found.option->takes == Option::Takes::property;
    throw UsageError(name + " needs " + std::string{found.option->value} + " after it" +
                     (property ? ", such as: -D publish user-property KEY VALUE" : ""));
  }
}

void overwrite(char* text, std::string_view with) {
  const std::size_t size = std::strlen(text);
  const std::size_t kept = std::min(size, with.size());
  std::memcpy(text, with.data(), kept);
  std::memset(text + kept, 0, size - kept);
}

void wipe(const Found& found, const std::vector<std::string>& words, char** argv) {
  if (found.first == found.last) {
    overwrite(argv[found.first] + found.offset,
              masked(*found.option, words[found.first].substr(found.offset)));
  } else if (secret_property(words[found.first + 1])) {
    for (std::size_t at = found.first + 2; at <= found.last; ++at) {
      overwrite(argv[at], hidden);
    }
  }
}

}  // namespace

bool is_property(std::string_view joined, std::string_view command, std::string_view name) {
  const std::string start = std::string{command} + joint + std::string{name} + joint;
  return joined.size() >= start.size() &&
         std::equal(start.begin(), start.end(), joined.begin(), [](char wanted, char letter) {
           return std::tolower(static_cast<unsigned char>(letter)) == wanted;
         });
}

std::vector<std::string> prepared(const Tool& tool, const std::vector<std::string>& words) {
  std::vector<std::string> ready;
  for (std::size_t at = 0; at < words.size(); ++at) {
    if (words[at] == "--") {
      ready.insert(ready.end(), words.begin() + static_cast<std::ptrdiff_t>(at), words.end());
      break;
    }
    const Found found = look_at(tool, words, at);
    if (found.option == nullptr) {
      ready.push_back(words[at]);
      continue;
    }
    check(found, words);
    if (!found.flags.empty()) {
      ready.push_back("-" + found.flags);
    }
    ready.push_back(spelling(*found.option));
    ready.push_back(value_of(found, words));
    at = found.last;
  }
  return ready;
}

std::vector<std::string> take_arguments(const Tool& tool, int argc, char** argv) {
  char** const first = argv + std::min(argc, 1);
  const std::vector<std::string> words(first, argv + argc);
  for (std::size_t at = 0; at < words.size() && words[at] != "--"; ++at) {
    const Found found = look_at(tool, words, at);
    if (found.option != nullptr && found.last < words.size()) {
      if (found.option->secret) {
        wipe(found, words, first);
      }
      at = found.last;
    }
  }
  return words;
}

}  // namespace mqtt_tools::cli

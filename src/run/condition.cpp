// SPDX-License-Identifier: MIT
#include "run/condition.hpp"

#include "error.hpp"
#include "payload/json.hpp"
#include "payload/json_scalar.hpp"
#include "text.hpp"

#include <re2/re2.h>

namespace mqtt_tools::run {

namespace {

using payload::JsonToken;
using Kind = payload::JsonToken::Kind;

constexpr std::string_view operators[] = {"==", "!=", "<=", ">=", "=~", "<", ">"};

/// Where the first operator between blanks stands.
struct Parts {
  std::string_view pointer{};
  std::string_view sign{};
  std::string_view value{};
};

std::optional<Parts> parts_of(std::string_view text) {
  for (std::size_t blank = text.find(' '); blank != std::string_view::npos;
       blank = text.find(' ', blank + 1)) {
    for (const std::string_view sign : operators) {
      const auto end = blank + 1 + sign.size();
      if (text.substr(blank + 1).starts_with(sign) && end < text.size() && text[end] == ' ') {
        return Parts{text.substr(0, blank), sign, text.substr(end + 1)};
      }
    }
  }
  return std::nullopt;
}

std::string shown(std::string_view text) { return "\"" + escaped(shortened(text, 60)) + "\""; }

std::shared_ptr<const RE2> expression_of(const std::string& text) {
  RE2::Options options;
  options.set_log_errors(false);
  auto expression = std::make_shared<const RE2>(text, options);
  if (!expression->ok()) {
    throw UsageError(escaped(expression->error()) + " in the regular expression " + shown(text));
  }
  return expression;
}

/// Whether a text that is neither was meant to be a condition, such as `.n > 3` or `/n>3`.
bool looks_like_condition(std::string_view text) {
  constexpr auto none = std::string_view::npos;
  const bool value = text.find_first_of("{[\"") == 0;
  return text.starts_with('/') || (!value && text.find_first_of("<>=~") != none);
}

bool is_boolean(std::string_view word) { return word == "true" || word == "false"; }

}  // namespace

Condition::Condition(std::string_view text) : text_(text) {
  const auto parts = payload::is_json(text) ? std::nullopt : parts_of(text);
  if (!parts || (!parts->pointer.empty() && !parts->pointer.starts_with('/'))) {
    if (looks_like_condition(text)) {
      throw UsageError(shown(text) +
                       " is neither JSON nor a condition, which is as in: /state == \"up\"");
    }
    value_.emplace(text);
    return;
  }
  pointer_.emplace(parts->pointer);
  operator_ = parts->sign;
  value_.emplace(parts->value);
  const auto& value = value_->text();
  payload::JsonTokens tokens{value};
  const auto token = tokens.next();
  kind_ = token.kind;
  scalar_ = kind_ == Kind::string ? payload::exact_text(token.text) : std::string{token.text};
  const bool ordered = kind_ == Kind::number || kind_ == Kind::string;
  if (operator_ == "=~") {
    if (kind_ != Kind::string) {
      throw UsageError("=~ takes a regular expression in quotes, as in: /state =~ \"^up\"");
    }
    expression_ = expression_of(scalar_);
  } else if (operator_ != "==" && operator_ != "!=" && !ordered) {
    throw UsageError(operator_ + " compares numbers and strings, not " + shown(value));
  }
}

bool Condition::met_by(const payload::Decoded& decoded) const {
  if (!pointer_) return value_->met_by(decoded);
  if (const auto value = pointer_->find(decoded)) return holds(*value);
  const bool text = decoded.kind() == payload::Kind::text || decoded.kind() == payload::Kind::empty;
  if (!text || !pointer_->whole()) return false;
  std::string quoted;
  payload::append_string(quoted, decoded.message().payload);
  return holds({Kind::string, quoted});
}

bool Condition::holds(const JsonToken& value) const {
  if (value.kind != kind_) return false;
  if (kind_ == Kind::word && is_boolean(value.text) != is_boolean(scalar_)) return false;
  if (expression_) return RE2::PartialMatch(payload::unquoted(value.text), *expression_);
  if (operator_ == "==") return value_->equals(value.text);
  if (operator_ == "!=") return !value_->equals(value.text);
  const int order = kind_ == Kind::number ? payload::compare_numbers(value.text, scalar_)
                                          : payload::exact_text(value.text).compare(scalar_);
  if (order == 0) return operator_.ends_with('=');
  return operator_.front() == (order < 0 ? '<' : '>');
}

std::vector<Condition> read_conditions(std::string_view option,
                                       const std::vector<std::string>& texts) {
  std::vector<Condition> conditions;
  for (const auto& text : texts) {
    try {
      conditions.emplace_back(text);
    } catch (const UsageError& error) {
      throw UsageError{std::string{option} + ": " + error.what()};
    }
  }
  return conditions;
}

}  // namespace mqtt_tools::run

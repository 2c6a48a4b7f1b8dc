// SPDX-License-Identifier: MIT
#include "cli/settings.hpp"

#include "connection/url.hpp"
#include "error.hpp"

#include <algorithm>
#include <stdexcept>

namespace mqtt_tools::cli {

namespace {

/// One URL as the settings that it stands for.
struct Parts {
  Layer layer{};
  Address address{};
};

connection::Url read(const Setting& setting) {
  try {
    return connection::read_url(setting.value());
  } catch (const UsageError& error) {
    throw UsageError(named(setting) + ": " + error.what());
  }
}

Parts take_apart(const Tool& tool, const Setting& setting) {
  const connection::Url url = read(setting);
  Parts parts;
  const auto add = [&](std::string_view key, std::string value) {
    parts.layer.push_back({tool.find(key), {std::move(value)}, setting.origin, true});
  };
  if (!url.host.empty()) {
    const bool bare = url.host.find(':') == std::string::npos;
    add("host", bare ? url.host : "[" + url.host + "]");
  }
  if (url.port) {
    add("port", std::to_string(*url.port));
  }
  if (url.username) {
    add("username", *url.username);
  }
  if (url.password) {
    add("password", *url.password);
  }
  parts.address = {url.scheme, url.path, setting.origin};
  return parts;
}

auto with_field(std::string_view wanted) {
  return [wanted](const Setting& setting) { return field(*setting.option) == wanted; };
}

/// Within one layer: the parts of its URL beside what is given by itself. In the environment, where
/// variables are inherited from afar, the single ones win.
void add_parts(Layer& layer, Layer parts) {
  for (Setting& part : parts) {
    const auto own = std::find_if(layer.begin(), layer.end(), with_field(field(*part.option)));
    if (own == layer.end()) {
      layer.push_back(std::move(part));
    } else if (own->origin.layer != Origin::Layer::environment) {
      throw UsageError(named(*own) + ": the URL gives the " + std::string{key(*part.option)} +
                       " already, use one of them");
    }
  }
}

void check_fields(const Layer& layer) {
  for (auto setting = layer.begin(); setting != layer.end(); ++setting) {
    const auto other = std::find_if(layer.begin(), setting, with_field(field(*setting->option)));
    if (other != setting) {
      throw UsageError(named(*other) + " and " + spelling(*setting->option) +
                       " exclude each other, use one of them");
    }
  }
}

}  // namespace

Settings::Settings(const Tool& tool, std::vector<Layer> layers) : tool_(&tool) {
  for (Layer& layer : layers) {
    lay(std::move(layer));
  }
}

void Settings::lay(Layer layer) {
  check_fields(layer);
  const auto url = std::find_if(layer.begin(), layer.end(), with_field("url"));
  if (url != layer.end()) {
    Parts parts = take_apart(*tool_, *url);
    layer.erase(url);
    add_parts(layer, std::move(parts.layer));
    if (!address_) {
      address_ = std::move(parts.address);
    }
  }

  const Layer stronger = settings_;
  for (Setting& setting : layer) {
    if (std::none_of(stronger.begin(), stronger.end(), with_field(field(*setting.option)))) {
      settings_.push_back(std::move(setting));
    }
  }
}

const Setting* Settings::find(std::string_view wanted) const {
  const auto same = [&](const Setting& setting) { return key(*setting.option) == wanted; };
  const auto found = std::find_if(settings_.begin(), settings_.end(), same);
  if (found != settings_.end()) {
    return &*found;
  }
  if (tool_->find(wanted) == nullptr) {
    throw std::logic_error("no such option: " + std::string{wanted});
  }
  return nullptr;
}

bool Settings::on(std::string_view key) const {
  const Setting* setting = find(key);
  return setting != nullptr && setting->values.empty();
}

std::optional<std::string> Settings::text(std::string_view key) const {
  const Setting* setting = find(key);
  return setting == nullptr ? std::nullopt : std::optional{setting->value()};
}

std::vector<std::string> Settings::texts(std::string_view key) const {
  const Setting* setting = find(key);
  return setting == nullptr ? std::vector<std::string>{} : setting->values;
}

void refuse(const Settings& settings, const std::vector<std::string_view>& keys,
            std::string_view why) {
  for (const std::string_view key : keys) {
    const Setting* setting = settings.find(key);
    if (setting != nullptr && setting->origin.layer == Origin::Layer::command_line) {
      throw UsageError(named(*setting) + " " + std::string{why});
    }
  }
}

}  // namespace mqtt_tools::cli

// SPDX-License-Identifier: MIT
#include "cli/precedence.hpp"

#include "cli/arguments.hpp"
#include "error.hpp"
#include "text.hpp"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace mqtt_tools::cli {

namespace {

/// `tls = false` decides about TLS, but `no-tls = false` does not: it undoes a weaker `no-tls`.
bool decides(const Setting& setting) {
  return !setting.off() || setting.key() == setting.decides();
}

/// What `list` says that decides this; null if nothing.
const Setting* find_deciding(const SettingList& list, std::string_view what) {
  const auto found = std::ranges::find_if(list, [what](const Setting& setting) {
    return setting.decides() == what && decides(setting);
  });
  return found == list.end() ? nullptr : &*found;
}

/// A host as it is compared: without its port and the dot of a whole name, in small letters.
std::string comparable(const std::string& text) {
  std::string host = text;
  try {
    host = connection::read_endpoint(text).host;
  } catch (const UsageError&) {
    // Said where the host is used. Until then it differs from all others.
  }
  if (host.size() > 1 && host.back() == '.') host.pop_back();
  return lower_case(host);
}

/// The hosts that a source names by itself, its URL aside.
std::vector<std::string> hosts_of(const SettingList& list) {
  std::vector<std::string> hosts;
  if (const Setting* setting = find_deciding(list, "host")) {
    std::ranges::transform(setting->values, std::back_inserter(hosts), comparable);
  }
  return hosts;
}

bool all_among(const std::vector<std::string>& some, const std::vector<std::string>& hosts) {
  return std::ranges::all_of(
      some, [&hosts](const std::string& host) { return std::ranges::count(hosts, host) > 0; });
}

std::string listed(const std::vector<std::string>& words) {
  std::string list;
  for (std::size_t at = 0; at < words.size(); ++at) {
    list += (at == 0 ? "" : at + 1 == words.size() ? " and " : ", ") + words[at];
  }
  return list;
}

constexpr std::string_view authentication_data = "authentication data";

/// Of the properties of CONNECT those of enhanced authentication (MQTT 5.0 §3.1.2.11.9 and 10).
bool proves_identity(const std::string& property) {
  return is_property(property, "connect", "authentication-method") ||
         is_property(property, "connect", "authentication-data");
}

/// What part of a login it is, in words; empty for none. With `all` also what else proves to one
/// broker who we are.
std::string login_part(const Setting& setting, bool all) {
  const std::string_view what = setting.decides();
  if (what == "username") return "user name";
  if (what == "password" && !setting.off()) return "password";
  if (all && what == "ws-header") return "WebSocket headers";
  const bool proof =
      all && what == "property" && std::ranges::any_of(setting.values, proves_identity);
  return proof ? std::string{authentication_data} : "";
}

}  // namespace

Settings::Settings(const Declarations& declared, std::vector<SettingList> sources,
                   std::vector<std::string> operands, std::vector<run::Warning> warnings)
    : declared_(&declared), operands_(std::move(operands)), warnings_(std::move(warnings)) {
  for (SettingList& list : sources) add(std::move(list));
  // Scheme and path of a weaker URL are not meant for a socket, nor those of a socket's for a host.
  const Setting* socket = find("unix");
  if (address_ && (socket == nullptr ? address_->scheme == "unix"
                                     : socket->origin.source < address_->origin.source)) {
    address_.reset();
  }
  prefer_stronger("psk psk-file psk-identity", of_certificates);
  prefer_stronger("no-reconnect", "reconnect-max reconnect-for");
  prefer_stronger("presence presence-online presence-offline",
                  "will-topic will-payload will-qos will-retain");
  prefer_stronger_property("session-expiry", "connect", "session-expiry-interval");
  prefer_stronger_property("will-delay", "will", "will-delay-interval");
  std::ranges::for_each(settings_, check_filled);
}

void Settings::add(SettingList list) {
  const auto url = std::ranges::find(list, "url", &Setting::decides);
  const bool replaced = address_.has_value();
  std::vector<std::string> own_hosts = hosts_of(list);
  if (url != list.end()) {
    const Setting own = std::move(*url);
    list.erase(url);
    if (replaced) {
      add_login(list, own, own_hosts);
    } else {
      use_url(list, own);
      own_hosts = hosts_of(list);
    }
  }
  drop_logins(list, own_hosts, hosts_, replaced);
  if (replaced) {
    std::erase_if(list, [](const Setting& setting) {
      return setting.decides() == "host" || setting.decides() == "port";
    });
  }
  drop_password(list, deciding("username"));
  if (hosts_.empty()) hosts_ = own_hosts;

  SettingList needed;
  for (Setting& setting : list) {
    if (given(setting)) continue;
    const Setting* other = find_deciding(needed, setting.decides());
    if (other != nullptr && decides(setting)) {
      if (other->off() != setting.off()) continue;  // `tls = false` and `no-tls = true` agree.
      throw UsageError(named(*other) + " and " + named(setting) +
                       " exclude each other, use one of them");
    }
    needed.push_back(std::move(setting));
  }
  std::move(needed.begin(), needed.end(), std::back_inserter(settings_));
}

/// Adds the host and the login of a URL that is replaced, for it is said that they are not used.
/// What is wrong with it does not matter.
void Settings::add_login(SettingList& list, const Setting& setting,
                         std::vector<std::string>& hosts) {
  connection::Url url;
  try {
    url = connection::read_url(setting.value());
  } catch (const UsageError&) {
    return;
  }
  hosts.push_back(comparable(url.host));
  for (Setting& part : parts_of(url, setting)) {
    if (find_deciding(list, part.decides()) == nullptr) list.push_back(std::move(part));
  }
}

/// What a URL says, option by option.
SettingList Settings::parts_of(const connection::Url& url, const Setting& setting) const {
  SettingList parts;
  const auto add = [&](std::string_view key, std::string value) {
    parts.push_back({declared_->find(key), {std::move(value)}, setting.origin, true});
  };
  if (!url.socket_path.empty()) add("unix", url.socket_path);
  if (!url.host.empty()) {
    const bool bare = url.host.find(':') == std::string::npos;
    add("host", bare ? url.host : "[" + url.host + "]");
  }
  if (url.port) add("port", std::to_string(*url.port));
  if (url.username) add("username", *url.username);
  if (url.password) add("password", *url.password);
  return parts;
}

/// Puts the parts of a URL beside what its source gives by itself. In the environment, where
/// variables are inherited from afar, the single ones win; but the login of a URL stays with its
/// host.
void Settings::use_url(SettingList& list, const Setting& setting) {
  const bool file = setting.origin.source > Origin::Source::environment;
  const bool host_beside = find_deciding(list, "host") != nullptr;
  const connection::Url url = with_name(
      setting, file && host_beside ? connection::read_url_beside_host : connection::read_url,
      setting.value());
  SettingList parts = parts_of(url, setting);
  address_ = {url, setting.origin, named(setting)};

  const std::vector<std::string> hosts = hosts_of(list);
  if (!url.host.empty() && host_beside && !all_among(hosts, {comparable(url.host)}) &&
      setting.origin.source == Origin::Source::environment) {
    drop_logins(parts, {comparable(url.host)}, hosts, false);
  }
  drop_password(parts, find_deciding(list, "username"));
  for (Setting& part : parts) {
    const Setting* own = find_deciding(list, part.decides());
    if (own == nullptr) {
      list.push_back(std::move(part));
    } else if (own->origin.source != Origin::Source::environment && !given(part)) {
      throw UsageError(named(*own) + ": the URL gives the " +
                       std::string{part.key() == "unix" ? "socket" : part.key()} +
                       " already, use one of them");
    }
  }
}

/// Takes the login out of a source that a URL replaces, or that names hosts of its own while
/// `others` are in effect. It was given for those alone.
void Settings::drop_logins(SettingList& list, const std::vector<std::string>& own_hosts,
                           const std::vector<std::string>& others, bool replaced) {
  const bool foreign = !others.empty() && !own_hosts.empty() && !all_among(others, own_hosts);
  if (!foreign && !replaced) return;
  std::vector<std::string> parts;
  std::string from;
  SettingList kept;
  for (Setting& setting : list) {
    const std::string part = login_part(setting, foreign);
    if (!part.empty() && !given(setting)) {
      from = parts.empty() ? source_of(setting.origin) : from;
      parts.insert(part == "user name" ? parts.begin() : parts.end(), part);
    }
    if (part == authentication_data) std::erase_if(setting.values, proves_identity);
    if (part.empty() || (part == authentication_data && !setting.values.empty())) {
      kept.push_back(std::move(setting));
    }
  }
  list = std::move(kept);
  if (parts.empty()) return;
  const std::string verb = parts.size() == 1 && parts[0] != "WebSocket headers" ? "is" : "are";
  std::string why =
      foreign ? "for " + escaped(listed(own_hosts)) + ", not for " + escaped(listed(others)) +
                    ", and " + verb + " not sent"
              : "not used: " + address_->name + " replaces " + (verb == "is" ? "it" : "them");
  dropped_logins_.push_back(
      {"the " + listed(parts) + " from " + from + " " + verb + " " + why, true});
}

/// Takes the password out of `list` that stands there beside another user name than the one in
/// effect: it is not his. A password alone is for whomever.
void Settings::drop_password(SettingList& list, const Setting* username) {
  const Setting* own = find_deciding(list, "username");
  const Setting* password = find_deciding(list, "password");
  if (username == nullptr || own == nullptr || password == nullptr ||
      password->key() == "ask-password" || own->value() == username->value()) {
    return;
  }
  if (!given(*password)) {
    dropped_logins_.push_back({"the password from " + source_of(password->origin) +
                                   " is for the user " + in_quotes(own->value()) + ", not for " +
                                   in_quotes(username->value()) + ", and is not sent",
                               true});
  }
  list.erase(list.begin() + (password - list.data()));
}

/// Of two groups that exclude each other the stronger source's stays. What one source says of both
/// is left for whoever reads them to refuse.
void Settings::prefer_stronger(std::string_view one, std::string_view other) {
  const auto strongest = [this](std::string_view keys) {
    std::optional<Origin::Source> source;
    for (const std::string_view key : split(keys, " ")) {
      if (on(key) && (!source || find(key)->origin.source < *source)) {
        source = find(key)->origin.source;
      }
    }
    return source;
  };
  const auto drop_below = [this](std::string_view keys, Origin::Source source) {
    std::erase_if(settings_, [&](const Setting& setting) {
      return setting.origin.source > source &&
             std::ranges::count(split(keys, " "), setting.key()) > 0;
    });
  };
  const std::optional<Origin::Source> first = strongest(one);
  const std::optional<Origin::Source> second = strongest(other);
  if (first && second && *first <= *second) drop_below(other, *first);
  if (first && second && *second <= *first) drop_below(one, *second);
}

/// The same for an option and the property that says the same.
void Settings::prefer_stronger_property(std::string_view key, std::string_view command,
                                        std::string_view property) {
  const auto option = std::ranges::find(settings_, key, &Setting::key);
  const auto list = std::ranges::find(settings_, "property", &Setting::key);
  if (option == settings_.end() || list == settings_.end() ||
      option->origin.source == list->origin.source) {
    return;
  }
  const auto same = [&](const std::string& value) { return is_property(value, command, property); };
  if (std::ranges::none_of(list->values, same)) return;
  if (list->origin.source < option->origin.source) {
    settings_.erase(option);
    return;
  }
  std::erase_if(list->values, same);
  if (list->values.empty()) settings_.erase(list);
}

void Settings::fill_fields() const {
  for (const Setting& setting : settings_) {
    if (setting.option->store) setting.option->store(setting);
  }
}

const Setting* Settings::find(std::string_view wanted) const {
  const Setting* found = cli::find(settings_, wanted);
  if (found == nullptr && declared_->find(wanted) == nullptr) {
    throw std::logic_error("no such option: " + std::string{wanted});
  }
  return found;
}

const Setting* Settings::deciding(std::string_view what) const {
  return find_deciding(settings_, what);
}

bool Settings::on(std::string_view key) const {
  const Setting* setting = find(key);
  return setting != nullptr && !setting->off();
}

bool Settings::typed(std::string_view key) const {
  const Setting* setting = find(key);
  return setting != nullptr && setting->origin.source == Origin::Source::command_line;
}

std::optional<std::string> Settings::topic_of_url() const {
  const bool topic = address_ && !address_->websocket() && !address_->path.empty();
  return topic ? std::optional{address_->path} : std::nullopt;
}

std::vector<run::Warning> Settings::warnings() const {
  std::vector<run::Warning> all = warnings_;
  all.insert(all.end(), dropped_logins_.begin(), dropped_logins_.end());
  return all;
}

void refuse(const Settings& settings, std::string_view keys, std::string_view why,
            Origin::Source weakest) {
  for (const std::string_view key : split(keys, " ")) {
    const Setting* setting = settings.find(key);
    if (setting != nullptr && !setting->off() && setting->origin.source <= weakest) {
      throw UsageError(named(*setting) + " " + std::string{why});
    }
  }
}

void check_rules(const Settings& settings, std::span<const Rule> rules) {
  for (const auto& [when, refused, why] : rules) {
    const bool missing = when.starts_with('!');
    const std::vector<std::string_view> keys = split(when.substr(missing ? 1 : 0), " ");
    const auto given =
        std::ranges::find_if(keys, [&](std::string_view key) { return settings.on(key); });
    if ((given == keys.end()) != missing) continue;
    refuse(settings, refused,
           !why.empty() ? std::string{why}
           : missing    ? "needs --" + joined(keys, " or --")
                        : "and --" + std::string{*given} + " exclude each other, use one of them");
  }
}

}  // namespace mqtt_tools::cli

// SPDX-License-Identifier: MIT

#include "connection/connector.hpp"

#include "connection/hooks/connection_record.hpp"
#include "connection/reason_code.hpp"
#include "connection/url.hpp"
#include "text.hpp"

#include <algorithm>
#include <utility>

namespace mqtt_tools::connection {

namespace {

using Kind = ConnectError::Kind;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// While others wait, a candidate gets at least this long and at most that long.
constexpr auto least_share = seconds{1};
constexpr auto largest_share = seconds{3};

/// What to do about a refusal, to stand behind its words.
std::string advice(int code, const Options& options) {
  const Remedy remedy = connack_remedy(code);
  if (code == 2 || code == 0x85) return " (--client-id and --id-prefix set it)";
  if (code == 0x9A) return " (for the will; see --will-retain, --presence and --wrap)";
  if (code == 0x9B) return " (for the will; see --will-qos and --presence)";
  if (const auto why = version_wanted_by(options);
      remedy == Remedy::try_version_3 && !why.empty()) {
    return " (" + why + " MQTT " + version_name(options.version) + ")";
  }
  if (remedy != Remedy::log_in) return {};
  const auto& [username, password] = options.credentials;
  if (!username) return " (no user name was given; see --username)";
  // A variable or a secret made with `echo` has one.
  const bool ends_line = password && (password->ends_with('\n') || password->ends_with(' '));
  return std::string{" (check the user name and the password"} +
         (ends_line ? ", which ends in a blank or the end of a line)" : ")");
}

/// Paho does not look whether the threads that it needs for the first connection could be started.
void note_lack_of_threads(ConnectError& error) {
  try {
    start_thread([] {});
  } catch (const RunError& lack) {
    error.message = lack.what();
  }
}

/// The client id after `id`, whose end is a number in base 36 that no other process has.
std::string following(std::string id) {
  for (auto digit = id.rbegin(); digit != id.rend(); ++digit) {
    if (*digit == 'z') {
      *digit = '0';
      continue;
    }
    *digit = *digit == '9' ? 'a' : static_cast<char>(*digit + 1);
    break;
  }
  return id;
}

}  // namespace

Connector::Result Connector::start(seconds keep_alive, Clock::time_point now) {
  keep_alive_ = keep_alive;
  deadline_ = due_ = now + options_.connect_timeout;
  endpoint_ = 0;
  errors_ = {};
  next_endpoint(now);
  return take_result();
}

std::string Connector::name() const {
  const auto& endpoint = options_.endpoints[std::min(endpoint_, options_.endpoints.size() - 1)];
  return name_of(endpoint, options_);
}

bool Connector::may_fall_back() const {
  return options_.version == Version::automatic && options_.version_5_only.empty() && !fell_back_;
}

void Connector::next_endpoint(Clock::time_point now) {
  if (endpoint_ == options_.endpoints.size()) {
    fail(failure_of(errors_, options_.endpoints.size()));
    return;
  }
  const auto& endpoint = options_.endpoints[endpoint_];
  const auto& host = options_.proxy ? options_.proxy->host : endpoint.host;
  const int port = options_.proxy ? options_.proxy->port : port_of(endpoint, options_);
  const auto& path = endpoint.socket_path;
  use_addresses(path.empty() ? known_addresses(host, port) : std::vector{socket_address(path)});
  if (!addresses_.empty()) {
    next_address(now);
    return;
  }
  step_ = Step::resolving;
  const auto waiting = static_cast<int>(options_.endpoints.size() - endpoint_ - 1);
  due_ = waiting > 0 ? std::min<Clock::time_point>(deadline_, now + largest_share) : deadline_;
  look_up_.start([host, port] { return resolve(host, port); },
                 [&events = events_] { events.wake(); });
}

/// Those that can be reached from where we are to connect from.
void Connector::use_addresses(std::vector<Address> addresses) {
  addresses_ = std::move(addresses);
  address_ = 0;
  const auto from = numeric_address(options_.bind, 0);
  std::erase_if(addresses_, [&from](const Address& to) {
    const auto family = to.storage.ss_family;
    return from && family != AF_UNIX && family != from->storage.ss_family;
  });
}

void Connector::next_address(Clock::time_point now) {
  if (now >= deadline_ || address_ == addresses_.size()) {
    if (now >= deadline_ && errors_.empty()) note({Kind::unreachable, "no answer in time"});
    endpoint_ = now >= deadline_ ? options_.endpoints.size() : endpoint_ + 1;
    next_endpoint(now);
    return;
  }
  version_ =
      options_.version == Version::automatic ? settled_.value_or(Version::v5) : options_.version;
  fell_back_ = closed_ = false;
  connect(now);
}

void Connector::connect(Clock::time_point now) {
  const auto left = deadline_ - now;
  const auto waiting = addresses_.size() - address_ - 1 + options_.endpoints.size() - endpoint_ - 1;
  Duration share = left;
  if (waiting > 0) {
    share = std::clamp<Duration>(left / static_cast<int>(waiting + 1), least_share, largest_share);
  }
  due_ = now + std::min<Duration>(share, left);
  step_ = Step::connecting;

  const auto& endpoint = options_.endpoints[endpoint_];
  const auto& address = addresses_[address_];
  log_.debug("connecting to " + name() +
             (endpoint.socket_path.empty() ? " (" + address.text() + ")" : "") + ", MQTT " +
             version_name(version_));
  client_.reset();  // destroyed before the next begins
  client_ = make_({endpoint, address, version_, next_client_id(), ++candidates_, previous_});
  last_ = client_->record();
  client_->connect(keep_alive_, std::chrono::duration_cast<seconds>(left) + seconds{1});
}

/// The same until it was sent and not answered (with presence always, so that an old will is
/// published before the new message that we are there): such a CONNECT may come late, and would
/// take over the connection that was made after it (MQTT 5.0 §3.1.4).
std::string Connector::next_client_id() {
  if (!answered_ && last_ && last_->guard()->connect_sent()) {
    if (options_.client_id_given || options_.presence) {
      ++late_;
    } else {
      client_id_ = following(std::move(client_id_));
    }
  }
  answered_ = false;
  return client_id_;
}

bool Connector::taken_over_by_ourselves() {
  if (late_ == 0) return false;
  --late_;
  return true;
}

Connector::Result Connector::advance(Clock::time_point now) {
  switch (step_) {
    case Step::resolving: {
      auto resolved = look_up_.take();
      if (!resolved && now < due_) break;
      look_up_.drop();
      if (!resolved) resolved = Resolved{{}, "the name server did not answer in time"};
      const bool found = !resolved->addresses.empty();
      use_addresses(std::move(resolved->addresses));
      if (!found) {
        note_no_address(resolved->error.empty() ? "name not found" : resolved->error);
      } else if (addresses_.empty()) {
        note_no_address("it has no address of the kind of --bind " + options_.bind);
      }
      next_address(now);
      break;
    }
    case Step::connecting:
      if (now < due_) break;
      if (may_stay(now)) {
        due_ = deadline_;
      } else {
        auto error = explain(last_->facts(), options_, options_.endpoints[endpoint_]);
        if (!settled_) note_lack_of_threads(error);
        next_candidate({Kind::unreachable, std::move(error.message)}, now);
      }
      break;
    case Step::examining: {
      auto error = examination_.take();
      if (!error && now < due_) break;
      examination_.drop();
      explained(error.value_or(ConnectError{Kind::unreachable, "no answer in time"}), now);
      break;
    }
    case Step::idle:
      break;
  }
  return take_result();
}

Connector::Result Connector::on(const Event& event, Clock::time_point now) {
  if (step_ != Step::connecting || event.connection != client_->number()) return {};
  switch (event.kind) {
    case Event::Kind::connected:
      connected(event);
      break;
    case Event::Kind::failed:
      if (event.code > 0) {
        answered_ = true;
        refused(event, now);
      } else {
        examine(now);
      }
      break;
    case Event::Kind::lost:
    case Event::Kind::malformed:
      examine(now);
      break;
    case Event::Kind::no_memory:
      fail({ExitCode::failure, event.text, true});
      break;
    default:
      break;
  }
  return take_result();
}

void Connector::connected(const Event& event) {
  answered_ = true;
  if (!settled_) settled_ = version_;
  step_ = Step::idle;
  result_ = Connected{std::move(client_), version_, event.limits, event.text};
}

void Connector::refused(const Event& event, Clock::time_point now) {
  const auto words = with_text(connack_message(event.code), event.text);
  switch (connack_remedy(event.code)) {
    case Remedy::try_version_3:
      if (may_fall_back()) {
        fall_back("answered CONNECT with: " + words, now);
        return;
      }
      // It has spoken the other version before, and may just not have been up when it closed.
      if (!settled_ || !closed_) break;
      [[fallthrough]];
    case Remedy::try_again:
      next_candidate({Kind::closed, "the broker refused the connection for now: " + words}, now);
      return;
    case Remedy::log_in:
    case Remedy::give_up:
      break;
  }
  const auto text = "refused the connection: " + words + advice(event.code, options_);
  // Another broker may speak the version, or be the one that this one points to.
  const bool elsewhere = connack_remedy(event.code) == Remedy::try_version_3 ||
                         event.code == 0x9C || event.code == 0x9D;
  if (elsewhere && endpoint_ + 1 < options_.endpoints.size()) {
    next_candidate({Kind::lasting, "it " + text}, now);
  } else {
    fail({ExitCode::refused, name() + " " + text, true});
  }
}

/// Something went wrong on the way to CONNACK: what happened on the connection is put into words on
/// a thread of its own, as one case of it asks the server once more.
void Connector::examine(Clock::time_point now) {
  client_.reset();
  step_ = Step::examining;
  due_ =
      std::min<Clock::time_point>(std::max(deadline_, now + milliseconds{500}), now + seconds{3});
  examination_.start([facts = last_->facts(), options = options_,
                      endpoint = options_.endpoints[endpoint_], address = addresses_[address_],
                      until = due_] { return explain(facts, options, endpoint, address, until); },
                     [&events = events_] { events.wake(); });
}

void Connector::explained(ConnectError error, Clock::time_point now) {
  if (error.kind == Kind::violation) {
    fail({ExitCode::no_connection, name() + " " + error.message, true, true});
  } else if (error.kind == Kind::closed && may_fall_back()) {
    closed_ = true;
    fall_back("closed the connection without an answer", now);
  } else {
    next_candidate(std::move(error), now);
  }
}

/// A CONNECT that has left cannot be called back, and the next one to the same broker may come
/// before it, and who answers will be slow at the next address, too: another address of the same
/// host is no reason to give it up. The shares of time are for what is silent.
bool Connector::may_stay(Clock::time_point now) const {
  if (now >= deadline_ || endpoint_ + 1 != options_.endpoints.size()) return false;
  const auto facts = last_->facts();
  return facts.connect_sent || !facts.tls.first_bytes.empty() || !facts.proxy_answer.empty() ||
         !facts.upgrade_answer.empty();
}

std::optional<std::uint64_t> Connector::give_up() {
  if (step_ != Step::connecting || !last_->guard()->connect_sent()) return std::nullopt;
  client_->give_up();
  return client_->number();
}

void Connector::fall_back(const std::string& why, Clock::time_point now) {
  version_ = version_ == Version::v5 ? Version::v3_1_1 : Version::v5;
  log_.debug(name() + " " + why + "; trying MQTT " + version_name(version_));
  answered_ = true;  // by closing the connection
  fell_back_ = true;
  connect(now);
}

/// The candidate is given up.
void Connector::next_candidate(ConnectError error, Clock::time_point now) {
  client_.reset();
  note(std::move(error));
  ++address_;
  next_address(now);
}

/// Of the broker or of its proxy, whichever is connected to.
void Connector::note_no_address(const std::string& why) {
  const auto& proxy = options_.proxy;
  const auto whose =
      proxy ? "cannot reach the proxy " + with_port(proxy->host, proxy->port) + ": " : "";
  note({Kind::unreachable, whose + why});
}

void Connector::note(ConnectError error) {
  error.message = name() + ": " + error.message;
  log_.debug(error.message);
  errors_.push_back({endpoint_, std::move(error)});
}

void Connector::fail(Failure failure) {
  client_.reset();
  step_ = Step::idle;
  result_ = std::move(failure);
}

std::optional<Clock::time_point> Connector::due() const {
  if (step_ == Step::idle) return std::nullopt;
  return due_;
}

Failure failure_of(const std::vector<CandidateError>& errors, std::size_t endpoints) {
  Failure failure;
  failure.lasting = true;
  std::vector<std::string> texts;
  for (std::size_t endpoint = 0; endpoint < endpoints; ++endpoint) {
    auto furthest = Kind::unreachable;
    for (const auto& [of, error] : errors) {
      if (of == endpoint) furthest = std::max(furthest, error.kind);
    }
    failure.lasting = failure.lasting && furthest == Kind::lasting;
    for (const auto& [of, error] : errors) {
      if (of != endpoint || error.kind != furthest) continue;
      if (std::find(texts.begin(), texts.end(), error.message) == texts.end()) {
        texts.push_back(error.message);
      }
    }
  }
  failure.text = "cannot reach " + joined(texts, "; ");
  return failure;
}

}  // namespace mqtt_tools::connection

// SPDX-License-Identifier: MIT

#include "connection/connector.hpp"

#include "connection/hooks/connection_record.hpp"
#include "connection/reason_code.hpp"
#include "connection/url.hpp"

#include <algorithm>
#include <utility>

namespace mqtt_tools::connection {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// While others wait, a candidate gets at least this long and at most that long.
constexpr auto least_share = seconds{1};
constexpr auto largest_share = seconds{3};

/// What to do about a refusal, to stand behind its words.
std::string advice(Remedy remedy, const Options& options) {
  if (remedy == Remedy::try_version_3 && !options.version_5_only.empty()) {
    return " (" + options.version_5_only + " needs MQTT 5)";
  }
  if (remedy != Remedy::log_in) return {};
  return options.credentials.username ? " (check the user name and the password)"
                                      : " (no user name was given; see --username)";
}

}  // namespace

Connector::Connector(Surroundings surroundings, Version version, bool may_fall_back,
                     seconds keep_alive, Clock::time_point now)
    : surroundings_(std::move(surroundings)),
      options_(surroundings_.options),
      first_version_(version),
      version_(version),
      may_fall_back_(may_fall_back),
      keep_alive_(keep_alive),
      deadline_(now + options_.connect_timeout),
      due_(deadline_) {
  next_endpoint(now);
}

std::string Connector::name() const {
  const auto& endpoint = options_.endpoints[endpoint_];
  return with_port(endpoint.host, port_of(endpoint, options_));
}

void Connector::next_endpoint(Clock::time_point now) {
  if (endpoint_ == options_.endpoints.size()) {
    fail(errors_.failure(options_.endpoints.size()));
    return;
  }
  const auto& endpoint = options_.endpoints[endpoint_];
  const auto& host = options_.proxy ? options_.proxy->host : endpoint.host;
  const int port = options_.proxy ? options_.proxy->port : port_of(endpoint, options_);
  addresses_ = known_addresses(host, port);
  address_ = 0;
  if (!addresses_.empty()) {
    next_address(now);
    return;
  }
  step_ = Step::resolving;
  const auto waiting = static_cast<int>(options_.endpoints.size() - endpoint_ - 1);
  due_ = waiting > 0 ? std::min<Clock::time_point>(deadline_, now + largest_share) : deadline_;
  look_up_.start([host, port] { return resolve(host, port); }, surroundings_.wake);
}

void Connector::next_address(Clock::time_point now) {
  if (now >= deadline_ || address_ == addresses_.size()) {
    if (now >= deadline_ && errors_.empty()) note(Progress::unreachable, "no answer in time");
    endpoint_ = now >= deadline_ ? options_.endpoints.size() : endpoint_ + 1;
    next_endpoint(now);
    return;
  }
  version_ = first_version_;
  fell_back_ = false;
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
  choose_address(options_.proxy ? options_.proxy->host : endpoint.host, address);
  surroundings_.debug("connecting to " + name() + " (" + address.text() + "), MQTT " +
                      version_name(version_));
  client_.reset();  // destroyed before the next begins
  client_ = surroundings_.make(endpoint, version_);
  client_->connect(keep_alive_, std::chrono::duration_cast<seconds>(left) + seconds{1});
}

void Connector::advance(Clock::time_point now) {
  if (state_ != State::trying) return;
  if (step_ == Step::resolving) {
    if (auto resolved = look_up_.take()) {
      addresses_ = std::move(resolved->addresses);
      address_ = 0;
      if (addresses_.empty()) {
        note(Progress::unreachable, resolved->error.empty() ? "name not found" : resolved->error);
      }
      next_address(now);
    } else if (now >= due_) {
      look_up_.drop();
      addresses_.clear();
      address_ = 0;
      note(Progress::unreachable, "the name server did not answer in time");
      next_address(now);
    }
    return;
  }
  if (step_ == Step::connecting && now >= due_) {
    if (may_stay(now)) {
      due_ = deadline_;
    } else {
      no_answer(now);
    }
    return;
  }
  if (step_ == Step::examining) {
    auto error = examination_.take();
    if (!error && now < due_) return;
    examination_.drop();
    if (!error) error = ConnectError{ConnectError::Kind::unreachable, "no answer in time"};
    failed(*error, now);
  }
}

void Connector::failed(const ConnectError& error, Clock::time_point now) {
  using Kind = ConnectError::Kind;
  if (error.kind == Kind::violation) {
    fail({ExitCode::no_connection, name() + " " + error.message, true, true});
    return;
  }
  if (error.kind == Kind::closed && may_fall_back_ && !fell_back_) {
    fall_back("closed the connection without an answer", now);
    return;
  }
  note(error.kind == Kind::lasting  ? Progress::lasting
       : error.kind == Kind::closed ? Progress::answered
                                    : Progress::unreachable,
       error.message);
  ++address_;
  next_address(now);
}

void Connector::handle(const Event& event, Clock::time_point now) {
  if (state_ != State::trying || step_ != Step::connecting ||
      event.connection != client_->number()) {
    return;
  }
  switch (event.kind) {
    case Event::Kind::connected:
      surroundings_.answered();
      limits_ = event.limits;
      state_ = State::connected;
      step_ = Step::done;
      break;
    case Event::Kind::failed:
      if (event.code > 0) {
        surroundings_.answered();
        refused(event.code, now);
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
}

void Connector::refused(int code, Clock::time_point now) {
  const auto words = connack_message(code);
  const auto remedy = connack_remedy(code);
  switch (remedy) {
    case Remedy::try_version_3:
      if (may_fall_back_ && !fell_back_) {
        fall_back("answered CONNECT with: " + words, now);
        return;
      }
      break;
    case Remedy::try_again:
      client_.reset();
      note(Progress::answered, "the broker refused the connection for now: " + words);
      ++address_;
      next_address(now);
      return;
    case Remedy::log_in:
    case Remedy::give_up:
      break;
  }
  fail({ExitCode::refused, name() + " refused the connection: " + words + advice(remedy, options_),
        true});
}

void Connector::examine(Clock::time_point now) {
  auto facts = client_->record()->facts();
  client_.reset();
  step_ = Step::examining;
  due_ =
      std::min<Clock::time_point>(std::max(deadline_, now + milliseconds{500}), now + seconds{3});
  examination_.start([facts = std::move(facts), options = options_,
                      endpoint = options_.endpoints[endpoint_], address = addresses_[address_],
                      until = due_] { return explain(facts, options, endpoint, address, until); },
                     surroundings_.wake);
}

/// A CONNECT that has left cannot be called back, and the next one to the same broker may come
/// before it: another address of the same host is no reason to give it up. The shares of time are
/// for name, TCP, proxy and TLS.
bool Connector::may_stay(Clock::time_point now) const {
  return now < deadline_ && endpoint_ + 1 == options_.endpoints.size() &&
         client_->record()->connect_sent();
}

std::optional<std::uint64_t> Connector::give_up() {
  if (step_ != Step::connecting) return std::nullopt;
  client_->give_up();
  return client_->number();
}

void Connector::no_answer(Clock::time_point now) {
  const auto error = explain(client_->record()->facts(), options_, options_.endpoints[endpoint_]);
  client_.reset();
  note(Progress::unreachable, error.message);
  ++address_;
  next_address(now);
}

void Connector::fall_back(const std::string& why, Clock::time_point now) {
  surroundings_.debug(name() + " " + why + "; trying MQTT 3.1.1");
  surroundings_.answered();  // by closing the connection
  fell_back_ = true;
  version_ = Version::v3_1_1;
  connect(now);
}

void Connector::note(Progress progress, std::string words) {
  auto text = name() + ": " + std::move(words);
  surroundings_.debug(text);
  errors_.add(endpoint_, progress, std::move(text));
}

void Connector::fail(Failure failure) {
  client_.reset();
  failure_ = std::move(failure);
  state_ = State::failed;
  step_ = Step::done;
}

std::optional<Clock::time_point> Connector::due() const {
  if (state_ != State::trying) return std::nullopt;
  return due_;
}

void CandidateErrors::add(std::size_t endpoint, Progress progress, std::string text) {
  notes_.push_back({endpoint, progress, std::move(text)});
}

Failure CandidateErrors::failure(std::size_t endpoints) const {
  Failure failure;
  failure.lasting = true;
  std::vector<std::string> texts;
  for (std::size_t endpoint = 0; endpoint < endpoints; ++endpoint) {
    auto furthest = Progress::unreachable;
    for (const auto& note : notes_) {
      if (note.endpoint == endpoint) furthest = std::max(furthest, note.progress);
    }
    failure.lasting = failure.lasting && furthest == Progress::lasting;
    for (const auto& note : notes_) {
      if (note.endpoint != endpoint || note.progress != furthest) continue;
      if (std::find(texts.begin(), texts.end(), note.text) == texts.end()) {
        texts.push_back(note.text);
      }
    }
  }
  failure.text = "cannot reach ";
  for (std::size_t i = 0; i < texts.size(); ++i) failure.text += (i == 0 ? "" : "; ") + texts[i];
  return failure;
}

}  // namespace mqtt_tools::connection

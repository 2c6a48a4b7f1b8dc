// SPDX-License-Identifier: MIT
#include "run/exec.hpp"

#include "bytes.hpp"
#include "descriptor.hpp"
#include "error.hpp"
#include "run/log.hpp"
#include "timestamp.hpp"
#include "topic.hpp"

#include <sys/mman.h>
#include <unistd.h>
#include <cerrno>
#include <iterator>
#include <string_view>
#include <utility>

namespace mqtt_tools::run {
namespace {

constexpr int time_digits = 6;

/// What there is to know about `message`, but for its payload, as a command's environment.
std::vector<Variable> message_variables(const Message& message) {
  const Properties& properties = message.properties;
  const auto number = [](auto value) { return std::optional{std::to_string(value)}; };
  return {{"MQTT_TOPIC", message.topic},
          {"MQTT_QOS", number(static_cast<int>(message.qos))},
          {"MQTT_RETAIN", number(message.retained ? 1 : 0)},
          {"MQTT_PAYLOADLEN", number(message.payload.size())},
          {"MQTT_MID", message.id != 0 ? number(message.id) : std::nullopt},
          {"MQTT_TIME", to_rfc3339(message.time, time_digits)},
          {"MQTT_CONTENT_TYPE", properties.content_type},
          {"MQTT_RESPONSE_TOPIC", properties.response_topic},
          // Bytes have no other way into an environment.
          {"MQTT_CORRELATION_DATA_BASE64",
           properties.correlation_data ? std::optional{to_base64(*properties.correlation_data)}
                                       : std::nullopt}};
}

/// The payload as a file without a name: unlike a pipe it never keeps us waiting for a command that
/// does not read.
Descriptor file_of(std::string_view payload) {
  Descriptor file{::memfd_create("payload", MFD_CLOEXEC)};
  if (file.get() < 0) throw failed_call("cannot hand a payload to a command");
  while (!payload.empty()) {
    const ssize_t count = ::write(file.get(), payload.data(), payload.size());
    if (count < 0 && errno != EINTR) throw failed_call("cannot hand a payload to a command");
    payload.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
  }
  ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

/// The form of the answer to `message`; nothing if it asks for none that can be given.
std::optional<Message> answer_to(const Message& message) {
  const auto& topic = message.properties.response_topic;
  if (!topic) {
    return {};
  }
  try {
    check_topic(*topic);
  } catch (const UsageError&) {  // Whatever a message asks for, the run goes on.
    return {};
  }
  return Message{.topic = *topic,
                 .qos = message.qos,
                 .properties = {.correlation_data = message.properties.correlation_data}};
}

}  // namespace

struct Exec::Job {
  /// Reads what the command has written; false when it is more than a message can hold.
  bool drain();

  std::string topic{};
  std::optional<Child> child{};
  Descriptor output{};              ///< With --reply, where its stdout arrives.
  std::optional<Message> answer{};  ///< With --reply, to be filled by its stdout.
};

bool Exec::Job::drain() {
  char block[64 * 1024];
  constexpr int patience = 64;  // Blocks: more than a pipe holds, and an end to what has none.
  for (int i = 0; i < patience && output.get() >= 0; ++i) {
    const ssize_t count = ::read(output.get(), block, sizeof block);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) break;
    if (count <= 0) {
      output.reset();
      break;
    }
    if (!answer) {
      continue;  // Nobody to tell.
    }
    answer->payload.append(block, static_cast<std::size_t>(count));
    if (answer->payload.size() > max_payload) return false;
  }
  return true;
}

Exec::Exec(ExecOptions options) : options_(std::move(options)) {}

Exec::~Exec() = default;

bool Exec::can_start() const {
  return !waiting_ && jobs_.size() < static_cast<std::size_t>(options_.jobs);
}

void Exec::start(const Message& message, std::vector<Variable> connection) {
  auto job = std::make_unique<Job>();
  job->topic = message.topic;
  try {
    ChildCommand command{.shell_command = options_.command, .environment = connection};
    auto variables = message_variables(message);
    std::move(variables.begin(), variables.end(), std::back_inserter(command.environment));

    const Descriptor input = file_of(message.payload);
    command.input = input.get();

    Descriptor write_end;
    if (options_.reply) {
      if (!open_pipe(job->output, write_end)) throw failed_call("cannot take a command's answer");
      command.output = write_end.get();
      job->answer = answer_to(message);
    }
    job->child.emplace(command);
  } catch (const RunError& error) {  // A message must not be able to end the run.
    if (jobs_.empty()) return fail(message.topic, error.what());
    waiting_ = message;
    waiting_connection_ = std::move(connection);
    return;
  }
  if (options_.reply && !job->answer && !std::exchange(unanswerable_told_, true)) {
    log("a message on " + message.topic + " names no response topic: no reply to such messages");
  }
  jobs_.push_back(std::move(job));
}

void Exec::add_to(Poller& poller) const {
  for (const auto& job : jobs_) {
    poller.add(job->child->fd(), POLLIN);
    poller.add(job->output.get(), POLLIN);
  }
}

void Exec::advance() {
  const auto ended = [&](const std::unique_ptr<Job>& job) {
    const auto status = job->child->status();  // Before its last words are read, not after.
    if (!job->drain()) {
      job->child->terminate();
      fail(job->topic, "--exec command wrote more than a message can hold");
      return true;
    }
    if (!status) return false;
    if (job->child->terminated()) return true;
    if (*status != 0) {
      fail(job->topic, "--exec command ended with " + std::to_string(*status));
    } else if (job->answer) {
      replies_.push_back(std::move(*job->answer));
    }
    return true;
  };
  const bool any_ended = std::erase_if(jobs_, ended) > 0;
  if (waiting_ && any_ended) {
    const auto message = *std::exchange(waiting_, std::nullopt);
    start(message, std::move(waiting_connection_));
  }
}

std::vector<Message> Exec::replies() { return std::exchange(replies_, {}); }

void Exec::stop() {
  if (waiting_) fail(waiting_->topic, "there was no room for one more --exec command");
  waiting_.reset();
  for (const auto& job : jobs_) job->child->terminate();
}

void Exec::fail(const std::string& topic, const std::string& what) {
  ++failures_;
  log(what + " (message on " + topic + ")");
}

}  // namespace mqtt_tools::run

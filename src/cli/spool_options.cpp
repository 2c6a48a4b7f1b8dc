// SPDX-License-Identifier: MIT
#include "cli/declarations.hpp"
#include "cli/layers.hpp"
#include "cli/pub_options.hpp"
#include "error.hpp"
#include "text.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace mqtt_tools::cli {

namespace {

using Task = run::SpoolOptions::Task;

std::uint64_t limit_of_spool(const Setting& setting) {
  return static_cast<std::uint64_t>(size(setting, 1, 1'000'000'000'000'000));
}

/// What a run is to do with its spool, if not the usual.
constexpr std::pair<std::string_view, Task> tasks[] = {
    {"enqueue", Task::enqueue}, {"drain", Task::drain}, {"spool-list", Task::list}};

std::string_view name_of(Task task) {
  if (task == Task::follow) task = Task::drain;
  for (const auto& [key, meaning] : tasks) {
    if (meaning == task) return key;
  }
  return {};
}

}  // namespace

void declare_spool(Declarations& in, run::SpoolOptions& spool) {
  in.group("Spool: what cannot be delivered now is kept on the disk");
  in.option("--spool", spool.folder, "DIR", "store messages in it, then send them").in_file();
  in.option("--spool-limit", spool.limit, "SIZE", "bytes kept at most")
      .as(limit_of_spool)
      .by_default("1GB");
  in.unbound_flag("--enqueue", "only store them");
  in.unbound_flag("--drain", "only send what is there");
  in.unbound_flag("--follow", "and stay, to send what others store");
  in.unbound_flag("--spool-list", "print what is there");
}

void check_spool(const Settings& settings, run::SpoolOptions& spool) {
  if (settings.find("spool") == nullptr) {
    refuse(settings, {"spool-limit", "enqueue", "drain", "follow", "spool-list"}, "needs --spool");
    return;
  }
  if (!settings.on("drain")) refuse(settings, {"follow"}, "needs --drain");
  for (const auto& [key, task] : tasks) {
    if (!settings.on(key)) continue;
    if (spool.task != Task::publish) {
      refuse(settings, {key},
             "and --" + std::string{name_of(spool.task)} + " exclude each other, use one of them");
    }
    spool.task = task;
  }
  if (settings.on("follow")) spool.task = Task::follow;
  if (settings.on("wrap")) {
    refuse(settings, {"enqueue", "drain", "spool-list"},
           "and --wrap exclude each other, use one of them");
  }
  // They want to know of the broker what a message that is kept for later cannot tell. A spool that
  // stands in a file is for the runs that it suits: see may_have_spool().
  for (const std::string_view key : {"request", "verify", "require-subscriber", "output"}) {
    if (settings.on(key)) {
      refuse(settings, {"spool", "enqueue", "drain"},
             "and --" + std::string{key} + " exclude each other, use one of them");
    }
  }
}

bool may_have_spool(const PubOptions& options) {
  return !options.request && !options.verify && !options.require_subscriber &&
         !options.tell_outcomes;
}

void refuse_messages(const Settings& settings, const run::SpoolOptions& spool) {
  const std::string task = "--" + std::string{name_of(spool.task)};
  refuse(settings, {"topic",           "message",      "file",           "stdin",  "lines",
                    "topic-from-line", "null-message", "clear-retained", "qos",    "retain",
                    "repeat",          "repeat-delay", "rate",           "replay", "speed",
                    "topic-prefix",    "keep-retain",  "skip-bad-lines", "raw",    "json",
                    "field",           "from",         "request"},
         "has no meaning with " + task + ", which makes no message");
  if (!settings.words().empty()) {
    throw UsageError(task + " makes no message: leave out '" + escaped(settings.words().front()) +
                     "'");
  }
}

}  // namespace mqtt_tools::cli

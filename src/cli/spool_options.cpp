// SPDX-License-Identifier: MIT
#include "cli/declarations.hpp"
#include "cli/precedence.hpp"
#include "cli/pub_options.hpp"
#include "error.hpp"
#include "text.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace mqtt_tools::cli {

namespace {

std::uint64_t limit_of_spool(const Setting& setting) {
  return static_cast<std::uint64_t>(size(setting, 1, 1'000'000'000'000'000));
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
  using Task = run::SpoolOptions::Task;
  static constexpr std::pair<std::string_view, Task> tasks[] = {{"enqueue", Task::enqueue},
                                                                {"drain", Task::drain},
                                                                {"follow", Task::follow},
                                                                {"spool-list", Task::list}};
  for (const auto& [key, task] : tasks) {
    if (settings.on(key)) spool.task = task;
  }
  if (!spool.makes_messages() && !settings.operands().empty()) {
    throw UsageError((settings.on("drain") ? "--drain" : "--spool-list") +
                     std::string{" makes no message: leave out '"} +
                     escaped(settings.operands().front()) + "'");
  }
}

bool may_have_spool(const PubOptions& options) {
  return !options.request && !options.verify && !options.require_subscriber &&
         !options.print_results;
}

}  // namespace mqtt_tools::cli

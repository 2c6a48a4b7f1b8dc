// SPDX-License-Identifier: MIT
//
// The scripts of --completion, in the shells that they are for.

#include "catch.hpp"
#include "support/programs.hpp"

#include <algorithm>
#include <optional>

using namespace mqtt_tools::support;

namespace {

/// A shell on a terminal, in a folder with a few files, in which `program` only notes how it was
/// called.
class Shell {
 public:
  Shell(Command command, const std::string& load, const std::string& program) {
    for (const char* name :
         {"my certificate.pem", "topic.txt", "config/mqtt-tools/home.toml",
          "config/mqtt-tools/config.toml", "config/mqtt-tools/$(touch x).toml"}) {
      folder_.write(name, "\n");
    }
    command.directory(folder_.path())
        .environment("TERM", "dumb")
        .environment("INPUTRC", "/dev/null");
    command.environment("XDG_CONFIG_HOME", folder_ / "config").open_input();
    process_.emplace(command.terminal_input().terminal_output().terminal_errors());
    process_->write(load + "; " + program +
                    "() { printf '<%s>' \"$@\" >>called; echo >>called; }; " + "PS1='rea''dy> '\n");
  }

  /// The words that the program gets when `typed`, with tabs, is entered.
  std::string words(const std::string& typed) {
    ++lines_;
    CHECK(process_->wait_for_out("ready> ", patience, lines_));
    process_->write(typed + "\n");
    const auto lines = [this] {
      const std::string all = read_file(folder_ / "called");
      return static_cast<int>(std::count(all.begin(), all.end(), '\n'));
    };
    CAPTURE(typed, process_->out());
    CHECK(eventually(patience, [&] { return lines() >= lines_; }));
    std::string all = read_file(folder_ / "called");
    all = all.substr(0, all.find_last_not_of('\n') + 1);
    return all.substr(all.rfind('\n') + 1);
  }

  bool holds(const std::string& name) const {
    const auto names = folder_.names();
    return std::find(names.begin(), names.end(), name) != names.end();
  }

 private:
  TemporaryDirectory folder_{};
  int lines_ = 0;
  std::optional<Process> process_{};
};

/// What every shell makes of these lines.
void check_completions(Shell& sub) {
  CHECK(sub.words("mqtt-sub -o js\tx") == "<-o><json><x>");
  CHECK(sub.words("mqtt-sub --output=js\tx") == "<--output=json><x>");
  CHECK(sub.words("mqtt-sub --will-qos 1\t--qui\tx") == "<--will-qos><1><--quiet><x>");
  CHECK(sub.words("mqtt-sub --cafile my\tx") == "<--cafile><my certificate.pem><x>");
  CHECK(sub.words("mqtt-sub --capath con\tx") == "<--capath><config/x>");
  CHECK(sub.words("mqtt-sub --profile ho\tx") == "<--profile><home><x>");
  CHECK(sub.words("mqtt-sub --profile con\tx") == "<--profile><conx>");  // Not config.toml.
  CHECK(sub.words("mqtt-sub -D conn\tauthentication-m\tPLAIN") ==
        "<-D><connect><authentication-method><PLAIN>");
  // Topics are not files, and nobody knows them.
  CHECK(sub.words("mqtt-sub -t top\t") == "<-t><top>");
  CHECK(sub.words("mqtt-sub top\t") == "<top>");
  CHECK_FALSE(sub.holds("x"));
}

bool missing(const std::string& shell) {
  return run(Command::shell("command -v " + shell)).code != 0;
}

}  // namespace

TEST_CASE("bash completes options, their words and files, and no topics") {
  Shell bash({"bash", "--norc", "--noprofile", "-i"},
             "source <(mqtt-sub --completion bash); complete -p mqtt-sub >/dev/null", "mqtt-sub");
  check_completions(bash);
  CHECK(bash.words("mqtt-sub --retain-h\tnev\t") == "<--retain-handling><never>");
}

TEST_CASE("bash completes the command of --wrap") {
  Shell bash({"bash", "--norc", "--noprofile", "-i"}, "source <(mqtt-pub --completion bash)",
             "mqtt-pub");
  CHECK(bash.words("mqtt-pub t --wrap -- base6\ttop\t") == "<t><--wrap><--><base64><topic.txt>");
  CHECK(bash.words("mqtt-pub t --enco\tms\t -- top\t") == "<t><--encode><msgpack><--><top>");
}

TEST_CASE("zsh completes options, their words and files, and no topics") {
  if (missing("zsh")) return skip("there is no zsh");
  Shell zsh({"zsh", "-f", "-i"},
            "mqtt-sub --completion zsh >_mqtt-sub; fpath=($PWD $fpath); autoload -U compinit; "
            "compinit -u -d .dump; setopt no_list_ambiguous",
            "mqtt-sub");
  check_completions(zsh);
  CHECK(zsh.words("mqtt-sub --retain-h\tnev\t") == "<--retain-handling=never>");

  Shell sourced({"zsh", "-f", "-i"},
                "autoload -U compinit; compinit -u -d .dump; source <(mqtt-sub --completion zsh)",
                "mqtt-sub");
  CHECK(sourced.words("mqtt-sub --retain-h\tnev\t") == "<--retain-handling=never>");
}

TEST_CASE("fish completes options, their words and files, and no topics") {
  if (missing("fish")) return skip("there is no fish");
  TemporaryDirectory folder;
  folder.write("topic.txt", "\n");
  folder.write("config/mqtt-tools/home.toml", "\n");
  folder.write("config/mqtt-tools/config.toml", "\n");
  const auto offered = [&](const std::string& typed) {
    Command fish{"fish", "--no-config", "-c",
                 "mqtt-sub --completion fish | source; complete -C \"mqtt-sub $TYPED\""};
    fish.directory(folder.path())
        .environment("TYPED", typed)
        .environment("XDG_CONFIG_HOME", folder / "config");
    const Result result = run(fish);
    CHECK(result.err == "");
    return result.out;
  };
  CHECK(offered("--retain-h") == "--retain-handling\tMQTT 5\n");
  CHECK(offered("-o js").starts_with("json\t"));
  CHECK(offered("--cafile top").starts_with("topic.txt"));
  CHECK(offered("--profile ho").starts_with("home\t"));
  CHECK(offered("--profile con") == "");
  CHECK(offered("-D connect authentication-m") == "authentication-method\n");
  CHECK(offered("-t top") == "");
  CHECK(offered("top") == "");
}

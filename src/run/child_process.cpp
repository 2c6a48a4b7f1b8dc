// SPDX-License-Identifier: MIT
#include "run/child_process.hpp"

#include "bytes.hpp"
#include "connection/url.hpp"
#include "error.hpp"
#include "run/cpu_affinity.hpp"
#include "run/options.hpp"
#include "run/signals.hpp"
#include "text.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>

extern "C" char** environ;

namespace mqtt_tools::run {
namespace {

std::vector<std::string> environment_with(const std::vector<Variable>& variables) {
  std::vector<std::string> result;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text{*entry};
    const std::string_view name = text.substr(0, text.find('='));
    const bool replaced = std::any_of(variables.begin(), variables.end(),
                                      [&](const Variable& one) { return one.name == name; });
    if (!replaced) result.emplace_back(text);
  }
  for (const auto& variable : variables) {
    // An environment has no room for NUL: what holds one cannot be told in it.
    if (variable.value && variable.value->find('\0') == std::string::npos) {
      result.push_back(variable.name + '=' + *variable.value);
    }
  }
  return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (auto& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

/// Leaves the child nothing but its standard input, output and error.
void close_from_3(posix_spawn_file_actions_t& actions) {
#if __GLIBC_PREREQ(2, 34)
  ::posix_spawn_file_actions_addclosefrom_np(&actions, 3);
#else  // What is open now; closing what is not open by then does no harm.
  std::error_code failed;
  std::filesystem::directory_iterator entry{"/proc/self/fd", failed};
  for (; entry != std::filesystem::directory_iterator{}; entry.increment(failed)) {
    const int fd = std::atoi(entry->path().filename().c_str());
    if (fd >= 3) ::posix_spawn_file_actions_addclose(&actions, fd);
  }
#endif
}

/// What posix_spawn() does in the child before the program begins.
class Preparation {
 public:
  explicit Preparation(const ChildCommand& command) {
    ::posix_spawn_file_actions_init(&actions_);
    if (command.ours && command.input < 0) {
      // It has our stdin.
    } else if (command.input < 0) {
      ::posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
    } else {
      ::posix_spawn_file_actions_adddup2(&actions_, command.input, 0);
    }
    ::posix_spawn_file_actions_adddup2(&actions_, command.output, 1);
    ::posix_spawn_file_actions_adddup2(&actions_, command.error, 2);
    // Paho's sockets lack CLOEXEC.
    if (!command.ours) close_from_3(actions_);

    const ChildSignals& signals = child_signals();
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawnattr_setsigmask(&attributes_, &signals.mask);
    ::posix_spawnattr_setsigdefault(&attributes_, &signals.defaults);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    const int group = command.ours ? 0 : POSIX_SPAWN_SETPGROUP;
    ::posix_spawnattr_setflags(
        &attributes_, static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | group));
  }
  ~Preparation() {
    ::posix_spawnattr_destroy(&attributes_);
    ::posix_spawn_file_actions_destroy(&actions_);
  }
  Preparation(const Preparation&) = delete;
  Preparation& operator=(const Preparation&) = delete;

  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

std::optional<std::string> unless_empty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional{text};
}

/// The command may change its folder.
std::optional<std::string> absolute(const std::string& path) {
  return path.empty() ? std::nullopt : std::optional{std::filesystem::absolute(path).string()};
}

/// An empty variable counts as unset, and none can hold NUL.
bool fits_variable(const std::optional<std::string>& text) {
  return text && !text->empty() && text->find('\0') == std::string::npos;
}

std::string url_of(const connection::Options& connection, const connection::Endpoint& broker) {
  if (const auto socket = absolute(broker.socket_path)) {
    const auto plain = [](char letter) { return letter == '/' || is_unreserved(letter); };
    return "unix://" + percent_encoded(*socket, plain);
  }
  const bool websocket = connection.transport == connection::Transport::websocket;
  std::string place = connection::with_port(broker.host, broker.port);
  if (const auto zone = place.find('%'); zone != std::string::npos) place.insert(zone + 1, "25");
  return std::string{websocket ? "ws" : "mqtt"} + (connection.tls.on ? "s://" : "://") + place +
         (websocket ? connection.websocket_path : "");
}

/// An option in connection_variable, left out when it has no value; that of a flag is empty.
using Setting = std::pair<std::string_view, std::optional<std::string>>;

std::optional<std::string> flag(bool on) {
  return on ? std::optional<std::string>{""} : std::nullopt;
}

std::vector<Setting> tls_settings(const connection::Tls& tls) {
  if (!tls.on) return {{"no-tls", flag(true)}};
  const char* const version = tls.minimum == connection::TlsVersion::v1_2 ? "1.2" : "1.3";
  return {{"cafile", absolute(tls.ca_file)},
          {"capath", absolute(tls.ca_path)},
          {"cert", absolute(tls.certificate)},
          {"key", absolute(tls.key)},
          {"keypass-file", tls.key_passphrase},
          {"ciphers", unless_empty(tls.ciphers)},
          {"tls-version", tls.minimum ? std::optional<std::string>{version} : std::nullopt},
          {"tls-alpn", unless_empty(joined(tls.alpn, ","))},
          {"psk", tls.psk},
          {"psk-identity", unless_empty(tls.psk_identity)},
          {"insecure", flag(!tls.verify)}};
}

/// Of the properties of CONNECT those that say who we are.
std::optional<std::string> identity(const connection::Property& property) {
  constexpr int method = 21;  // MQTT 5.0 §2.2.2.2
  constexpr int data = 22;
  const std::string nul(1, '\0');
  if (const auto* pair = std::get_if<std::pair<std::string, std::string>>(&property.value)) {
    return "connect" + nul + "user-property" + nul + pair->first + nul + pair->second;
  }
  if (property.identifier != method && property.identifier != data) return {};
  return "connect" + nul + "authentication-" + (property.identifier == method ? "method" : "data") +
         nul + std::get<std::string>(property.value);
}

}  // namespace

std::vector<Variable> environment_of(const connection::Options& connection,
                                     const std::string& broker) {
  const auto socket = connection.endpoints.empty()
                          ? std::nullopt
                          : absolute(connection.endpoints.front().socket_path);
  auto endpoint = socket ? connection.endpoints.front() : connection::read_endpoint(broker);
  endpoint.port = connection::port_of(endpoint, connection);
  const auto url = url_of(connection, endpoint);
  const auto host = socket ? std::nullopt : std::optional{endpoint.host};
  const auto port = socket ? std::nullopt : std::optional{std::to_string(endpoint.port)};
  const auto& [username, password] = connection.credentials;
  const auto version = connection.version == connection::Version::automatic
                           ? std::nullopt
                           : std::optional{version_name(connection.version)};
  const double timeout = std::chrono::duration<double>{connection.connect_timeout}.count();

  // None but the options of the connection itself: our client id, session and will are ours, and a
  // reconnect is the child's own matter.
  std::vector<Setting> settings{
      {"unix", socket},
      {"url", socket ? std::nullopt : std::optional{url}},
      {"host", host},
      {"port", port},
      {"bind", unless_empty(connection.bind)},
      {"protocol-version", version},
      {"username", fits_variable(username) ? std::nullopt : username},
      {"password", fits_variable(password) ? std::nullopt : password},
      {"http-proxy", connection.proxy ? std::optional{url_of(*connection.proxy)} : std::nullopt},
      {"keepalive", std::to_string(connection.keep_alive.count())},
      {"connect-timeout", std::to_string(timeout)}};
  std::ranges::move(tls_settings(connection.tls), std::back_inserter(settings));
  for (const auto& [name, value] : connection.websocket_headers) {
    settings.emplace_back("ws-header", name + ": " + value);
  }
  for (const auto& property : connection.connect_properties) {
    settings.emplace_back("property", identity(property));
  }
  std::string lines;
  for (const auto& [option, value] : settings) {
    if (value) lines.append(option).append("=" + percent_encoded(*value) + "\n");
  }

  const bool tls = connection.tls.on;
  return {{"MQTT_URL", url},
          {"MQTT_HOST", host},
          {"MQTT_PORT", port},
          {"MQTT_PROTOCOL_VERSION", version},
          {"MQTT_USERNAME", fits_variable(username) ? username : std::nullopt},
          {"MQTT_PASSWORD", fits_variable(password) ? password : std::nullopt},
          {"MQTT_CAFILE", tls ? absolute(connection.tls.ca_file) : std::nullopt},
          {"MQTT_CERT", tls ? absolute(connection.tls.certificate) : std::nullopt},
          {"MQTT_KEY", tls ? absolute(connection.tls.key) : std::nullopt},
          {"MQTT_PROFILE", {}},
          {connection_variable, lines}};
}

Child::Child(const ChildCommand& command) {
  const bool shell = command.arguments.empty();
  std::vector<std::string> arguments = command.arguments;
  if (shell) arguments = {"sh", "-c", command.shell_command};
  std::vector<std::string> variables = environment_with(command.environment);
  const Preparation preparation{command};
  const AnyProcessor unpinned;
  const std::string program = shell ? "/bin/sh" : command.arguments.front();
  // Room for what it is watched by, before it has begun.
  fd_.reset(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0));
  if (fd_.get() < 0) throw failed_call("cannot watch a command");
  const int error =
      ::posix_spawnp(&pid_, program.c_str(), preparation.actions(), preparation.attributes(),
                     pointers(arguments).data(), pointers(variables).data());
  if (error != 0) {
    const bool found = error != ENOENT && error != ENOTDIR;
    throw RunError{
        shell ? ExitCode::failure : static_cast<ExitCode>(found ? 126 : 127),
        "cannot start " + (shell ? "a command with " : std::string{}) + escaped(program) + ": " +
            (found || program.find('/') != std::string::npos ? reason_for(error)
                                                             : "there is no such command in PATH")};
  }
  fd_.reset();
  fd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));  // Close-on-exec by itself.
  if (fd_.get() < 0) {
    const auto why = failed_call("cannot watch a command");
    ::kill(command.ours ? pid_ : -pid_, SIGTERM);
    throw why;
  }
}

std::optional<int> Child::status() {
  int how = 0;
  if (!status_ && ::waitpid(pid_, &how, WNOHANG) == pid_) {
    signal_ = WIFSIGNALED(how) ? WTERMSIG(how) : 0;
    status_ = signal_ != 0 ? 128 + signal_ : WEXITSTATUS(how);
  }
  return status_;
}

void Child::signal(int number) const {
  if (!status_) ::kill(pid_, number);
}

void Child::terminate() {
  terminating_ = true;
  if (!status_) ::kill(-pid_, SIGTERM);
}

}  // namespace mqtt_tools::run

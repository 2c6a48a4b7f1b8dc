// SPDX-License-Identifier: MIT
#include "cli/arguments.hpp"

#include "error.hpp"
#include "text.hpp"

#include <algorithm>
#include <iterator>

namespace mqtt_tools::cli {

namespace {

/// Enough of a word for its user to know it again.
constexpr std::size_t longest_shown = 60;

/// Options of other MQTT tools that we do not have, and what to say about them.
struct OtherToolsOptions {
  std::string_view names;  ///< With blanks between.
  std::string_view answer;
};

/// Of mosquitto's clients, MQTTX, HiveMQ's mqtt-cli, mqttui, paho_c_pub and MQTT.js; sorted.
constexpr OtherToolsOptions other_tools[] = {
    {"--alpn", "ours is --tls-alpn NAME"},
    {"--base64", "ours is --decode base64"},
    {"--ca --ca-cert --cacert --server-cert", "ours is --cafile FILE"},
    {"--clean", "a clean session is the default; --no-clean asks for the other"},
    {"--clean-session --clean-start --cleanstart",
     "it is the default; --no-clean asks for the other"},
    {"--connection", "ours is --url URL"},
    {"--content-type --correlation-data --message-expiry --message-expiry-interval "
     "--payload-format-indicator --topic-alias --user-properties --user-property",
     "it is a property: -D publish NAME VALUE"},
    {"--delimiter", "mqtt-sub has -0 for NUL, -N for nothing, -F for anything"},
    {"--file-read", "ours is --file FILE, of mqtt-pub"},
    {"--file-save", "there is none; mqtt-sub --exec runs a command a message"},
    {"--file-write --output-to-file", "mqtt-sub writes to stdout: mqtt-sub ... > FILE"},
    {"--hostname", "ours is --host HOST"},
    {"--identifier", "ours is --client-id ID"},
    {"--identifierprefix", "ours is --id-prefix PREFIX"},
    {"--interval", "ours is --repeat-delay SEC with --repeat N, or --rate N"},
    {"--json-output", "ours is -o json, of mqtt-sub"},
    {"--keyform --tls-engine --tls-engine-kpass-sha1",
     "there is none for keys in an OpenSSL engine; --key FILE takes a key in PEM"},
    {"--keypass --keypw", "ours is --keypass-file FILE"},
    {"--latency", "ours is --verify, of mqtt-pub; its -v says how long each message took"},
    {"--load-options", "ours is --config FILE, in TOML"},
    {"--maximum-packet-size", "ours is --max-packet SIZE"},
    {"--maximum-reconnect-times", "ours is --reconnect-for SEC"},
    {"--message-rate", "ours is --stats=1, of mqtt-sub"},
    {"--msg --payload", "ours is --message TEXT"},
    {"--multiline", "ours is --lines"},
    {"--no-cleanstart", "ours is --no-clean"},
    {"--no-delimiter", "ours is -N, of mqtt-sub"},
    {"--output-mode", "ours is --output FORM"},
    {"--password-env", "a password may stand in MQTT_PASSWORD in the environment"},
    {"--path", "ours is the path of --url ws://HOST/PATH"},
    {"--pretty", "ours is -o pretty, of mqtt-sub"},
    {"--protocol", "ours is the scheme of --url: mqtt, mqtts, ws or wss"},
    {"--proxy", "there is none for SOCKS; --http-proxy URL is for HTTP proxies"},
    {"--random-filter", "there is none like it"},
    {"--receive-maximum --request-problem-information "
     "--request-response-information --topic-alias-maximum",
     "it is a property: -D connect NAME VALUE"},
    {"--reconnect-period", "ours is --reconnect-max SEC, or --no-reconnect"},
    {"--secure --ssl", "ours is --tls"},
    {"--show-topics", "ours is -v, of mqtt-sub"},
    {"--silent", "ours is --quiet"},
    {"--subscription-identifier", "it is a property: -D subscribe NAME VALUE"},
    {"--tls-keylog", "there is none for a log of TLS keys"},
    {"--trace", "ours is --debug"},
    {"--usage -?", "ours is --help"},
    {"-J", "ours is -j, of mqtt-sub"},
    {"-S", "there is none for SRV records of DNS; repeat --host for brokers to try"},
    {"-b", "ours is --url URL or --host HOST"},
    {"-w", "ours is --watch, of mqtt-sub"},
    {"-e", "ours is --request --response-topic TOPIC, of mqtt-pub"},
};

/// What to say about an option that others have; empty if we know of none.
std::string_view other_tools_answer(std::string_view name) {
  std::string wanted{name};
  if (name.size() > 2) {
    wanted = lower_case(name);
    std::ranges::replace(wanted, '_', '-');
  }
  const auto has = [&](const OtherToolsOptions& options) {
    return std::ranges::count(split(options.names, " "), wanted) > 0;
  };
  const auto* const found = std::ranges::find_if(other_tools, has);
  return found == std::end(other_tools) ? std::string_view{} : found->answer;
}

/// Word processors and web pages make these of `-` and `--` (Unicode's dashes, and the minus sign).
bool is_other_dash(char32_t letter) {
  return (letter >= 0x2010 && letter <= 0x2015) || letter == 0x2212 || letter == 0xFE58 ||
         letter == 0xFE63 || letter == 0xFF0D;
}

/// What stands behind the dashes of `word`, of whatever kind, if one of them is not `-`.
std::string_view behind_other_dashes(std::string_view word) {
  bool other = false;
  while (!word.empty()) {
    const CodePoint point = code_point_at(word, 0);
    if (point.value != '-' && !is_other_dash(point.value)) break;
    other = other || point.value != '-';
    word.remove_prefix(point.length);
  }
  return other ? word : std::string_view{};
}

bool digits_only(std::string_view text) {
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Letters of options, too few for a word, and behind them at most a number: "vt", "C1".
std::string_view bundle(const Declarations& declared, std::string_view text) {
  const std::string_view letters = text.substr(0, text.find_first_of("0123456789"));
  const auto known = [&](char c) { return declared.named(std::string{'-', c}) != nullptr; };
  const bool all = letters.size() <= 3 && std::ranges::all_of(letters, known);
  return all && digits_only(text.substr(letters.size())) ? letters : std::string_view{};
}

}  // namespace

void check_pasted(std::string_view text, std::vector<run::Warning>& warnings) {
  constexpr std::string_view quotes[] = {"\u2018", "\u2019", "\u201A", "\u201C",
                                         "\u201D", "\u201E", "\u00AB", "\u00BB"};
  const std::string shown = in_quotes(text);
  if (!shown.substr(1).starts_with(text.substr(0, longest_shown))) {
    warnings.push_back({shown + " has a character that nobody sees; was it pasted?"});
  } else if (std::ranges::any_of(quotes, [&](auto quote) { return text.starts_with(quote); })) {
    warnings.push_back({shown + " begins with a quotation mark that is a letter to the shell, "
                                "whose own are ' and \""});
  }
}

void check_dash(const Declarations& declared, std::string_view word) {
  const std::string_view rest = behind_other_dashes(word);
  const std::string long_name = "--" + std::string{rest.substr(0, rest.find('='))};
  const std::string letter = "-" + std::string{rest.substr(0, 1)};
  const std::string_view letters = bundle(declared, rest);
  std::string meant;
  if (long_name.size() > 3 && declared.named(long_name) != nullptr) {
    meant = long_name;
  } else if (!rest.empty() && declared.named(letter) != nullptr && digits_only(rest.substr(1))) {
    meant = letter;
  } else if (!letters.empty()) {
    meant = "-" + std::string{letters};
  } else {
    return;
  }
  throw UsageError("'" + escaped(word.substr(0, word.size() - rest.size())) +
                   meant.substr(meant.find_first_not_of('-')) +
                   "' begins with a dash that is not '-'; type " + meant);
}

void check_single_dash(const Declarations& declared, std::string_view word) {
  const std::string name = "-" + std::string{word.substr(0, word.find('='))};
  if (word.size() < 3 || word[0] != '-' || word[1] == '-' || declared.named(name) == nullptr) {
    return;
  }
  throw UsageError(name.substr(1) + ": long names begin with two dashes; " +
                   (name == "--help" ? "see " : "write ") + name);
}

std::size_t arguments_without_effect(const Declarations& declared,
                                     const std::vector<std::string>& args, std::size_t at) {
  const std::string_view word = args[at];
  if (word == "--nodelay") return 1;
  const std::string_view name = word.substr(0, word.find('='));
  if (name != "--keyform") return 0;
  const bool attached = name.size() < word.size();
  const std::size_t count = attached ? 1 : 2;
  if (at + count > args.size()) {
    throw UsageError("--keyform needs pem after it, which is what --key takes anyway");
  }
  const std::string_view form = attached ? word.substr(name.size() + 1) : args[at + 1];
  if (!same_word(form, "pem")) refuse_option(declared, std::string{name});
  return count;
}

void refuse_option(const Declarations& declared, const std::string& word) {
  const std::size_t letter = word.size() > 1 ? code_point_at(word, 1).length : 0;
  const std::string name =
      word[1] == '-' ? word.substr(0, word.find('=')) : word.substr(0, 1 + letter);
  const std::string start = "unknown option " + escaped(shortened(name, longest_shown)) + "; ";
  if (std::string answer{other_tools_answer(name)}; !answer.empty()) {
    const std::string of_itself = ", of " + std::string{declared.name};
    if (answer.ends_with(of_itself)) answer.resize(answer.size() - of_itself.size());
    throw UsageError(start + answer);
  }
  const Declarations& other = declared.name == "mqtt-pub" ? mqtt_sub() : mqtt_pub();
  if (other.named(name) != nullptr) throw UsageError(start + std::string{other.name} + " has it");
  const std::string near = declared.nearest(name);
  throw UsageError(start + (near.empty() ? "see --help all" : "did you mean " + near + "?"));
}

}  // namespace mqtt_tools::cli

#include "agent/adapters/log/log_listener.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/adapters/log/redact.h"
#include "agent/core/utf8.h"

namespace tokenwarden::log {
namespace {

// A line longer than this is cut: one broken reply must not fill the disk.
constexpr std::size_t kLongestField = 4096;

constexpr std::pair<LogLevel, std::string_view> kLevels[] = {
    {LogLevel::kDebug, "debug"},
    {LogLevel::kInfo, "info"},
    {LogLevel::kWarn, "warn"},
    {LogLevel::kError, "error"},
};

constexpr std::pair<Event::Kind, std::string_view> kKinds[] = {
    {Event::Kind::kInspected, "inspected"},
    {Event::Kind::kStateChanged, "state_changed"},
    {Event::Kind::kRenewalStarted, "renewal_started"},
    {Event::Kind::kRenewalSucceeded, "renewal_succeeded"},
    {Event::Kind::kRenewalFailed, "renewal_failed"},
    {Event::Kind::kPublished, "published"},
    {Event::Kind::kPublishFailed, "publish_failed"},
    {Event::Kind::kDrifted, "drifted"},
    {Event::Kind::kNotified, "notified"},
    {Event::Kind::kNotifyFailed, "notify_failed"},
    {Event::Kind::kNeedsOperator, "needs_operator"},
    {Event::Kind::kRotationStep, "rotation_step"},
    {Event::Kind::kIssuerReplied, "issuer_replied"},
    {Event::Kind::kStoreFailed, "store_failed"},
    {Event::Kind::kConfigReloaded, "config_reloaded"},
    {Event::Kind::kConfigRejected, "config_rejected"},
    {Event::Kind::kRpcServed, "rpc_served"},
    {Event::Kind::kAgent, "agent"},
};

template <typename Key, std::size_t N>
std::string_view WordOf(const std::pair<Key, std::string_view> (&rows)[N], Key key) {
  for (const auto& row : rows) {
    if (row.first == key) return row.second;
  }
  return "unknown";
}

struct Field {
  std::string_view name;
  std::string value;
  bool number = false;
};

std::string Clean(std::string_view text) {
  const bool cut = text.size() > kLongestField;
  std::string out = Redact(CleanUtf8(cut ? text.substr(0, kLongestField) : text));
  if (cut) out += "…";
  return out;
}

// Everything after time, level and message; nothing that is empty.
std::vector<Field> FieldsOf(const Event& event) {
  std::vector<Field> fields;
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) fields.push_back({name, Clean(value)});
  };
  add("event", WordOf(kKinds, event.kind));
  add("credential", event.credential);
  add("tenant", event.tenant);
  add("provider", event.provider);
  add("reason", event.reason);
  add("sink", event.sink);
  add("target", event.target);
  add("endpoint", event.endpoint);
  if (event.code != 0) fields.push_back({"code", std::to_string(event.code), true});
  if (event.duration.count() != 0) {
    char seconds[32];
    std::snprintf(seconds, sizeof(seconds), "%.6f",
                  static_cast<double>(event.duration.count()) / 1e6);
    fields.push_back({"duration_seconds", seconds, true});
  }
  for (const auto& field : event.fields) add(field.first, field.second);
  return fields;
}

bool IsReserved(std::string_view name) { return name == "ts" || name == "level" || name == "msg"; }

// Control characters (DEL and C1 included: terminals act on them) as \uXXXX; quotes and backslashes
// escaped.
void AppendQuoted(std::string& out, std::string_view text) {
  const auto escape = [&out](unsigned code) {
    char buffer[8];
    std::snprintf(buffer, sizeof(buffer), "\\u%04x", code);
    out += buffer;
  };
  out.push_back('"');
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool c1 =
        c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (c1) {
      escape(static_cast<unsigned char>(text[++i]));
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c < 0x20 || c == 0x7F) {
      escape(c);
    } else {
      if (c == '"' || c == '\\') out.push_back('\\');
      out.push_back(text[i]);
    }
  }
  out.push_back('"');
}

std::string JsonLine(const Event& event, Instant now) {
  std::string line = "{\"ts\":\"" + FormatUtc(now) + "\",\"level\":\"";
  line += WordOf(kLevels, event.level);
  line += "\",\"msg\":";
  AppendQuoted(line, Clean(event.message));
  std::vector<std::string_view> seen;
  for (const Field& field : FieldsOf(event)) {
    bool twice = IsReserved(field.name);
    for (const std::string_view name : seen) twice = twice || name == field.name;
    seen.push_back(field.name);
    line.push_back(',');
    // A key twice in one object means different things to different readers.
    AppendQuoted(line, twice ? "field_" + std::to_string(seen.size()) + "_" + Clean(field.name)
                             : Clean(field.name));
    line.push_back(':');
    if (field.number) {
      line += field.value;
    } else {
      AppendQuoted(line, field.value);
    }
  }
  line.push_back('}');
  return line;
}

bool IsPlain(std::string_view text) {
  for (const char c : text) {
    if (c <= ' ' || c == '"' || c == '\\' || c == '=' || c == '\x7f' || c < 0) return false;
  }
  return !text.empty();
}

void AppendBareOrQuoted(std::string& out, const std::string& text) {
  if (IsPlain(text)) {
    out += text;
  } else {
    AppendQuoted(out, text);
  }
}

std::string TextLine(const Event& event, Instant now) {
  std::string line = FormatUtc(now) + " ";
  line += WordOf(kLevels, event.level);
  line.resize(27, ' ');  // levels in one column
  std::string message;
  AppendQuoted(message, Clean(event.message));
  line.append(message, 1, message.size() - 2);  // escaped, but without the quotes
  for (const Field& field : FieldsOf(event)) {
    line.push_back(' ');
    AppendBareOrQuoted(line, Clean(field.name));
    line.push_back('=');
    AppendBareOrQuoted(line, field.value);
  }
  return line;
}

// Blocks SIGPIPE for this thread while a line is written, so that a reader that left does not end
// the agent.
class WithoutSigpipe {
 public:
  WithoutSigpipe() {
    sigset_t pipe_only;
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_only, &before_);
  }
  ~WithoutSigpipe() {
    if (sigismember(&before_, SIGPIPE) == 0) {
      sigset_t pipe_only;
      sigemptyset(&pipe_only);
      sigaddset(&pipe_only, SIGPIPE);
      const timespec no_wait{};
      sigtimedwait(&pipe_only, nullptr, &no_wait);  // takes the one we may have caused
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  WithoutSigpipe(const WithoutSigpipe&) = delete;
  WithoutSigpipe& operator=(const WithoutSigpipe&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

std::string FormatLine(const Event& event, Instant now, LogFormat format) {
  return format == LogFormat::kJson ? JsonLine(event, now) : TextLine(event, now);
}

LogListener::LogListener(const Clock& clock, Options options) : clock_(clock), options_(options) {}

void LogListener::On(const Event& event) noexcept {
  if (event.level < options_.level) return;
  try {
    const std::string line = FormatLine(event, clock_.Now(), options_.format) + "\n";
    const WithoutSigpipe guard;
    ssize_t written = 0;
    do {
      written = write(options_.fd, line.data(), line.size());
    } while (written < 0 && errno == EINTR);
    // A full disk, a closed pipe: the line is lost, the agent goes on.
  } catch (...) {
    // No memory for a line: the same.
  }
}

}  // namespace tokenwarden::log

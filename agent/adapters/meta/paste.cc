// What can be said about a Meta token without asking anybody.
#include "agent/adapters/meta/paste.h"

#include <algorithm>

#include "agent/adapters/meta/inspection.h"
#include "agent/core/paste_check.h"

namespace tokenwarden::meta {
namespace {

constexpr std::size_t kShortestToken = 20;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlphanumeric(char c) {
  return IsDigit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}
bool IsHex(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

template <typename Test>
bool All(std::string_view text, Test test) {
  return !text.empty() && std::all_of(text.begin(), text.end(), test);
}

bool NeedsAUser(const MetaSpec& spec) {
  return spec.kind == MetaKind::kUser || spec.kind == MetaKind::kSystemUser ||
         spec.kind == MetaKind::kPage || !spec.required_scopes.empty() ||
         !spec.phone_number_id.empty() || !spec.business_account_id.empty();
}

std::optional<PasteProblem> CheckAppToken(const MetaSpec& spec, std::string_view app_id) {
  if (NeedsAUser(spec)) {
    return PasteProblem{
        Reason::kOtherKind,
        "This is an app token (app id, a bar, a secret); it stands for no user.",
        "Use a system-user or user token. An app token holds the app secret: keep it "
        "out of places where only a token belongs."};
  }
  if (!spec.app_id.empty() && app_id != spec.app_id) {
    return PasteProblem{Reason::kOtherApp,
                        "This app token names another app than the configured one.",
                        "Use the token of app " + spec.app_id + ", or correct app_id."};
  }
  return std::nullopt;
}

struct PrefixRow {
  std::string_view prefix;
  Reason reason;
  std::string_view message;
  std::string_view action;
};
constexpr std::string_view kMakeNew = "Generate a new token: current ones start with EAA.";
constexpr PrefixRow kForeignPrefixes[] = {
    {"CAA", Reason::kCannotParse, "This token has a form that Meta gave up years ago.", kMakeNew},
    {"BAA", Reason::kCannotParse, "This token has a form that Meta gave up years ago.", kMakeNew},
    {"AAA", Reason::kCannotParse, "This token has a form that Meta gave up years ago.", kMakeNew},
    {"IG", Reason::kOtherKind, "This is a token of the Instagram login, for another service.",
     "Use a Facebook or system-user token."},
    {"TH", Reason::kOtherKind, "This is a token of Threads, for another service.",
     "Use a Facebook or system-user token."},
};

std::optional<PasteProblem> CheckUserToken(const MetaSpec& spec, std::string_view text) {
  if (text.size() == 32 && All(text, IsHex)) {
    return PasteProblem{Reason::kOtherKind, "This looks like an app secret or a client token.",
                        "Put the access token here; keep the app secret where it is configured."};
  }
  if (spec.kind == MetaKind::kApp) {
    return PasteProblem{Reason::kOtherKind,
                        "An app token is wanted (app id, a bar, a secret); this is none.",
                        "Use APP_ID|APP_SECRET, or configure another kind."};
  }
  for (const PrefixRow& row : kForeignPrefixes) {
    if (text.size() >= kShortestToken && text.substr(0, row.prefix.size()) == row.prefix) {
      return PasteProblem{row.reason, std::string(row.message), std::string(row.action)};
    }
  }
  if (text.substr(0, 2) == "EA" && text.size() < kShortestToken) {
    return PasteProblem{Reason::kTruncated, "This is only the beginning of a token.",
                        "Copy the whole token again; it has a hundred characters or more."};
  }
  return std::nullopt;
}

// The general rules speak in fragments.
std::string AsSentence(std::string text) {
  if (text.empty()) return text;
  if (text.front() >= 'a' && text.front() <= 'z')
    text.front() = static_cast<char>(text.front() - 32);
  if (text.back() != '.') text += '.';
  return text;
}

}  // namespace

std::optional<AppTokenParts> SplitAppToken(std::string_view text) {
  const std::size_t bar = text.find('|');
  if (bar == std::string_view::npos) return std::nullopt;
  const AppTokenParts parts{text.substr(0, bar), text.substr(bar + 1)};
  const auto secret_character = [](char c) { return IsAlphanumeric(c) || c == '-' || c == '_'; };
  if (!All(parts.app_id, IsDigit) || !All(parts.secret, secret_character)) return std::nullopt;
  return parts;
}

std::optional<PasteProblem> CheckMetaPaste(const MetaSpec& spec, const Secret& value) {
  if (auto problem = CheckPaste(value)) return problem;
  const std::string_view text = value.Reveal();
  if (const auto app_token = SplitAppToken(text)) return CheckAppToken(spec, app_token->app_id);
  if (!All(text, IsAlphanumeric)) {
    return PasteProblem{
        Reason::kWrongAlphabet,
        "The value holds characters that no Meta token has; tokens are letters and digits.",
        "Copy the whole token again and nothing else."};
  }
  return CheckUserToken(spec, text);
}

void Inspection::CheckWithoutNetwork() {
  const auto problem = CheckMetaPaste(meta(), value_);
  if (!problem) return;
  Conclude(problem->reason, AsSentence(problem->message), AsSentence(problem->action),
           observation_.evidence);
}

}  // namespace tokenwarden::meta

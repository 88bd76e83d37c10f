#include "agent/adapters/meta/revocation.h"

#include <optional>
#include <string>
#include <utility>

#include "agent/adapters/meta/graph_reply.h"

namespace tokenwarden::meta {
namespace {

// How one way of asking ended.
struct Answer {
  bool revoked = false;
  Meaning meaning;  // when not
};

bool SaysSuccess(const HttpReply& reply, const Reading& reading) {
  if (reply.status != 200) return false;
  const std::string_view body(reply.body);
  // Old versions answer with the bare word.
  if (body.substr(0, 4) == "true" && body.find_first_not_of(" \r\n", 4) == std::string_view::npos) {
    return true;
  }
  return reading.body && FlagAt(*reading.body, "success").value_or(false);
}

Answer Ask(const HttpRequest& request, Instant now, HttpClient& http) {
  const Result<HttpReply> reply = http.Send(request);
  if (!reply) return {false, *ReadFailure(reply.error(), request.endpoint_name, now).silence};
  const Reading reading = ReadReply(*reply, request.endpoint_name, now);
  if (SaysSuccess(*reply, reading)) return {true, {}};
  if (reading.error) return {false, MeaningOf(*reading.error, reply->status)};
  if (reading.silence) return {false, *reading.silence};
  return {false, {Reason::kBadReply, "The reply does not say whether it was done.", ""}};
}

void AddParameters(const ProviderContext& context, const Secret& old, const Secret& current,
                   std::vector<std::pair<std::string, Secret>>& to) {
  to.emplace_back("client_id", Secret(context.spec.meta.app_id));
  to.emplace_back("client_secret", context.app_secret->Clone());
  to.emplace_back("revoke_token", old.Clone());
  to.emplace_back("access_token", current.Clone());
}

ErrorKind KindOf(const Meaning& meaning) {
  if (!meaning.reason) return ErrorKind::kFailedPrecondition;
  if (*meaning.reason == Reason::kRateLimited) return ErrorKind::kResourceExhausted;
  // Refused credentials of ours are mended one day: nothing was decided about the old token.
  return VerdictOf(*meaning.reason) == Verdict::kIndeterminate ? ErrorKind::kUnavailable
                                                               : ErrorKind::kFailedPrecondition;
}

tl::unexpected<Error> NotRevoked(const Meaning& meaning) {
  const Reason reason = meaning.reason.value_or(Reason::kBadReply);
  return MakeError(KindOf(meaning), std::string(ToString(reason)),
                   "Meta did not revoke the old token: " + meaning.message, meaning.action);
}

bool IsStillNeeded(const ProviderContext& context, const Secret& old) {
  for (const std::optional<Secret>* needed : {&context.parent_token, &context.generate_token}) {
    if (*needed && (*needed)->EqualsInConstantTime(old)) return true;
  }
  return false;
}

}  // namespace

Status CheckRevocable(const ProviderContext& context) {
  if (context.spec.meta.kind != MetaKind::kSystemUser) {
    return MakeError(
        ErrorKind::kFailedPrecondition, "cannot_revoke",
        "Only system-user tokens can be revoked one by one; for other kinds Meta has nothing "
        "that ends one token alone.",
        "Set meta.kind: system_user if it is one, or leave renew.revoke_old out.");
  }
  if (!HasAppCredentials(context)) {
    return MakeError(ErrorKind::kFailedPrecondition, "no_app_secret",
                     "Revoking a token needs the app id and the app secret.",
                     "Configure meta.app_id and meta.app_secret.");
  }
  return {};
}

Status RevokeLiving(const ProviderContext& context, const GraphAddress& address, const Mac& mac,
                    const Secret& old, const Secret& current, HttpClient& http) {
  if (old.EqualsInConstantTime(current) || IsStillNeeded(context, old)) {
    return MakeError(ErrorKind::kFailedPrecondition, "still_needed",
                     "The old token is still in use here, so it is not revoked.", "");
  }
  HttpRequest request = NewRequest(context, address, "/oauth/revoke", "revoke");
  request.method = HttpRequest::Method::kPost;
  AddProof(request, context, mac, current);
  AddParameters(context, old, current, request.form);
  Answer answer = Ask(request, context.now, http);
  const bool refused =
      !answer.revoked && (KindOf(answer.meaning) == ErrorKind::kFailedPrecondition ||
                          answer.meaning.reason == Reason::kBadReply);
  if (refused) {
    request.method = HttpRequest::Method::kGet;
    request.form.clear();
    AddParameters(context, old, current, request.query);
    answer = Ask(request, context.now, http);
  }
  if (answer.revoked) return {};
  return NotRevoked(answer.meaning);
}

}  // namespace tokenwarden::meta

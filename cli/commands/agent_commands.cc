// The commands that talk to a running agent.
#include <algorithm>
#include <utility>

#include "agent/adapters/files/file_reader.h"
#include "cli/check/settings.h"
#include "cli/commands/commands.h"
#include "cli/commands/explain_code.h"
#include "cli/render/token_view.h"

namespace tokenwarden::cli {
namespace {

constexpr std::string_view kDefaultAddress = "unix:///run/tokenwarden/agent.sock";
constexpr std::size_t kLongestValue = 64 * 1024;
constexpr Seconds kReadPatience{10};
constexpr Seconds kChangePatience{60};  // the issuer may need all of its time

// What was asked of the agent could not be done because nobody answered: the token's own condition
// is unknown.
Result<std::unique_ptr<AgentClient>> Connect(const Context& context, Seconds patience) {
  const Result<Seconds> timeout = ReadTimeout(context.args, patience);
  if (!timeout) return tl::unexpected<Error>(timeout.error());
  const std::string address =
      context.args.Value("--address").value_or(std::string(kDefaultAddress));
  return context.services.Connect(address, *timeout);
}

Outcome ShowChange(const Context& context, std::string_view what, const Result<TokenView>& token) {
  if (!token) return Failed(token.error(), context.json);
  const Instant now = context.services.Now();
  return Answer(context, RenderChangeText(what, *token, now), RenderTokenJson(*token, now));
}

void KeepSelected(const std::vector<TokenSelector>& select, std::vector<TokenView>& tokens) {
  const auto unwanted = [&](const TokenView& token) {
    CredentialSpec spec;
    spec.name = token.name;
    spec.tenant = token.tenant;
    spec.labels = token.labels;
    return !IsSelected(select, spec);
  };
  tokens.erase(std::remove_if(tokens.begin(), tokens.end(), unwanted), tokens.end());
}

void KeepNamed(const std::string& name, std::vector<TokenView>& tokens) {
  const auto other = [&](const TokenView& token) { return token.name != name; };
  tokens.erase(std::remove_if(tokens.begin(), tokens.end(), other), tokens.end());
}

Error NoSuchToken(const std::string& name) {
  return Error{ErrorKind::kNotFound, "no_such_credential",
               "no credential named " + name + " is under management",
               "see `tokenwarden status` for the names"};
}

Error NothingSelected() {
  return Error{ErrorKind::kInvalidArgument, "nothing_selected", "--select matches no token",
               "correct --select, or leave it out to see every name"};
}

Outcome ShowRotation(const Context& context, AgentClient& agent) {
  if (context.args.operands.empty()) {
    return Failed(Error{ErrorKind::kInvalidArgument, "no_name",
                        "--rotation is about one token, and none is named",
                        "name it: tokenwarden status NAME --rotation"},
                  context.json);
  }
  const Result<Explanation> explanation = agent.Explain(context.args.operands.front());
  if (!explanation) return Failed(explanation.error(), context.json);
  const Instant now = context.services.Now();
  return Answer(context, RenderRotationText(*explanation, now),
                RenderRotationJson(*explanation, now));
}

}  // namespace

Outcome RunStatus(const Context& context) {
  const Result<std::vector<TokenSelector>> select = ReadSelectors(context.args);
  if (!select) return Failed(select.error(), context.json);
  const auto agent = Connect(context, kReadPatience);
  if (!agent) return Failed(agent.error(), context.json);
  if (context.args.Has("--rotation")) return ShowRotation(context, **agent);
  Result<std::vector<TokenView>> tokens = (*agent)->List();
  if (!tokens) return Failed(tokens.error(), context.json);
  KeepSelected(*select, *tokens);
  const std::vector<std::string>& names = context.args.operands;
  if (!names.empty()) KeepNamed(names.front(), *tokens);
  if (tokens->empty() && !names.empty()) return Failed(NoSuchToken(names.front()), context.json);
  if (tokens->empty() && !select->empty()) return Failed(NothingSelected(), context.json);
  const Instant now = context.services.Now();
  return Answer(context, RenderStatusText(*tokens, now), RenderStatusJson(*tokens, now));
}

Outcome RunRefresh(const Context& context) {
  const auto agent = Connect(context, kChangePatience);
  if (!agent) return Failed(agent.error(), context.json);
  return ShowChange(context, "renewed", (*agent)->Refresh(context.args.operands.front()));
}

Outcome RunSubmit(const Context& context) {
  // Before the value is asked for: nobody should paste a token to learn that no agent runs.
  const auto agent = Connect(context, kChangePatience);
  if (!agent) return Failed(agent.error(), context.json);
  SubmitRequest request;
  request.name = context.args.operands.front();
  request.accept_worse_reason = context.args.Value("--accept-worse").value_or("");
  request.kept_aside = context.args.Has("--kept-aside");
  if (request.kept_aside) {
    return ShowChange(context, "accepted", (*agent)->Submit(std::move(request)));
  }
  const Result<Secret> input =
      context.services.ReadInput(kLongestValue, "New value of " + request.name + " (not shown): ");
  if (!input) return Failed(input.error(), context.json);
  request.value = Secret(files::WithoutLastNewline(input->Reveal()));
  if (request.value.empty()) {
    return Failed(Error{ErrorKind::kInvalidArgument, "empty_value", "standard input held no value",
                        "pipe the new token into this command, or type it when asked"},
                  context.json);
  }
  return ShowChange(context, "accepted", (*agent)->Submit(std::move(request)));
}

Outcome RunRollback(const Context& context) {
  const auto agent = Connect(context, kChangePatience);
  if (!agent) return Failed(agent.error(), context.json);
  return ShowChange(context, "rolled back", (*agent)->Rollback(context.args.operands.front()));
}

Outcome RunSync(const Context& context) {
  const auto agent = Connect(context, kChangePatience);
  if (!agent) return Failed(agent.error(), context.json);
  return ShowChange(context, "published again", (*agent)->Sync(context.args.operands.front()));
}

Outcome RunExplain(const Context& context) {
  const std::string& what = context.args.operands.front();
  if (const auto code = ParseErrorCode(what)) return ExplainCode(context, *code);
  const auto agent = Connect(context, kReadPatience);
  if (!agent) return Failed(agent.error(), context.json);
  const Result<Explanation> explanation = (*agent)->Explain(what);
  if (!explanation) return Failed(explanation.error(), context.json);
  const Instant now = context.services.Now();
  return Answer(context, RenderExplanationText(*explanation, now),
                RenderExplanationJson(*explanation, now));
}

}  // namespace tokenwarden::cli

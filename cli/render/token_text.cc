#include "cli/render/parts.h"
#include "cli/render/token_view.h"

namespace tokenwarden::cli {
namespace {

std::string Indented(std::string_view lead, std::string_view text) {
  return "      " + std::string(lead) + OneLine(text) + "\n";
}

std::string Part(const std::string& text) { return text.empty() ? "" : ", " + text; }

std::string Ends(const TokenView& token, Instant now) {
  if (token.deadline.at) {
    const bool past = *token.deadline.at <= now;
    return (past ? "ended " : "ends ") + Relative(*token.deadline.at, now);
  }
  return token.deadline.reason == DeadlineReason::kNever ? "never expires" : "";
}

std::string Checked(const CredentialState& state, Instant now) {
  if (!state.conclusive) return "not yet checked";
  return "checked " + FormatDuration(now - state.conclusive->evidence.observed_at) + " ago";
}

std::string Line(const TokenView& token, Instant now) {
  const CredentialState& state = token.state;
  std::string line = OneLine(token.name);
  if (!token.tenant.empty()) line += " (tenant " + OneLine(token.tenant) + ")";
  line += "  " + std::string(StateWord(state));
  if (state.generation == 0) return line + ", no value yet\n";
  line += Part(Ends(token, now));
  if (token.renewal_due_at) line += ", renewal due " + Relative(*token.renewal_due_at, now);
  line += ", generation " + std::to_string(state.generation);
  if (!state.fingerprint.empty()) line += " " + state.fingerprint.text;
  return line + Part(Checked(state, now)) + "\n";
}

std::string SinkLine(const SinkState& sink, Generation current) {
  std::string trouble;
  if (sink.drifted) trouble = "holds something else than what was published";
  if (sink.generation < current)
    trouble = "still holds generation " + std::to_string(sink.generation);
  if (!sink.last_error.empty()) trouble += (trouble.empty() ? "" : "; ") + sink.last_error;
  return trouble.empty() ? "" : Indented("sink " + OneLine(sink.target) + ": ", trouble);
}

// Only what a person has to know: a token in order has none of these lines.
std::string Troubles(const CredentialState& state) {
  std::string text;
  if (state.operator_need) text += Indented("do now: ", state.operator_need->sentence);
  if (state.conclusive && state.conclusive->verdict != Verdict::kValid) {
    text += Indented("", Sentences(state.conclusive->message, state.conclusive->action));
  }
  if (state.conclusive) {
    for (const Finding& finding : state.conclusive->findings) {
      text += Indented(std::string(ToString(finding.severity)) + " " + finding.id + ": ",
                       Sentences(finding.message, finding.action));
    }
  }
  if (state.silence) {
    text +=
        Indented("could not tell since (" + std::string(ToString(state.silence->reason)) + "): ",
                 state.silence->message);
  }
  if (!state.renew.last_error.empty())
    text += Indented("last renewal failed: ", state.renew.last_error);
  for (const SinkState& sink : state.sinks) text += SinkLine(sink, state.generation);
  return text;
}

}  // namespace

std::string RenderStatusText(const std::vector<TokenView>& tokens, Instant now) {
  std::string text;
  for (const TokenView& token : tokens) text += Line(token, now) + Troubles(token.state);
  return text + Counted(tokens.size(), "token") + "\n";
}

std::string RenderChangeText(std::string_view what, const TokenView& token, Instant now) {
  return std::string(what) + ": " + Line(token, now) + Troubles(token.state);
}

std::string RenderExplanationText(const Explanation& explanation, Instant now) {
  const Decision& decision = explanation.decision;
  std::string text = Line(explanation.token, now) + Troubles(explanation.token.state);
  text += "next: " + std::string(ToString(decision.action)) + " (" + decision.reason +
          "): " + OneLine(decision.sentence) + "\n";
  if (decision.until) text += "until: " + Relative(*decision.until, now) + "\n";
  for (const std::string& target : decision.targets) text += "to: " + OneLine(target) + "\n";
  text += "rules, in order; the first that answers decides:\n";
  for (const Explanation::Line& line : explanation.chain) {
    text += "  " + OneLine(line.rule) + ": " + OneLine(line.answer) + "\n";
  }
  if (!explanation.rotation) return text;
  const Rotation& rotation = *explanation.rotation;
  text += "latest rotation: " + std::string(ToString(rotation.state)) + ", from generation " +
          std::to_string(rotation.from_generation) + " by " +
          std::string(ToString(rotation.origin)) + ", started " +
          Relative(rotation.started_at, now) + "\n";
  if (!rotation.note.empty()) text += Indented("", rotation.note);
  return text;
}

}  // namespace tokenwarden::cli

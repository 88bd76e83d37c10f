#include "cli/render/parts.h"
#include "cli/render/token_view.h"

namespace tokenwarden::cli {
namespace {

std::string Indented(std::string_view lead, std::string_view text) {
  return "      " + std::string(lead) + OneLine(text) + "\n";
}

std::string Part(const std::string& text) { return text.empty() ? "" : ", " + text; }

std::string Ends(const TokenView& token, Instant now) {
  // What is dead has no end to come, whatever the issuer once said of it.
  const std::optional<Observation>& seen = token.state.conclusive;
  const bool dead = seen && IsDead(seen->verdict);
  if (token.deadline.at) {
    const bool past = *token.deadline.at <= now;
    if (dead && !past) return "";
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
  const bool dead = state.conclusive && IsDead(state.conclusive->verdict);
  if (!dead && token.renewal_due_at) {
    line += ", renewal due " + Relative(*token.renewal_due_at, now);
  }
  line += ", generation " + std::to_string(state.generation);
  if (!state.fingerprint.empty()) line += " " + state.fingerprint.text;
  return line + Part(Checked(state, now)) + "\n";
}

bool IsLeftAlone(const TokenView& token, const std::string& target) {
  for (const SinkSpec& spec : token.sinks) {
    if (spec.Target() == target) return spec.drift == Drift::kAlarm;
  }
  return false;
}

std::string SinkLine(const SinkState& sink, const TokenView& token, Instant now) {
  const Generation current = token.state.generation;
  std::string trouble;
  if (sink.drifted) trouble = "holds something else than what was published";
  if (sink.drifted && IsLeftAlone(token, sink.target)) {
    trouble += ", and is left alone until `tokenwarden sync " + OneLine(token.name) + "`";
  }
  if (sink.generation < current) {
    trouble = sink.generation == 0
                  ? "holds nothing of ours yet"
                  : "still holds generation " + std::to_string(sink.generation) + ", " +
                        std::to_string(current - sink.generation) + " behind";
  }
  if (!sink.last_error.empty()) trouble += (trouble.empty() ? "" : "; ") + sink.last_error;
  if (trouble.empty()) return "";
  if (sink.verified_at) trouble += "; last read back " + Relative(*sink.verified_at, now);
  for (const TokenView::SinkRetry& retry : token.sink_retries) {
    if (retry.target == sink.target) trouble += "; next try " + Relative(retry.at, now);
  }
  return Indented("sink " + OneLine(sink.target) + ": ", trouble);
}

// Only what a person has to know: a token in order has none of these lines.
std::string Troubles(const TokenView& token, Instant now) {
  const CredentialState& state = token.state;
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
  for (const SinkState& sink : state.sinks) text += SinkLine(sink, token, now);
  return text;
}

std::string Noted(const std::string& note) { return note.empty() ? "" : ": " + OneLine(note); }

std::string RotationLine(const Rotation& rotation, Instant now) {
  std::string line = "rotation " + std::to_string(rotation.id) + ": " +
                     std::string(ToString(rotation.state)) + " since " +
                     FormatUtc(rotation.changed_at) + " (" +
                     FormatDuration(now - rotation.changed_at) + "), by " +
                     std::string(ToString(rotation.origin)) + " from generation " +
                     std::to_string(rotation.from_generation);
  if (rotation.to_generation != 0) line += " to " + std::to_string(rotation.to_generation);
  if (rotation.epoch != 0) line += ", epoch " + std::to_string(rotation.epoch);
  return line + "\n";
}

}  // namespace

std::string RenderStatusText(const std::vector<TokenView>& tokens, Instant now) {
  std::string text;
  for (const TokenView& token : tokens) text += Line(token, now) + Troubles(token, now);
  return text + Counted(tokens.size(), "token") + "\n";
}

std::string RenderChangeText(std::string_view what, const TokenView& token, Instant now) {
  return std::string(what) + ": " + Line(token, now) + Troubles(token, now);
}

std::string RenderExplanationText(const Explanation& explanation, Instant now) {
  const Decision& decision = explanation.decision;
  std::string text = Line(explanation.token, now) + Troubles(explanation.token, now);
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
  text += "latest " + RotationLine(rotation, now);
  if (!rotation.note.empty()) text += Indented("why: ", rotation.note);
  if (!explanation.rotation_next.empty()) text += Indented("then: ", explanation.rotation_next);
  return text;
}

std::string RenderRotationText(const Explanation& explanation, Instant now) {
  std::string text = Line(explanation.token, now);
  if (explanation.token.state.operator_need) {
    text += Indented("do now: ", explanation.token.state.operator_need->sentence);
  }
  if (!explanation.rotation) {
    const bool unread = !explanation.rotation_next.empty();
    return text +
           (unread ? "the rotation: " + OneLine(explanation.rotation_next)
                   : "there was no rotation yet") +
           "\n";
  }
  const Rotation& rotation = *explanation.rotation;
  text += RotationLine(rotation, now);
  if (!rotation.candidate_fingerprint.empty()) {
    text += Indented("candidate: ", rotation.candidate_fingerprint.text);
  }
  if (!rotation.note.empty()) text += Indented("why: ", rotation.note);
  if (!explanation.rotation_next.empty()) text += Indented("next: ", explanation.rotation_next);
  if (!rotation.steps.empty()) text += "steps, each durable before the next one:\n";
  for (const PassedStep& step : rotation.steps) {
    text += "  " + FormatUtc(step.at) + "  " + std::string(ToString(step.state)) +
            Noted(step.note) + "\n";
  }
  return text;
}

}  // namespace tokenwarden::cli

#include "agent/app/work.h"

#include <utility>

#include "agent/core/sentence.h"

namespace tokenwarden {

Work::Work(const Deps& deps, Keeper& keeper, WorkLimits limits)
    : deps_(deps),
      keeper_(keeper),
      limits_(limits),
      spec_(keeper.spec()),
      state_(*keeper.state()) {}

IssuerSession Work::Session() const {
  return IssuerSession(*spec_, deps_.secrets, now(), limits_.request_timeout);
}

Result<Secret> Work::CurrentValue() {
  const std::string& name = spec_->name;
  if (state_.generation == 0) {
    return MakeError(ErrorKind::kNotFound, "no_value",
                     "credential " + name + " has no proven value yet");
  }
  Result<Secret> value = deps_.store.LoadValue(name, state_.generation);
  if (value || value.error().kind != ErrorKind::kDataLoss || ValueIsUnreadable(state_)) {
    return value;
  }
  NeedOperator(
      std::string(kUnreadableNeed),
      Sentences({"the stored value of " + name + " cannot be read: " + value.error().message,
                 "Where a sink still holds it, it is taken from there; otherwise restore "
                 "the newest backup of the state, or give the value to `tokenwarden "
                 "submit " +
                     name + "`"}));
  static_cast<void>(Save());  // a failure was told
  return value;
}

Observation Work::Prove(const Secret& value) const {
  return Session().Prove(deps_.provider, value, deps_.http);
}

std::optional<Observation> Work::LivingObservation() const {
  if (state_.generation == 0 || !state_.conclusive || IsDead(state_.conclusive->verdict)) {
    return std::nullopt;
  }
  return state_.conclusive;
}

Status Work::TakeHold() {
  const std::optional<std::uint64_t> epoch = deps_.coordinator.EpochOf(spec_->name);
  if (!epoch) {
    return MakeError(ErrorKind::kAborted, "not_holder",
                     "another agent holds " + spec_->name + " now, so it is left alone here",
                     "ask the agent that holds it");
  }
  if (*epoch == keeper_.epoch && !keeper_.in_doubt) return {};
  Result<std::optional<CredentialState>> stored = deps_.store.TakeUp(spec_->name, *epoch);
  if (!stored) return tl::unexpected<Error>(stored.error());
  CredentialState durable = stored->value_or(CredentialState{});
  durable.name = spec_->name;
  // What could not be saved of our own tries still counts, unless somebody else or a newer value
  // came in between.
  const bool only_doubted = *epoch == keeper_.epoch && durable.generation == state_.generation;
  if (only_doubted) {
    state_.rotation = durable.rotation;
  } else {
    state_ = std::move(durable);
  }
  keeper_.epoch = *epoch;
  keeper_.in_doubt = false;
  Show();
  return {};
}

std::optional<std::uint64_t> Work::Epoch() const {
  const std::optional<std::uint64_t> epoch = deps_.coordinator.EpochOf(spec_->name);
  return epoch == keeper_.epoch ? epoch : std::nullopt;
}

Status Work::Save() {
  Status saved = deps_.store.SaveState(state_);
  if (!saved) {
    DoubtAfter(saved.error());
    TellError(Event::Kind::kStoreFailed, "state could not be saved", saved.error());
  }
  Show();
  return saved;
}

void Work::DoubtAfter(const Error& error) {
  if (error.kind == ErrorKind::kAborted) keeper_.in_doubt = true;
}

Event Work::MakeEvent(Event::Kind kind, LogLevel level, std::string message) const {
  Event event;
  event.kind = kind;
  event.level = level;
  event.message = std::move(message);
  event.credential = spec_->name;
  event.tenant = spec_->tenant;
  event.provider = std::string(spec_->provider());
  return event;
}

void Work::TellError(Event::Kind kind, std::string message, const Error& error) const {
  Event event = MakeEvent(kind, LogLevel::kError, std::move(message));
  event.reason = error.reason;
  event.fields = {{"error", error.message}, {"action", error.action}};
  Tell(event);
}

void Work::Audit(const std::string& event, const std::string& sentence) const {
  Status written = deps_.store.Audit({now(), spec_->name, event, sentence});
  if (!written) {
    TellError(Event::Kind::kStoreFailed, "audit entry could not be written", written.error());
  }
}

std::string Work::TimeLeft() const {
  if (state_.generation == 0) return "Time left: none, there is no value in use";
  const std::optional<Observation> living = LivingObservation();
  if (!living) {
    return state_.conclusive ? "Time left: none, the value in use works no more"
                             : "Time left: not known, the issuer was never heard";
  }
  const Deadline deadline = EarliestDeadline(living->facts);
  if (deadline.reason == DeadlineReason::kNever) return "Time left: unlimited, it never expires";
  if (!deadline.at) return "Time left: not known, the issuer did not say";
  if (*deadline.at <= now()) return "Time left: none since " + FormatUtc(*deadline.at);
  return "Time left: " + FormatDuration(*deadline.at - now()) + ", until " +
         FormatUtc(*deadline.at);
}

void Work::NeedOperator(std::string reason, std::string sentence) {
  const bool known = state_.operator_need && state_.operator_need->reason == reason;
  const Instant since = known ? state_.operator_need->since : now();
  state_.operator_need = OperatorNeed{std::move(reason), Sentences({sentence, TimeLeft()}), since};
  if (known) return;
  Event event = MakeEvent(Event::Kind::kNeedsOperator, LogLevel::kError, "an operator is needed");
  event.reason = state_.operator_need->reason;
  event.fields = {{"sentence", state_.operator_need->sentence}};
  Tell(event);
  Audit("needs_operator", state_.operator_need->sentence);
}

}  // namespace tokenwarden

#include "agent/app/publishing.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "agent/app/inspection.h"
#include "agent/app/sink_attempts.h"
#include "agent/core/acceptance.h"

namespace tokenwarden {
namespace {

bool SamePlace(const SourceSpec& source, const SinkSpec& sink) {
  const bool dotenv = source.kind == SourceKind::kDotenv && sink.kind == SinkKind::kDotenv;
  const bool file = source.kind == SourceKind::kFile && sink.kind == SinkKind::kFile;
  return (dotenv || file) && source.path == sink.path && source.key == sink.key;
}

bool IsOlderGeneration(Work& work, const Fingerprint& fingerprint) {
  Result<std::vector<StoredGeneration>> known = work.deps().store.LoadGenerations(work.spec().name);
  if (!known) return false;
  return std::any_of(known->begin(), known->end(), [&](const StoredGeneration& each) {
    return each.fingerprint == fingerprint && each.generation != work.state().generation;
  });
}

// A value that is neither ours nor known: somebody put it there. It is proven like any other
// candidate.
Result<RotationOutcome> OfferFound(Work& work, const Rotator& rotator, Origin origin,
                                   const Secret& value) {
  Result<RotationOutcome> outcome = rotator.Offer(work, origin, value, "");
  if (outcome && *outcome == RotationOutcome::kRefused) {
    Event event = work.MakeEvent(Event::Kind::kNeedsOperator, LogLevel::kError,
                                 "a hand-made value was refused");
    event.reason = "refused";
    work.Tell(event);
  }
  return outcome;
}

enum class Adopted { kYes, kNo, kLater };

Adopted Adopt(Work& work, const Rotator& rotator, const Secret& found) {
  const Fingerprint fingerprint = work.deps().fingerprinter.Of(found);
  if (fingerprint == work.state().refused_fingerprint) return Adopted::kNo;
  if (IsOlderGeneration(work, fingerprint)) return Adopted::kNo;
  Result<RotationOutcome> outcome = OfferFound(work, rotator, Origin::kAdopt, found);
  if (!outcome || *outcome == RotationOutcome::kWaiting) return Adopted::kLater;
  return *outcome == RotationOutcome::kPromoted ? Adopted::kYes : Adopted::kNo;
}

void MarkDrifted(Work& work, const SinkSpec& spec, const std::string& what) {
  SinkState& sink = SinkStateOf(work, spec.Target());
  const bool news = !sink.drifted;
  sink.drifted = true;
  if (!news) return;
  Event event = SinkEvent(work, spec, Event::Kind::kDrifted, LogLevel::kWarn,
                          "a sink no longer holds what was published");
  event.reason = std::string(ToString(spec.drift));
  event.fields = {{"seen", what}};
  work.Tell(event);
  work.Audit("drifted", spec.Target() + ": " + what);
}

void JudgeSink(Work& work, const Rotator& rotator, const SinkSpec& spec, const Secret& value,
               const Result<Secret>& held) {
  SinkState& sink = SinkStateOf(work, spec.Target());
  sink.last_attempt_at = work.now();
  if (!held) {
    if (held.error().kind == ErrorKind::kNotFound) {
      MarkDrifted(work, spec, held.error().message);
    } else {
      RecordSinkFailure(work, spec, held.error());
    }
    return;
  }
  if (held->EqualsInConstantTime(value)) {
    sink.verified_at = work.now();
    sink.drifted = false;
    return;
  }
  const bool is_source = work.spec().source && SamePlace(*work.spec().source, spec);
  if (is_source || spec.drift == Drift::kAdopt) {
    const Adopted adopted = Adopt(work, rotator, *held);
    if (adopted != Adopted::kNo) return;
  }
  MarkDrifted(work, spec, "it holds another value");
}

// A first value that was refused before is asked about again without a new rotation: a checkpoint
// may have been passed, a scope granted.
void OfferFirst(Work& work, const Rotator& rotator, const Secret& value) {
  if (work.deps().fingerprinter.Of(value) == work.state().refused_fingerprint) {
    Observation seen = work.Session().Inspect(work.deps().provider, value, work.deps().http);
    const std::optional<RefusedCandidate> unfit =
        JudgeCandidate(work.spec(), seen, std::nullopt, work.now());
    Remember(work, std::move(seen));
    if (unfit && unfit->refusal != Refusal::kNotProven) {
      work.NeedOperator(std::string(ToString(unfit->refusal)), unfit->sentence);
    }
    work.Save();
    if (unfit) return;
  }
  rotator.Offer(work, Origin::kSource, value, "");
}

void LookAtSource(Work& work, const Rotator& rotator) {
  const CredentialSpec& spec = work.spec();
  if (!spec.source) return;
  const bool is_sink = std::any_of(spec.sinks.begin(), spec.sinks.end(), [&](const SinkSpec& sink) {
    return SamePlace(*spec.source, sink);
  });
  if (work.state().generation != 0 && is_sink) return;  // seen as a sink
  Result<std::unique_ptr<Source>> source = work.deps().places.MakeSource(*spec.source);
  Result<Secret> value = source ? (*source)->Read() : tl::unexpected<Error>(source.error());
  if (!value) {
    if (work.state().generation == 0) {
      work.NeedOperator("no_value", "no value for " + spec.name + " could be read from " +
                                        Describe(*spec.source) + ": " + value.error().message +
                                        ". " + value.error().action);
    }
    return;
  }
  if (work.state().generation == 0) {
    OfferFirst(work, rotator, *value);
    return;
  }
  const Fingerprint fingerprint = work.deps().fingerprinter.Of(*value);
  if (fingerprint == work.state().fingerprint || fingerprint == work.state().refused_fingerprint ||
      IsOlderGeneration(work, fingerprint)) {
    return;
  }
  OfferFound(work, rotator, Origin::kSource, *value);
}

// A person may have put a value into the place that is both source and sink since we read it.
// Writing over it would lose it, so it is taken up first. Errors: something is there that cannot be
// judged now.
Status TakeUpWhatIsThere(Work& work, const Rotator& rotator, const SinkSpec& spec) {
  if (!work.spec().source || !SamePlace(*work.spec().source, spec)) return {};
  Result<std::unique_ptr<Sink>> sink = work.deps().places.MakeSink(spec);
  Result<Secret> held = sink ? (*sink)->Read() : tl::unexpected<Error>(sink.error());
  if (!held || work.deps().fingerprinter.Of(*held) == work.state().fingerprint) return {};
  if (Adopt(work, rotator, *held) != Adopted::kLater) return {};
  return MakeError(ErrorKind::kUnavailable, "unproven_value_found",
                   spec.Target() + " holds a value that somebody put there and that could not be " +
                       "proven yet, so it is not written over",
                   "nothing to do: it is tried again");
}

// A sink that is not written now.
void PutOff(Work& work, const SinkSpec& spec, const Error& why) {
  SinkStateOf(work, spec.Target()).last_attempt_at = work.now();
  RecordSinkFailure(work, spec, why);
  SaveSink(work, SinkStateOf(work, spec.Target()));
}

// The stored value is damaged, but somewhere the very same one may still be in place.
Status RestoreFromPlaces(Work& work, const Rotator& rotator) {
  const auto take = [&](const Result<Secret>& held, const std::string& place) {
    if (!held || work.deps().fingerprinter.Of(*held) != work.state().fingerprint) return false;
    work.Audit("restored", "the stored value was damaged; " + place + " still held it");
    rotator.Offer(work, Origin::kAdopt, *held, "");
    return !ValueIsUnreadable(work.state());
  };
  for (const SinkSpec& spec : work.spec().sinks) {
    Result<std::unique_ptr<Sink>> sink = work.deps().places.MakeSink(spec);
    if (sink && take((*sink)->Read(), spec.Target())) return {};
  }
  if (!work.spec().source) return {};
  Result<std::unique_ptr<Source>> source = work.deps().places.MakeSource(*work.spec().source);
  if (source) take((*source)->Read(), Describe(*work.spec().source));
  return {};
}

}  // namespace

void AlignSinks(Work& work) {
  std::vector<SinkState>& sinks = work.state().sinks;
  const std::vector<SinkSpec>& wanted = work.spec().sinks;
  const auto left = std::stable_partition(sinks.begin(), sinks.end(), [&](const SinkState& sink) {
    return std::any_of(wanted.begin(), wanted.end(),
                       [&](const SinkSpec& spec) { return spec.Target() == sink.target; });
  });
  for (auto sink = left; sink != sinks.end(); ++sink) {
    Status forgotten = work.deps().store.ForgetSink(work.spec().name, sink->target);
    if (!forgotten) {
      work.TellError(Event::Kind::kStoreFailed, "a sink could not be forgotten", forgotten.error());
    }
  }
  sinks.erase(left, sinks.end());
  for (const SinkSpec& spec : wanted) SinkStateOf(work, spec.Target());
}

Status PublishTo(Work& work, const Rotator& rotator, const std::vector<std::string>& targets,
                 Force force) {
  const Generation before = work.state().generation;
  std::vector<SinkSpec> due;
  for (SinkSpec spec : work.spec().sinks) {
    if (std::find(targets.begin(), targets.end(), spec.Target()) == targets.end()) continue;
    if (force == Force::kYes) spec.drift = Drift::kRepair;
    Status free = TakeUpWhatIsThere(work, rotator, spec);
    if (work.state().generation != before) return {};  // a newer value: all is published anew
    if (free) {
      due.push_back(std::move(spec));
    } else {
      PutOff(work, spec, free.error());
    }
  }
  Result<Secret> value = work.CurrentValue();
  if (value) {
    WriteSinks(work, due, *value);
  } else {
    for (const SinkSpec& spec : due) PutOff(work, spec, value.error());
  }
  work.Show();
  return {};
}

Status PublishAnew(Work& work, const Rotator& rotator) {
  const CredentialState& state = work.state();
  const std::string& name = work.spec().name;
  if (state.generation == 0 || (state.conclusive && IsDead(state.conclusive->verdict))) {
    return MakeError(ErrorKind::kFailedPrecondition, state.generation == 0 ? "no_value" : "dead",
                     "credential " + name + " has no living value to publish",
                     "issue a new one and give it to `tokenwarden submit " + name + "`");
  }
  std::vector<std::string> targets;
  for (const SinkSpec& spec : work.spec().sinks) targets.push_back(spec.Target());
  PublishTo(work, rotator, targets, Force::kYes);
  std::string failed;
  std::string reason;
  for (const SinkState& sink : state.sinks) {
    if (sink.consecutive_failures == 0) continue;
    failed += (failed.empty() ? "" : "; ") + sink.target + ": " + sink.last_error;
    reason = sink.last_error_reason;
  }
  if (failed.empty()) return {};
  return MakeError(ErrorKind::kUnavailable, reason, name + " could not be published: " + failed,
                   "it is tried again; see `tokenwarden status`");
}

Status LookAtPlaces(Work& work, const Rotator& rotator) {
  LookAtSource(work, rotator);
  if (work.state().generation == 0) return {};
  const Generation before = work.state().generation;
  std::vector<SinkSpec> current;  // to the others publishing is due anyway
  for (const SinkSpec& spec : work.spec().sinks) {
    if (SinkStateOf(work, spec.Target()).generation == before) current.push_back(spec);
  }
  const std::vector<Result<Secret>> held = ReadSinks(work, current);
  Result<Secret> value = work.CurrentValue();
  if (!value && ValueIsUnreadable(work.state())) return RestoreFromPlaces(work, rotator);
  if (!value) return tl::unexpected<Error>(value.error());
  for (std::size_t i = 0; i < current.size(); ++i) {
    JudgeSink(work, rotator, current[i], *value, held[i]);
    if (work.state().generation != before) break;  // adopted: everything is published anew
    SaveSink(work, SinkStateOf(work, current[i].Target()));
  }
  work.Show();
  return {};
}

}  // namespace tokenwarden

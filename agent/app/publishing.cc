#include "agent/app/publishing.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "agent/app/inspection.h"
#include "agent/core/acceptance.h"

namespace tokenwarden {
namespace {

SinkState& StateOf(Work& work, const std::string& target) {
  for (SinkState& sink : work.state().sinks) {
    if (sink.target == target) return sink;
  }
  work.state().sinks.push_back(SinkState{target});
  return work.state().sinks.back();
}

Event SinkEvent(const Work& work, const SinkSpec& spec, Event::Kind kind, LogLevel level,
                std::string message) {
  Event event = work.MakeEvent(kind, level, std::move(message));
  event.sink = std::string(ToString(spec.kind));
  event.target = spec.Target();
  return event;
}

void SaveSink(Work& work, const SinkState& sink) {
  Status saved = work.deps().store.SaveSink(work.spec().name, sink);
  if (!saved) {
    work.DoubtAfter(saved.error());
    work.TellError(Event::Kind::kStoreFailed, "the state of a sink could not be saved",
                   saved.error());
  }
}

Status WriteAndReadBack(Work& work, const SinkSpec& spec, const Secret& value,
                        PublishReport& report) {
  Result<std::unique_ptr<Sink>> sink = work.deps().places.MakeSink(spec);
  if (!sink) return tl::unexpected<Error>(sink.error());
  const CredentialState& state = work.state();
  const std::optional<std::uint64_t> epoch = work.Epoch();
  if (!epoch) {
    return MakeError(
        ErrorKind::kAborted, "not_holder",
        "another agent holds " + work.spec().name + " now, so it is not published here");
  }
  PublishMarker marker{work.spec().name, state.generation, state.fingerprint, *epoch, std::nullopt};
  if (state.conclusive) marker.expires_at = state.conclusive->facts.expires_at;
  Result<PublishReport> written = (*sink)->Publish(value, marker);
  if (!written) return tl::unexpected<Error>(written.error());
  report = std::move(*written);
  Result<Secret> held = (*sink)->Read();
  if (!held) return tl::unexpected<Error>(held.error());
  if (!held->EqualsInConstantTime(value)) {
    return MakeError(ErrorKind::kAborted, "read_back_differs",
                     spec.Target() + " was written, but holds another value when read back",
                     "find out what else writes to it");
  }
  return {};
}

void RecordSuccess(Work& work, const SinkSpec& spec, SinkState& sink, const PublishReport& report,
                   std::chrono::microseconds duration) {
  const bool news =
      sink.generation != work.state().generation || sink.drifted || sink.consecutive_failures != 0;
  sink.generation = work.state().generation;
  sink.verified_at = work.now();
  sink.drifted = false;
  sink.consecutive_failures = 0;
  sink.last_error.clear();
  sink.last_error_reason.clear();
  Event event = SinkEvent(work, spec, Event::Kind::kPublished,
                          news ? LogLevel::kInfo : LogLevel::kDebug, "published and read back");
  event.reason = report.outcome == PublishOutcome::kWritten ? "written" : "unchanged";
  event.duration = duration;
  event.fields = {{"generation", std::to_string(sink.generation)}};
  if (!report.note.empty()) event.fields.emplace_back("note", report.note);
  work.Tell(event);
}

void RecordFailure(Work& work, const SinkSpec& spec, SinkState& sink, const Error& error,
                   std::chrono::microseconds duration = {}) {
  ++sink.consecutive_failures;
  sink.last_error = error.message;
  sink.last_error_reason = error.reason;
  Event event = SinkEvent(work, spec, Event::Kind::kPublishFailed, LogLevel::kError,
                          "a sink could not be written");
  event.reason = error.reason;
  event.duration = duration;
  event.fields = {{"error", error.message}, {"action", error.action}};
  work.Tell(event);
}

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
  SinkState& sink = StateOf(work, spec.Target());
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

void LookAtSink(Work& work, const Rotator& rotator, const SinkSpec& spec, const Secret& value) {
  SinkState& sink = StateOf(work, spec.Target());
  if (sink.generation != work.state().generation) return;  // publishing is due anyway
  sink.last_attempt_at = work.now();
  Result<std::unique_ptr<Sink>> opened = work.deps().places.MakeSink(spec);
  Result<Secret> held = opened ? (*opened)->Read() : tl::unexpected<Error>(opened.error());
  if (!held) {
    if (held.error().kind == ErrorKind::kNotFound) {
      MarkDrifted(work, spec, held.error().message);
    } else {
      RecordFailure(work, spec, sink, held.error());
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
  for (const SinkSpec& spec : wanted) StateOf(work, spec.Target());
}

Status PublishTo(Work& work, const Rotator& rotator, const std::vector<std::string>& targets,
                 Force force) {
  const Generation before = work.state().generation;
  for (SinkSpec spec : work.spec().sinks) {
    if (std::find(targets.begin(), targets.end(), spec.Target()) == targets.end()) continue;
    if (force == Force::kYes) spec.drift = Drift::kRepair;
    Status written = TakeUpWhatIsThere(work, rotator, spec);
    if (work.state().generation != before) break;  // a newer value: everything is published anew
    SinkState& sink = StateOf(work, spec.Target());
    sink.last_attempt_at = work.now();
    Result<Secret> value = work.CurrentValue();
    if (written && !value) written = tl::unexpected<Error>(value.error());
    PublishReport report;
    const auto began = work.deps().clock.SteadyNow();
    if (written) written = WriteAndReadBack(work, spec, *value, report);
    const auto duration = std::chrono::duration_cast<std::chrono::microseconds>(
        work.deps().clock.SteadyNow() - began);
    if (written) {
      RecordSuccess(work, spec, sink, report, duration);
    } else {
      RecordFailure(work, spec, sink, written.error(), duration);
    }
    SaveSink(work, sink);
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
  for (const SinkSpec& spec : work.spec().sinks) {
    Result<Secret> value = work.CurrentValue();
    if (!value && ValueIsUnreadable(work.state())) return RestoreFromPlaces(work, rotator);
    if (!value) return tl::unexpected<Error>(value.error());
    LookAtSink(work, rotator, spec, *value);
    if (work.state().generation != before) break;  // adopted: everything is published anew
    SaveSink(work, StateOf(work, spec.Target()));
  }
  work.Show();
  return {};
}

}  // namespace tokenwarden

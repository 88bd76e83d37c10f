#include "agent/app/sink_attempts.h"

#include <memory>
#include <utility>

#include "agent/app/side_by_side.h"

namespace tokenwarden {
namespace {

bool IsOnServer(const SinkSpec& spec) {
  return spec.kind == SinkKind::kVault || spec.kind == SinkKind::kKubernetes;
}

// Made and judged on the caller's thread; Run() may be on another.
struct WriteAttempt {
  const SinkSpec* spec = nullptr;
  Result<std::unique_ptr<Sink>> sink;
  PublishMarker marker;
  Result<PublishReport> written;
  std::chrono::microseconds duration{};
};

Result<PublishReport> WriteAndReadBack(Sink& sink, const WriteAttempt& attempt,
                                       const Secret& value) {
  Result<PublishReport> written = sink.Publish(value, attempt.marker);
  if (!written) return written;
  Result<Secret> held = sink.Read();
  if (!held) return tl::unexpected<Error>(held.error());
  if (!held->EqualsInConstantTime(value)) {
    const std::string target = attempt.spec->Target();
    return MakeError(ErrorKind::kAborted, "read_back_differs",
                     target + " was written, but holds another value when read back",
                     "find out what else writes to it");
  }
  return written;
}

void Run(WriteAttempt& attempt, const Secret& value, Clock& clock) {
  const auto began = clock.SteadyNow();
  attempt.written = attempt.sink ? WriteAndReadBack(**attempt.sink, attempt, value)
                                 : tl::unexpected<Error>(attempt.sink.error());
  attempt.duration =
      std::chrono::duration_cast<std::chrono::microseconds>(clock.SteadyNow() - began);
}

Result<std::unique_ptr<Sink>> OpenHeld(Work& work, const SinkSpec& spec) {
  if (work.Epoch()) return work.deps().places.MakeSink(spec);
  return MakeError(ErrorKind::kAborted, "not_holder",
                   "another agent holds " + work.spec().name + " now, so it is not published here");
}

WriteAttempt Prepare(Work& work, const SinkSpec& spec) {
  const CredentialState& state = work.state();
  SinkStateOf(work, spec.Target()).last_attempt_at = work.now();
  PublishMarker marker{work.spec().name, state.generation, state.fingerprint,
                       work.Epoch().value_or(0), std::nullopt};
  if (state.conclusive) marker.expires_at = state.conclusive->facts.expires_at;
  return {&spec, OpenHeld(work, spec), std::move(marker), PublishReport{}, {}};
}

void RecordSuccess(Work& work, const WriteAttempt& attempt) {
  SinkState& sink = SinkStateOf(work, attempt.spec->Target());
  const bool news = sink.generation != attempt.marker.generation || sink.drifted ||
                    sink.consecutive_failures != 0;
  sink.generation = attempt.marker.generation;
  sink.verified_at = work.now();
  sink.drifted = false;
  sink.consecutive_failures = 0;
  sink.last_error.clear();
  sink.last_error_reason.clear();
  Event event = SinkEvent(work, *attempt.spec, Event::Kind::kPublished,
                          news ? LogLevel::kInfo : LogLevel::kDebug, "published and read back");
  event.reason = attempt.written->outcome == PublishOutcome::kWritten ? "written" : "unchanged";
  event.duration = attempt.duration;
  event.fields = {{"generation", std::to_string(sink.generation)}};
  if (!attempt.written->note.empty()) event.fields.emplace_back("note", attempt.written->note);
  work.Tell(event);
}

void Record(Work& work, const WriteAttempt& attempt) {
  if (attempt.written) {
    RecordSuccess(work, attempt);
  } else {
    RecordSinkFailure(work, *attempt.spec, attempt.written.error(), attempt.duration);
  }
  SaveSink(work, SinkStateOf(work, attempt.spec->Target()));
}

}  // namespace

SinkState& SinkStateOf(Work& work, const std::string& target) {
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

void RecordSinkFailure(Work& work, const SinkSpec& spec, const Error& error,
                       std::chrono::microseconds duration) {
  SinkState& sink = SinkStateOf(work, spec.Target());
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

void WriteSinks(Work& work, const std::vector<SinkSpec>& sinks, const Secret& value) {
  std::vector<WriteAttempt> attempts;
  std::vector<SideTask> tasks;
  attempts.reserve(sinks.size());
  for (const SinkSpec& spec : sinks) {
    WriteAttempt& attempt = attempts.emplace_back(Prepare(work, spec));
    tasks.push_back({IsOnServer(spec), [&] { Run(attempt, value, work.deps().clock); }});
  }
  RunSideBySide(tasks, [&](std::size_t i) { Record(work, attempts[i]); });
}

std::vector<Result<Secret>> ReadSinks(Work& work, const std::vector<SinkSpec>& sinks) {
  std::vector<Result<Secret>> held(sinks.size());
  std::vector<SideTask> tasks;
  for (std::size_t i = 0; i < sinks.size(); ++i) {
    tasks.push_back({IsOnServer(sinks[i]), [&, i] {
                       Result<std::unique_ptr<Sink>> sink = work.deps().places.MakeSink(sinks[i]);
                       held[i] = sink ? (*sink)->Read() : tl::unexpected<Error>(sink.error());
                     }});
  }
  RunSideBySide(tasks, [](std::size_t) {});
  return held;
}

}  // namespace tokenwarden

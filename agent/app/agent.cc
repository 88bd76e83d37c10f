#include "agent/app/agent.h"

#include <algorithm>
#include <utility>

#include "agent/app/gather.h"
#include "agent/app/health.h"
#include "agent/app/publishing.h"
#include "agent/app/reconcile.h"
#include "agent/app/rotation.h"
#include "agent/app/standing.h"
#include "agent/core/due.h"
#include "agent/core/paste_check.h"

namespace tokenwarden {
namespace {

std::shared_ptr<Keeper> MakeKeeper(const CredentialSpec& spec,
                                   const std::map<std::string, std::string>& stored) {
  CredentialState state;
  const auto known = stored.find(spec.name);
  if (known != stored.end()) state = UnpackState(known->second);
  state.name = spec.name;
  return std::make_shared<Keeper>(spec, state);
}

using Place = Agent::Place;

std::optional<Place> PlaceOf(const SourceSpec& source) {
  switch (source.kind) {
    case SourceKind::kEnv:
      return std::nullopt;  // never changes while we run
    case SourceKind::kDotenv:
    case SourceKind::kFile:
      return Place{std::nullopt, source.path};
    case SourceKind::kVault:
      return Place{SinkKind::kVault, source.path};
    case SourceKind::kKubernetes:
      return Place{SinkKind::kKubernetes, source.path};
  }
  return std::nullopt;
}

Place PlaceOf(const SinkSpec& sink) {
  const bool is_server = sink.kind == SinkKind::kVault || sink.kind == SinkKind::kKubernetes;
  return {is_server ? std::optional(sink.kind) : std::nullopt, sink.path};
}

// Those that do not hold the current generation, with the time of the next try.
void AddSinkRetries(const CredentialSpec& spec, const CredentialState& state, Instant now,
                    TokenView& view) {
  const Snapshot snapshot{spec, state};
  for (const SinkSpec& sink : spec.sinks) {
    const Instant due = SinkDueAt(snapshot, sink, now);
    if (due != kNothingDue) view.sink_retries.push_back({sink.Target(), std::max(due, now)});
  }
}

std::set<Place> PlacesOf(const CredentialSpec& spec) {
  std::set<Place> places;
  if (spec.source) {
    if (const std::optional<Place> place = PlaceOf(*spec.source)) places.insert(*place);
  }
  for (const SinkSpec& sink : spec.sinks) places.insert(PlaceOf(sink));
  return places;
}

}  // namespace

Agent::Agent(const Deps& deps, Config config, AgentOptions options)
    : deps_(deps), options_(std::move(options)), config_(std::move(config)) {
  limits_.request_timeout = config_.request_timeout;
  Scheduler::Limits limits;
  limits.per_lane = static_cast<std::size_t>(config_.issuer_parallel);
  scheduler_ = std::make_unique<Scheduler>(
      deps_.clock, limits, [this](const std::string& name) { return RunJob(name); },
      options_.on_idle);
}

Agent::~Agent() { Stop(); }

Result<std::map<std::string, std::string>> Agent::StoredStates() const {
  std::map<std::string, std::string> packed;
  Status visited = deps_.store.VisitStates(
      [&packed](const CredentialState& state) { packed[state.name] = Pack(state); });
  if (!visited) return tl::unexpected<Error>(visited.error());
  return packed;
}

Status Agent::Start() {
  auto stored = StoredStates();
  if (!stored) return tl::unexpected<Error>(stored.error());
  {
    std::lock_guard<std::mutex> lock(mutex_);
    for (const CredentialSpec& spec : config_.credentials) {
      keepers_[spec.name] = MakeKeeper(spec, *stored);
    }
    // The keepers hold the specifications from here on.
    std::vector<CredentialSpec>().swap(config_.credentials);
  }
  for (const KeeperPtr& keeper : All()) {
    const auto spec = keeper->spec();
    Watch(*spec);
    scheduler_->Add(spec->name, deps_.provider.LaneOf(*spec), Instant{});
  }
  scheduler_->Start();
  return {};
}

void Agent::Stop() { scheduler_->Stop(); }

Status Agent::RunOnce() {
  Status started = Start();
  if (!started) return started;
  scheduler_->WaitUntilIdle();
  Stop();
  return {};
}

Agent::KeeperPtr Agent::Find(const std::string& name) const {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = keepers_.find(name);
  return found == keepers_.end() ? nullptr : found->second;
}

Result<Agent::KeeperPtr> Agent::Need(const std::string& name) const {
  KeeperPtr keeper = Find(name);
  if (keeper) return keeper;
  return MakeError(ErrorKind::kNotFound, "no_such_credential",
                   "no credential named " + name + " is under management",
                   "see `tokenwarden status` for the names");
}

std::vector<Agent::KeeperPtr> Agent::All() const {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<KeeperPtr> all;
  all.reserve(keepers_.size());
  for (const auto& each : keepers_) all.push_back(each.second);
  return all;
}

JobResult Agent::RunJob(const std::string& name) {
  const KeeperPtr keeper = Find(name);
  if (!keeper) return {Clock::kForever, false, std::nullopt};
  const PassResult pass = Reconcile(deps_, *keeper, limits_);
  ++revision_;
  return {pass.next_look, pass.issuer_silent, pass.lane_not_before};
}

Result<TokenView> Agent::PassAndView(Work& work) {
  const PassResult pass = ReconcileLocked(work);
  ++revision_;
  scheduler_->Add(work.spec().name, deps_.provider.LaneOf(work.spec()), pass.next_look);
  return ViewOf(work.keeper());
}

Result<TokenView> Agent::Check(const std::string& name) {
  Result<KeeperPtr> keeper = Need(name);
  if (!keeper) return tl::unexpected<Error>(keeper.error());
  const std::unique_lock<std::mutex> acting = (*keeper)->Acting();
  (*keeper)->asked_inspect = true;
  (*keeper)->asked_verify = true;
  Work work(deps_, **keeper, limits_);
  return PassAndView(work);
}

Result<TokenView> Agent::Refresh(const std::string& name) {
  Result<KeeperPtr> keeper = Need(name);
  if (!keeper) return tl::unexpected<Error>(keeper.error());
  const std::unique_lock<std::mutex> acting = (*keeper)->Acting();
  Work work(deps_, **keeper, limits_);
  if (Status hold = work.TakeHold(); !hold) return tl::unexpected<Error>(hold.error());
  const Snapshot snapshot = Gather(work, false, true);
  if (!snapshot.can_refresh) {
    return MakeError(ErrorKind::kFailedPrecondition, "cannot_refresh",
                     "credential " + name + " cannot be renewed: " + snapshot.cannot_refresh_why,
                     "issue a new value by hand and give it to `tokenwarden submit " + name + "`");
  }
  Result<RotationOutcome> outcome = Rotator().Refresh(work);
  if (!outcome) return tl::unexpected<Error>(outcome.error());
  const Attempts attempts = work.state().renew;
  Result<TokenView> view = PassAndView(work);
  if (*outcome == RotationOutcome::kPromoted) return view;
  return MakeError(ErrorKind::kFailedPrecondition,
                   attempts.last_error_reason.empty() ? "not_renewed" : attempts.last_error_reason,
                   "credential " + name + " was not renewed: " + attempts.last_error,
                   "the current value stays in use; see `tokenwarden explain " + name + "`");
}

Result<TokenView> Agent::Submit(SubmitRequest request) {
  Result<KeeperPtr> keeper = Need(request.name);
  if (!keeper) return tl::unexpected<Error>(keeper.error());
  if (request.kept_aside) return AcceptKept(**keeper, request.accept_worse_reason);
  if (const auto problem = CheckPaste(request.value)) {
    return MakeError(
        ErrorKind::kInvalidArgument, std::string(ToString(problem->reason)),
        "the value submitted for " + request.name + " is not a token: " + problem->message,
        problem->action);
  }
  const std::unique_lock<std::mutex> acting = (*keeper)->Acting();
  Work work(deps_, **keeper, limits_);
  if (Status hold = work.TakeHold(); !hold) return tl::unexpected<Error>(hold.error());
  Result<RotationOutcome> outcome =
      Rotator().Offer(work, Origin::kSubmit, request.value, request.accept_worse_reason);
  if (!outcome) return tl::unexpected<Error>(outcome.error());
  return AnswerOffer(work, *outcome, "the value submitted for " + request.name);
}

Result<TokenView> Agent::AcceptKept(Keeper& keeper, const std::string& reason) {
  const std::unique_lock<std::mutex> acting = keeper.Acting();
  Work work(deps_, keeper, limits_);
  if (Status hold = work.TakeHold(); !hold) return tl::unexpected<Error>(hold.error());
  Result<RotationOutcome> outcome = Rotator().AcceptKept(work, reason);
  if (!outcome) return tl::unexpected<Error>(outcome.error());
  return PassAndView(work);
}

Result<TokenView> Agent::Sync(const std::string& name) {
  Result<KeeperPtr> keeper = Need(name);
  if (!keeper) return tl::unexpected<Error>(keeper.error());
  const std::unique_lock<std::mutex> acting = (*keeper)->Acting();
  Work work(deps_, **keeper, limits_);
  if (Status hold = work.TakeHold(); !hold) return tl::unexpected<Error>(hold.error());
  AlignSinks(work);
  work.Audit("sync", "an operator asked that the current value be published again");
  Status published = PublishAnew(work, Rotator());
  Result<TokenView> view = PassAndView(work);
  if (!published) return tl::unexpected<Error>(published.error());
  return view;
}

Result<TokenView> Agent::Rollback(const std::string& name) {
  Result<KeeperPtr> keeper = Need(name);
  if (!keeper) return tl::unexpected<Error>(keeper.error());
  const std::unique_lock<std::mutex> acting = (*keeper)->Acting();
  Work work(deps_, **keeper, limits_);
  if (Status hold = work.TakeHold(); !hold) return tl::unexpected<Error>(hold.error());
  Result<RotationOutcome> outcome = Rotator().RollBack(work);
  if (!outcome) return tl::unexpected<Error>(outcome.error());
  return AnswerOffer(work, *outcome, "the previous value of " + name);
}

Result<TokenView> Agent::AnswerOffer(Work& work, RotationOutcome outcome, const std::string& what) {
  Result<std::optional<Rotation>> latest = deps_.store.LoadLatestRotation(work.spec().name);
  const std::string note = latest && *latest ? (*latest)->note : "";
  Result<TokenView> view = PassAndView(work);
  switch (outcome) {
    case RotationOutcome::kRefused:
      return MakeError(ErrorKind::kFailedPrecondition, "refused",
                       what + " was not accepted: " + note,
                       "the current value stays in use; add --accept-worse REASON if you are sure");
    case RotationOutcome::kWaiting:
      return MakeError(ErrorKind::kUnavailable, "not_proven",
                       what + " could not be proven now: the issuer gave no usable answer",
                       "it is kept and tried again; the current value stays in use until then");
    default:
      return view;
  }
}

Status Agent::Reload() {
  if (!options_.load_config) {
    return MakeError(ErrorKind::kFailedPrecondition, "no_configuration",
                     "this agent was started without a configuration file");
  }
  Result<Config> fresh = options_.load_config();
  Event event;
  if (!fresh) {
    event.kind = Event::Kind::kConfigRejected;
    event.level = LogLevel::kError;
    event.message = "the new configuration is bad; the old one stays in force";
    event.reason = fresh.error().reason;
    event.fields = {{"error", fresh.error().message}};
    deps_.events.On(event);
    return tl::unexpected<Error>(fresh.error());
  }
  Status applied = Apply(std::move(*fresh));
  event.kind = Event::Kind::kConfigReloaded;
  event.message = "configuration reloaded";
  deps_.events.On(event);
  ++revision_;
  return applied;
}

Status Agent::Apply(Config config) {
  std::map<std::string, KeeperPtr> before;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    before = keepers_;
  }
  auto stored = StoredStates();
  if (!stored) return tl::unexpected<Error>(stored.error());
  std::map<std::string, KeeperPtr> after;
  for (const CredentialSpec& spec : config.credentials) {
    const auto known = before.find(spec.name);
    if (known != before.end()) {
      known->second->ReplaceSpec(spec);
      known->second->asked_verify = true;
      after[spec.name] = known->second;
    } else {
      after[spec.name] = MakeKeeper(spec, *stored);
    }
  }
  {
    std::lock_guard<std::mutex> lock(mutex_);
    keepers_ = after;
  }
  for (const auto& each : before) {
    if (after.count(each.first) == 0) scheduler_->Remove(each.first);
  }
  std::vector<std::string> present;
  for (const CredentialSpec& spec : config.credentials) {
    present.push_back(spec.name);
    Watch(spec);
    scheduler_->Add(spec.name, deps_.provider.LaneOf(spec), Instant{});
  }
  return deps_.store.MarkAbsent(present, deps_.clock.Now());
}

Status Agent::WatchPlace(const Place& place) {
  std::function<void()> changed = [this, place] { LookAtUsersOf(place); };
  if (!place.server) {
    return options_.watcher == nullptr ? Status()
                                       : options_.watcher->Watch(place.path, std::move(changed));
  }
  return options_.place_watcher == nullptr
             ? Status()
             : options_.place_watcher->Watch(*place.server, place.path, std::move(changed));
}

void Agent::Watch(const CredentialSpec& spec) {
  for (const Place& place : PlacesOf(spec)) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (!watched_.insert(place).second) continue;
    }
    Status watched = WatchPlace(place);
    if (watched || watched.error().reason == "not_watchable") continue;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      watched_.erase(place);  // tried again with the next credential or configuration
    }
    Event event;
    event.level = LogLevel::kWarn;
    event.message = "a place cannot be watched; it is looked at by interval only";
    event.credential = spec.name;
    event.reason = watched.error().reason;
    event.fields = {{"error", watched.error().message}};
    deps_.events.On(event);
  }
}

void Agent::LookAtUsersOf(const Place& place) {
  for (const KeeperPtr& keeper : All()) {
    const auto spec = keeper->spec();
    if (PlacesOf(*spec).count(place) == 0) continue;
    keeper->asked_verify = true;
    scheduler_->Kick(spec->name);
  }
}

void Agent::LookAtAll() {
  for (const KeeperPtr& keeper : All()) scheduler_->Kick(keeper->spec()->name);
}

TokenView Agent::ViewOf(const Keeper& keeper) const {
  const auto spec = keeper.spec();
  const auto state = keeper.state();
  TokenView view;
  view.name = spec->name;
  view.tenant = spec->tenant;
  view.provider = std::string(spec->provider());
  view.labels = spec->labels;
  view.state = *state;
  if (state->conclusive) view.deadline = EarliestDeadline(state->conclusive->facts);
  view.renewal_due_at = RenewalDueAt(*spec, *state);
  const Instant next = keeper.next_look.load();
  if (next != Instant{}) view.next_look_at = next;
  view.sinks = spec->sinks;
  AddSinkRetries(*spec, *state, deps_.clock.Now(), view);
  view.held_elsewhere = !deps_.coordinator.EpochOf(spec->name).has_value();
  return view;
}

void Agent::ForEach(const TokenSelector& selector,
                    const std::function<void(const TokenView&)>& visit) const {
  for (const KeeperPtr& keeper : All()) {
    if (selector.Matches(*keeper->spec())) visit(ViewOf(*keeper));
  }
}

std::vector<TokenView> Agent::List(const TokenSelector& selector) const {
  std::vector<TokenView> views;
  ForEach(selector, [&views](const TokenView& view) { views.push_back(view); });
  return views;
}

Result<TokenView> Agent::Get(const std::string& name) const {
  Result<KeeperPtr> keeper = Need(name);
  if (!keeper) return tl::unexpected<Error>(keeper.error());
  return ViewOf(**keeper);
}

Result<Explanation> Agent::Explain(const std::string& name) const {
  Result<KeeperPtr> keeper = Need(name);
  if (!keeper) return tl::unexpected<Error>(keeper.error());
  Work work(deps_, **keeper, limits_);
  const Snapshot snapshot = Gather(work, false, false);
  Explanation explanation;
  explanation.token = ViewOf(**keeper);
  explanation.decision = Decide(snapshot, work.now());
  for (const RuleAnswer& answer : tokenwarden::Explain(snapshot, work.now())) {
    std::string text = "silent";
    if (answer.decision) {
      text = std::string(ToString(answer.decision->action)) + ": " + answer.decision->sentence;
    }
    explanation.chain.push_back({std::string(answer.rule), std::move(text)});
  }
  Result<std::optional<Rotation>> latest = deps_.store.LoadLatestRotation(name);
  if (!latest) explanation.rotation_next = "it could not be read: " + latest.error().message;
  if (latest) explanation.rotation = *latest;
  if (explanation.rotation) {
    explanation.rotation_next = WhatHappensNext(work, *explanation.rotation, explanation.decision);
  }
  return explanation;
}

AgentVitals Agent::Vitals() const {
  AgentVitals vitals;
  const Instant now = deps_.clock.Now();
  // A scheduler with nothing due sleeps and is well; only due work that nobody takes up is a stall.
  vitals.scheduler_pass_at = scheduler_->IsStalled(now) ? scheduler_->LastTurn() : now;
  vitals.renewals_waiting = scheduler_->Waiting();
  vitals.renewals_running = scheduler_->Running();
  return vitals;
}

std::vector<HealthProblem> Agent::LivenessProblems() const {
  if (!scheduler_->IsStalled(deps_.clock.Now())) return {};
  return {{"", "scheduler_stalled",
           "work has been due for over a minute and nobody takes it up; restart the agent"}};
}

std::vector<HealthProblem> Agent::ReadinessProblems() const {
  std::vector<HealthProblem> problems;
  ForEach({}, [&problems](const TokenView& view) { AddReadinessProblems(view, problems); });
  return problems;
}

std::vector<HealthProblem> Agent::StartupProblems() const {
  std::vector<HealthProblem> problems;
  ForEach({}, [&problems](const TokenView& view) { AddStartupProblems(view, problems); });
  return problems;
}

}  // namespace tokenwarden

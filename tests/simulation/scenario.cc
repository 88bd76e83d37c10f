#include "tests/simulation/scenario.h"

#include <string>

namespace tokenwarden::simulation {
namespace {

SinkSpec DotenvSink(const std::string& path, Drift drift) {
  SinkSpec sink;
  sink.kind = SinkKind::kDotenv;
  sink.path = path;
  sink.key = "TOKEN";
  sink.drift = drift;
  return sink;
}

Drift DrawDrift(Random& random) {
  return random.Pick<Drift>({Drift::kRepair, Drift::kRepair, Drift::kAdopt, Drift::kAlarm});
}

void DrawRenewal(CredentialSpec& spec, Random& random) {
  spec.renew.before.reset();
  spec.renew.max_age.reset();
  if (random.Percent(60)) spec.renew.before = Seconds(kDay * random.Between(1, 14));
  if (random.Percent(25)) spec.renew.max_age = Seconds(kDay * random.Between(1, 40));
  spec.renew.enabled = !random.Percent(4);
  spec.settle = random.Pick<Seconds>({Seconds{0}, kHour, kDay});
  spec.inspect_every = random.Pick<Seconds>({15 * kMinute, kHour, 6 * kHour, kDay});
}

}  // namespace

Scenario DrawScenario(Random& random) {
  Scenario scenario;
  CredentialSpec& spec = scenario.spec;
  spec.name = "whatsapp";
  spec.meta.app_id = "100000000000001";
  if (random.Percent(50)) spec.meta.user_id = "300000000000001";
  if (random.Percent(50)) spec.meta.required_scopes = {"messages"};
  DrawRenewal(spec, random);
  const bool source_is_sink = random.Percent(60);
  if (random.Percent(95)) {
    spec.source = SourceSpec{SourceKind::kDotenv, source_is_sink ? ".env" : "first.env", "TOKEN"};
  }
  const int sinks = random.Between(1, 3);
  for (int i = 0; i < sinks; ++i) {
    const std::string path = i == 0 ? ".env" : "copy" + std::to_string(i) + ".env";
    spec.sinks.push_back(DotenvSink(path, DrawDrift(random)));
  }
  if (random.Percent(50)) {
    NotifySpec notify;
    notify.command = {"reload-consumer"};
    spec.notify.push_back(notify);
  }
  scenario.model = random.Pick<RotationModel>({RotationModel::kNone, RotationModel::kGraceSame,
                                               RotationModel::kGraceFork, RotationModel::kStrict,
                                               RotationModel::kStrictFamily});
  scenario.grace = random.Pick<Seconds>({30 * kMinute, 6 * kHour, kDay});
  scenario.life = random.Pick<Seconds>({kDay, 3 * kDay, 10 * kDay, 60 * kDay, 60 * kDay});
  if (random.Percent(8)) scenario.life = Seconds{0};
  scenario.makes_anew = scenario.model == RotationModel::kNone && random.Percent(30);
  scenario.agents = random.Percent(30) ? random.Between(2, 3) : 1;
  scenario.steps = random.Between(15, 35);
  // Few, because they take thirty times as long.
  scenario.documents = random.Percent(scenario.agents > 1 ? 15 : 1);
  return scenario;
}

void ChangeConfiguration(CredentialSpec& spec, Random& random) {
  if (random.Percent(60)) {
    DrawRenewal(spec, random);
  } else if (spec.sinks.size() > 1) {
    spec.sinks.pop_back();
  } else {
    spec.sinks.push_back(DotenvSink("copy1.env", DrawDrift(random)));
  }
}

}  // namespace tokenwarden::simulation

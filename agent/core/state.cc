#include "agent/core/state.h"

#include "agent/core/words.h"

namespace tokenwarden {
namespace {

using S = RotationState;

constexpr Word<RotationState> kRotationStates[] = {
    {S::kIntent, "intent"},       {S::kRequested, "requested"}, {S::kReceived, "received"},
    {S::kCandidate, "candidate"}, {S::kProven, "proven"},       {S::kCurrent, "current"},
    {S::kPublished, "published"}, {S::kSettled, "settled"},     {S::kRetired, "retired"},
    {S::kAmbiguous, "ambiguous"}, {S::kRefused, "refused"},     {S::kFailed, "failed"},
};

constexpr Word<Origin> kOrigins[] = {
    {Origin::kSource, "source"}, {Origin::kRefresh, "refresh"},   {Origin::kSubmit, "submit"},
    {Origin::kAdopt, "adopt"},   {Origin::kRollback, "rollback"},
};

constexpr Word<RotationModel> kRotationModels[] = {
    {RotationModel::kNone, "none"},
    {RotationModel::kGraceSame, "grace_same"},
    {RotationModel::kGraceFork, "grace_fork"},
    {RotationModel::kStrict, "strict"},
    {RotationModel::kStrictFamily, "strict_family"},
};

struct Step {
  RotationState from;
  RotationState to;
};

constexpr Step kSteps[] = {
    {S::kIntent, S::kRequested},
    {S::kIntent, S::kCandidate},  // no request needed: pasted,
                                  // adopted, or built from what we
                                  // hold
    {S::kIntent, S::kAmbiguous},
    {S::kIntent, S::kFailed},
    {S::kRequested, S::kReceived},
    {S::kRequested, S::kAmbiguous},
    {S::kRequested, S::kFailed},
    {S::kReceived, S::kCandidate},
    {S::kReceived, S::kAmbiguous},  // a gateway's page: the issuer behind it may have acted
    {S::kReceived, S::kFailed},
    {S::kCandidate, S::kProven},
    {S::kCandidate, S::kRefused},
    {S::kCandidate, S::kFailed},  // the issuer gave the value we already have
    {S::kProven, S::kCurrent},
    {S::kProven, S::kRefused},  // it died before it was promoted
    {S::kProven, S::kFailed},   // what was stored of it does not open any more
    {S::kCurrent, S::kPublished},
    {S::kCurrent, S::kRetired},  // overtaken by a newer generation
                                 // before every sink had it
    {S::kPublished, S::kSettled},
    {S::kPublished, S::kRetired},
    {S::kSettled, S::kRetired},
    {S::kAmbiguous, S::kRequested},
    {S::kAmbiguous, S::kReceived},
    {S::kAmbiguous, S::kCandidate},
    {S::kAmbiguous, S::kFailed},
    {S::kRefused, S::kProven},  // an operator accepts it
};

}  // namespace

std::string_view ToString(RotationState state) { return WordFor(kRotationStates, state); }
std::optional<RotationState> ParseRotationState(std::string_view word) {
  return ValueFor(kRotationStates, word);
}
std::string_view ToString(Origin origin) { return WordFor(kOrigins, origin); }
std::optional<Origin> ParseOrigin(std::string_view word) { return ValueFor(kOrigins, word); }
std::string_view ToString(RotationModel model) { return WordFor(kRotationModels, model); }
std::optional<RotationModel> ParseRotationModel(std::string_view word) {
  return ValueFor(kRotationModels, word);
}

bool IsUnfinished(RotationState state) {
  return state != S::kRetired && state != S::kRefused && state != S::kFailed;
}

bool IsBeforeCurrent(RotationState state) { return state < S::kCurrent || state == S::kAmbiguous; }

bool CanFollow(RotationState from, RotationState to) {
  for (const Step& step : kSteps) {
    if (step.from == from && step.to == to) return true;
  }
  return false;
}

std::string_view StateWord(const CredentialState& state) {
  return state.conclusive ? ToString(state.conclusive->verdict) : kPendingState;
}

}  // namespace tokenwarden

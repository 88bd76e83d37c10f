// Sighting: one key of a Secret as the API server showed it, without its value.
//
// Every key that we write has a field manager of its own, so that applying one never takes away
// another: `tokenwarden` for the first key of a Secret, `tokenwarden:KEY` for further ones. The
// markers of the first are `tokenwarden.dev/generation`, `/fingerprint`, `/epoch` and
// `/credential`; those of further keys end in `.KEY`. Source of the format of managedFields:
// Kubernetes API concepts, "Server-Side Apply".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "agent/adapters/kubernetes/json.h"
#include "agent/adapters/kubernetes/resource.h"
#include "agent/core/result.h"
#include "agent/core/state.h"
#include "agent/ports/places.h"

namespace tokenwarden::kubernetes {

struct SecretKey {
  ObjectName secret;
  std::string key;

  auto operator<=>(const SecretKey&) const = default;
};
std::string ToString(const SecretKey& place);  // `prod/whatsapp-token#access_token`

// The end of an annotation's name that stands for a key: the key itself, or a digest where that
// would not do. Source: Kubernetes, "Annotations", syntax: 63 characters, a letter or digit last.
std::string SlotOf(const std::string& key);

// What stands in the annotations.
struct Marker {
  std::uint64_t epoch = 0;
  Generation generation = 0;
  std::string fingerprint;
  std::string credential;

  bool operator==(const Marker&) const = default;
};
Marker MarkerOf(const PublishMarker& marker);

struct Sighting {
  std::string uid;
  std::string resource_version;
  std::string manager;                 // under which this key is ours, or will be
  std::optional<Marker> marker;        // what we wrote beside it
  std::optional<std::uint64_t> value;  // a digest that tells change, for this process only
};

// `object` may be metadata only; `value` is left open.
Sighting Look(const Json& object, const std::string& key);

std::map<std::string, std::string> AnnotationsFor(const Sighting& sighting, const std::string& key,
                                                  const Marker& marker);

// The marker in the Secret against the one that is to replace it: kAborted `newer_epoch`,
// `newer_generation`.
Status CheckFence(const SecretKey& place, const Sighting& seen, const Marker& ours);

}  // namespace tokenwarden::kubernetes

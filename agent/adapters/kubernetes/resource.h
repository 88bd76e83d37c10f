// Resource: one kind of object at the API server; Operation: what we do to one of them, in the
// words of RBAC. Source: Kubernetes API reference, "API overview".
#pragma once

#include <string>
#include <string_view>

#include "agent/core/result.h"

namespace tokenwarden::kubernetes {

struct Resource {
  std::string_view api;     // `/apis/apps/v1`
  std::string_view group;   // `apps`; empty for the core group
  std::string_view plural;  // `deployments`: in URLs and Roles
  std::string_view kind;    // `deployment`: in messages
};

inline constexpr Resource kSecrets{"/api/v1", "", "secrets", "secret"};
inline constexpr Resource kLeases{"/apis/coordination.k8s.io/v1", "coordination.k8s.io", "leases",
                                  "lease"};
inline constexpr Resource kEvents{"/apis/events.k8s.io/v1", "events.k8s.io", "events", "event"};
inline constexpr Resource kAccessReviews{"/apis/authorization.k8s.io/v1", "authorization.k8s.io",
                                         "selfsubjectaccessreviews", "access review"};
// Those whose pods can be replaced by a change of their template.
inline constexpr Resource kWorkloads[] = {
    {"/apis/apps/v1", "apps", "deployments", "deployment"},
    {"/apis/apps/v1", "apps", "statefulsets", "statefulset"},
    {"/apis/apps/v1", "apps", "daemonsets", "daemonset"},
};

// One object. An empty name: the collection; an empty namespace: a cluster-wide one.
struct ObjectName {
  std::string name_space;
  std::string name;

  auto operator<=>(const ObjectName&) const = default;
};
std::string ToString(const ObjectName& object);  // `prod/whatsapp-token`

struct Operation {
  std::string_view verb;  // of RBAC: get, patch, update, create, watch
  const Resource& resource;
  ObjectName object;
};
std::string Describe(const Operation& operation);  // `patch secret prod/whatsapp-token`
std::string PathOf(const Operation& operation);    // `/api/v1/namespaces/prod/secrets/…`

// `namespace/name`, or `name` in the default namespace. Both are DNS names, so that they can stand
// in a URL as they are. kInvalidArgument `no_path`, `bad_name`.
Result<ObjectName> ParseObjectName(const std::string& place, const std::string& default_namespace);
// A key inside a Secret. kInvalidArgument `no_key`, `bad_key`.
Status CheckKey(const std::string& key);

}  // namespace tokenwarden::kubernetes

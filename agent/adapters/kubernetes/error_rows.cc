// The rows of the error table, most specific first.
#include "agent/adapters/kubernetes/error_table.h"

namespace tokenwarden::kubernetes {

const std::vector<ErrorRow>& ErrorRows() {
  static const std::vector<ErrorRow> rows = {
      {401, 401, "", "", ErrorKind::kUnauthenticated, "unauthenticated",
       "the API server does not know who we are",
       "Check that the service account, or the kubeconfig's user, still exists and that its token "
       "is meant for this cluster."},

      // Admission may answer with any code and a text of its own.
      {400, 499, "", "admission webhook \"", ErrorKind::kFailedPrecondition, "denied_by_webhook",
       "the admission webhook {webhook} denied it",
       "Ask who runs that webhook to allow it, or write to another place."},
      {400, 499, "", "ValidatingAdmissionPolicy", ErrorKind::kFailedPrecondition,
       "denied_by_policy", "an admission policy of the cluster denied it",
       "Ask who runs the cluster to allow it, or write to another place."},
      {500, 599, "", "failed calling webhook", ErrorKind::kUnavailable, "webhook_down",
       "the admission webhook {webhook} did not answer the API server",
       "It is tried again; if it goes on, whoever runs that webhook has to mend it."},

      {403, 403, "", "exceeded quota", ErrorKind::kFailedPrecondition, "quota_exceeded",
       "the quota {quota} of the namespace is used up",
       "Raise the quota or remove what is not needed; what exists can still be changed."},
      {403, 403, "", "is being terminated", ErrorKind::kFailedPrecondition, "namespace_terminating",
       "the namespace is being deleted", "Write to another namespace, or make this one anew."},
      {403, 403, "Forbidden", "cannot create resource", ErrorKind::kPermissionDenied,
       "forbidden_create", "it does not exist, and {user} may not create it",
       "Create it, empty if need be, or grant it: kubectl -n {namespace} create role "
       "tokenwarden-create --verb=create --resource={plural}{for_name}, and bind that to {user}."},
      {403, 403, "Forbidden", "", ErrorKind::kPermissionDenied, "forbidden",
       "{user} may not {verb} {plural} there",
       "Grant it: kubectl -n {namespace} create role tokenwarden-{verb} --verb={verb} "
       "--resource={plural}{for_name}, and bind that to {user}."},

      {404, 404, "", "namespaces \"", ErrorKind::kNotFound, "no_such_namespace",
       "the namespace does not exist", "Create it, or correct the configuration."},
      {404, 404, "NotFound", "the server could not find the requested resource",
       ErrorKind::kFailedPrecondition, "no_such_api", "this API server does not know {plural}",
       "Check the address of the API server and the version of the cluster."},
      {404, 404, "NotFound", "", ErrorKind::kNotFound, "no_such_{kind}", "it does not exist",
       "Create it, or correct the configuration."},

      {409, 409, "AlreadyExists", "", ErrorKind::kAborted, "conflict",
       "somebody else created it at the same time", "Nothing: it is tried again."},
      {409, 409, "", "FieldManagerConflict", ErrorKind::kFailedPrecondition, "owned_by_other",
       "its field {field} is managed by {manager}",
       "Let only one of the two write it: take it out there, or set `drift: repair` to take it "
       "over here."},
      {409, 409, "", "", ErrorKind::kAborted, "conflict",
       "somebody else changed it at the same time", "Nothing: it is tried again."},
      {410, 410, "", "", ErrorKind::kAborted, "expired",
       "the server no longer knows the version that was last seen", "Nothing: it is read anew."},

      {413, 413, "", "", ErrorKind::kResourceExhausted, "too_large",
       "the request is larger than the API server takes",
       "Keep less in one Secret: it holds 1 MiB in all."},
      {422, 422, "", "immutable` is set", ErrorKind::kFailedPrecondition, "immutable_secret",
       "it is marked immutable",
       "Write to another Secret, or delete this one so that it is made anew: kubectl -n "
       "{namespace} delete {kind} {name}"},
      {422, 422, "", "metadata.uid", ErrorKind::kAborted, "conflict",
       "it was deleted and made anew at the same time", "Nothing: it is tried again."},
      {422, 422, "", "must be specified for an update", ErrorKind::kAborted, "conflict",
       "somebody else created it at the same time", "Nothing: it is tried again."},
      {422, 422, "", "error in our request", ErrorKind::kAborted, "patch_refused",
       "it is not as the change expects it to be", "Nothing: it is read anew."},
      {422, 422, "", "Too long", ErrorKind::kResourceExhausted, "too_large",
       "it would be larger than the 1 MiB that a Secret holds",
       "Keep less in it, or use Vault for a larger fleet."},
      {422, 422, "", "data[", ErrorKind::kFailedPrecondition, "wrong_type",
       "its type does not allow that content ({field})",
       "Use a Secret of type Opaque, or another key."},
      {422, 422, "", "type: Invalid value", ErrorKind::kFailedPrecondition, "wrong_type",
       "it exists with another type", "Use a Secret of type Opaque."},
      {422, 422, "", "", ErrorKind::kInvalidArgument, "invalid",
       "the API server found it not valid ({field})", "Correct the configuration."},

      {429, 429, "", "shutting down", ErrorKind::kUnavailable, "restarting",
       "the API server is restarting", "Nothing: it is tried again."},
      {429, 429, "", "", ErrorKind::kResourceExhausted, "rate_limited",
       "the API server is busy and asks to wait {wait}",
       "Nothing: it is tried again. If it goes on, give the service account a FlowSchema of its "
       "own."},

      {500, 599, "", "request is too large", ErrorKind::kResourceExhausted, "too_large",
       "it is larger than the store of the cluster takes", "Keep less in one Secret."},
      {503, 503, "", "shutting down", ErrorKind::kUnavailable, "restarting",
       "the API server is restarting", "Nothing: it is tried again."},
      {504, 504, "", "", ErrorKind::kDeadlineExceeded, "timeout",
       "the API server did not finish in time; it may have been done or not",
       "Nothing: it is read and tried again."},
      {500, 599, "", "", ErrorKind::kUnavailable, "server_error",
       "the API server, or what is behind it, fails (HTTP {code})",
       "It is tried again; if it goes on, look at the health of the control plane."},
      {400, 400, "BadRequest", "", ErrorKind::kInternal, "not_understood",
       "the API server did not understand the request",
       "Report this as a defect, with the version of the API server."},
      {405, 405, "MethodNotAllowed", "", ErrorKind::kInternal, "not_understood",
       "the API server did not understand the request",
       "Report this as a defect, with the version of the API server."},
      {415, 415, "UnsupportedMediaType", "", ErrorKind::kFailedPrecondition, "too_old",
       "the API server does not know server-side apply", "Use Kubernetes 1.22 or newer."},
      {0, 999, "", "", ErrorKind::kUnavailable, "not_an_api_server",
       "something that is no API server answered (HTTP {code})",
       "Check the address and any proxy in between."},
  };
  return rows;
}

}  // namespace tokenwarden::kubernetes

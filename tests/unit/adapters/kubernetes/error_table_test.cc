#include "agent/adapters/kubernetes/error_table.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

namespace tokenwarden::kubernetes {
namespace {

constexpr const char* kUser = "system:serviceaccount:prod:tokenwarden";

// What a server answered: a Status, or something that is none.
struct Answer {
  int code;
  const char* reason;
  std::string message;
  const char* cause_reason = "";
  const char* cause_field = "";
  const char* cause_message = "";
};

HttpReply ReplyOf(const Answer& answer) {
  HttpReply reply;
  reply.status = answer.code;
  nlohmann::json status = {{"kind", "Status"},
                           {"status", "Failure"},
                           {"message", answer.message},
                           {"reason", answer.reason},
                           {"code", answer.code}};
  if (*answer.cause_reason != '\0' || *answer.cause_field != '\0') {
    status["details"]["causes"] = {{{"reason", answer.cause_reason},
                                    {"field", answer.cause_field},
                                    {"message", answer.cause_message}}};
  }
  reply.body = status.dump();
  return reply;
}

HttpReply PlainReply(int code, const std::string& body) {
  HttpReply reply;
  reply.status = code;
  reply.body = body;
  return reply;
}

struct Case {
  const char* what;
  HttpReply reply;
  ErrorKind kind;
  const char* word;
  const char* seen;  // part of the message
};

std::string Forbidden(const std::string& verb) {
  return std::string("secrets \"app\" is forbidden: User \"") + kUser + "\" cannot " + verb +
         " resource \"secrets\" in API group \"\" in the namespace \"prod\"";
}

std::vector<Case> Cases() {
  using K = ErrorKind;
  HttpReply busy = ReplyOf({429, "TooManyRequests", "too many requests, please try again later"});
  busy.headers = {{"retry-after", "7"}};
  return {
      {"an unknown token", ReplyOf({401, "Unauthorized", "Unauthorized"}), K::kUnauthenticated,
       "unauthenticated", "does not know who we are"},
      {"a webhook that says no",
       ReplyOf({403, "Forbidden",
                "admission webhook \"guard.example.com\" denied the request: the value s3cr3t"}),
       K::kFailedPrecondition, "denied_by_webhook", "guard.example.com"},
      {"a webhook that says no without a reason",
       ReplyOf({400, "", "admission webhook \"guard.example.com\" denied the request"}),
       K::kFailedPrecondition, "denied_by_webhook", "guard.example.com"},
      {"a policy that says no",
       ReplyOf({422, "Invalid", "ValidatingAdmissionPolicy 'p' with binding 'b' denied request"}),
       K::kFailedPrecondition, "denied_by_policy", "admission policy"},
      {"a webhook that does not answer",
       ReplyOf({500, "InternalError",
                "Internal error occurred: failed calling webhook \"guard.example.com\": EOF"}),
       K::kUnavailable, "webhook_down", "guard.example.com"},
      {"a full quota",
       ReplyOf({403, "Forbidden",
                "secrets \"app\" is forbidden: exceeded quota: small, requested: secrets=1"}),
       K::kFailedPrecondition, "quota_exceeded", "quota small"},
      {"a namespace on its way out",
       ReplyOf({403, "Forbidden",
                "unable to create new content in namespace prod because it is being terminated",
                "NamespaceTerminating", "metadata.namespace"}),
       K::kFailedPrecondition, "namespace_terminating", "being deleted"},
      {"no right to create", ReplyOf({403, "Forbidden", Forbidden("create")}), K::kPermissionDenied,
       "forbidden_create", kUser},
      {"no right at all", ReplyOf({403, "Forbidden", Forbidden("get")}), K::kPermissionDenied,
       "forbidden", "may not get secrets"},
      {"no namespace", ReplyOf({404, "NotFound", "namespaces \"prod\" not found"}), K::kNotFound,
       "no_such_namespace", "namespace does not exist"},
      {"no such API",
       ReplyOf({404, "NotFound", "the server could not find the requested resource"}),
       K::kFailedPrecondition, "no_such_api", "does not know secrets"},
      {"no such object", ReplyOf({404, "NotFound", "secrets \"app\" not found"}), K::kNotFound,
       "no_such_secret", "does not exist"},
      {"a lost race to create", ReplyOf({409, "AlreadyExists", "secrets \"app\" already exists"}),
       K::kAborted, "conflict", "created it"},
      {"another field manager",
       ReplyOf({409, "Conflict", "Apply failed with 1 conflict", "FieldManagerConflict",
                ".data.token", "conflict with \"kubectl-edit\" using v1"}),
       K::kFailedPrecondition, "owned_by_other", ".data.token is managed by kubectl-edit"},
      {"another version",
       ReplyOf({409, "Conflict",
                "Operation cannot be fulfilled on secrets \"app\": the object "
                "has been modified"}),
       K::kAborted, "conflict", "changed it"},
      {"a version too old to watch from",
       ReplyOf({410, "Expired", "too old resource version: 271 (332)"}), K::kAborted, "expired",
       "no longer knows the version"},
      {"a request too large",
       ReplyOf({413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728"}),
       K::kResourceExhausted, "too_large", "larger than the API server takes"},
      {"an immutable Secret",
       ReplyOf({422, "Invalid",
                "Secret \"app\" is invalid: data: Forbidden: field is immutable when `immutable` "
                "is set",
                "FieldValueForbidden", "data"}),
       K::kFailedPrecondition, "immutable_secret", "immutable"},
      {"another object of that name",
       ReplyOf({422, "Invalid",
                "Secret \"app\" is invalid: metadata.uid: Invalid value: field is immutable",
                "FieldValueInvalid", "metadata.uid"}),
       K::kAborted, "conflict", "made anew"},
      {"a Lease that was created meanwhile",
       ReplyOf({422, "Invalid",
                "metadata.resourceVersion: Invalid value: 0: must be specified for an update"}),
       K::kAborted, "conflict", "created it"},
      {"a test of a patch that fails",
       ReplyOf({422, "Invalid", "the server rejected our request due to an error in our request"}),
       K::kAborted, "patch_refused", "not as the change expects"},
      {"more than a Secret holds",
       ReplyOf({422, "Invalid",
                "Secret \"app\" is invalid: data: Too long: may not be more than 1048576 bytes",
                "FieldValueTooLong", "data"}),
       K::kResourceExhausted, "too_large", "1 MiB"},
      {"content that the type forbids",
       ReplyOf({422, "Invalid", "Secret \"app\" is invalid", "FieldValueRequired",
                "data[.dockerconfigjson]", "Required value"}),
       K::kFailedPrecondition, "wrong_type", "data[.dockerconfigjson]"},
      {"another type",
       ReplyOf({422, "Invalid",
                "Secret \"app\" is invalid: type: Invalid value: \"Opaque\": field is immutable",
                "FieldValueInvalid", "type"}),
       K::kFailedPrecondition, "wrong_type", "another type"},
      {"anything else that is not valid",
       ReplyOf({422, "Invalid", "Lease \"l\" is invalid", "FieldValueInvalid",
                "spec.leaseDurationSeconds"}),
       K::kInvalidArgument, "invalid", "spec.leaseDurationSeconds"},
      {"a server that stops",
       PlainReply(429, "The apiserver is shutting down, please try again later."), K::kUnavailable,
       "restarting", "restarting"},
      {"a busy server", busy, K::kResourceExhausted, "rate_limited", "wait 7 seconds"},
      {"more than etcd takes", ReplyOf({500, "", "etcdserver: request is too large"}),
       K::kResourceExhausted, "too_large", "store of the cluster"},
      {"a server that has stopped", PlainReply(503, "apiserver is shutting down"), K::kUnavailable,
       "restarting", "restarting"},
      {"a request without an end",
       ReplyOf({504, "Timeout", "Timeout: request did not complete within the allotted timeout"}),
       K::kDeadlineExceeded, "timeout", "may have been done or not"},
      {"a failing store", ReplyOf({500, "InternalError", "etcdserver: leader changed"}),
       K::kUnavailable, "server_error", "HTTP 500"},
      {"our mistake", ReplyOf({400, "BadRequest", "metadata.managedFields must be nil"}),
       K::kInternal, "not_understood", "did not understand"},
      {"our mistake in the method", ReplyOf({405, "MethodNotAllowed", "method not allowed"}),
       K::kInternal, "not_understood", "did not understand"},
      {"a server from before", ReplyOf({415, "UnsupportedMediaType", "unsupported media type"}),
       K::kFailedPrecondition, "too_old", "server-side apply"},
      {"a login page", PlainReply(404, "<html>Not Found</html>"), K::kUnavailable,
       "not_an_api_server", "no API server answered (HTTP 404)"},
  };
}

const Operation kApply{"patch", kSecrets, {"prod", "app"}};

TEST(ErrorTable, ExplainsWhatARealServerAnswers) {
  for (const Case& each : Cases()) {
    const Error error = Explain(kApply, ReadRefusal(each.reply));
    EXPECT_EQ(error.kind, each.kind) << each.what;
    EXPECT_EQ(error.reason, each.word) << each.what;
    EXPECT_NE(error.message.find(each.seen), std::string::npos) << error.message;
    EXPECT_EQ(error.message.rfind("cannot patch secret prod/app: ", 0), 0u) << error.message;
    EXPECT_FALSE(error.action.empty()) << each.what;
    for (const std::string& text : {error.message, error.action, error.reason}) {
      EXPECT_EQ(text.find_first_of("{}"), std::string::npos) << text;
    }
  }
}

TEST(ErrorTable, HasNoRowThatNoAnswerReaches) {
  std::set<const ErrorRow*> reached;
  for (const Case& each : Cases()) reached.insert(&FindRow(ReadRefusal(each.reply)));
  for (const ErrorRow& row : ErrorRows()) {
    EXPECT_EQ(reached.count(&row), 1u) << row.first_code << " " << row.text << " " << row.word;
  }
}

TEST(ErrorTable, SaysHowToGrantWhatIsMissing) {
  const Error create =
      Explain(kApply, ReadRefusal(ReplyOf({403, "Forbidden", Forbidden("create")})));
  EXPECT_NE(create.action.find("kubectl -n prod create role tokenwarden-create --verb=create "
                               "--resource=secrets --resource-name=app"),
            std::string::npos)
      << create.action;
  EXPECT_NE(create.action.find(kUser), std::string::npos);
  const Operation lease{"update", kLeases, {"prod", "bot-0"}};
  const Error update =
      Explain(lease, ReadRefusal(ReplyOf({403, "Forbidden", Forbidden("update")})));
  EXPECT_NE(update.action.find("--resource=leases.coordination.k8s.io --resource-name=bot-0"),
            std::string::npos)
      << update.action;
}

TEST(ErrorTable, RepeatsNothingOfAForeignTextButNames) {
  const std::string planted = "planted value with spaces";
  const Answer answers[] = {
      {403, "Forbidden", "admission webhook \"" + planted + "\" denied the request: " + planted},
      {403, "Forbidden", "exceeded quota: " + planted + ", requested"},
      {403, "Forbidden", "User \"" + planted + "\" cannot get resource"},
      {409, "Conflict", planted, "FieldManagerConflict", "planted value with spaces",
       "conflict with \"planted value with spaces\""},
      {422, "Invalid", planted, "FieldValueInvalid", "data[planted value with spaces]", "x"},
  };
  for (const Answer& answer : answers) {
    const Error error = Explain(kApply, ReadRefusal(ReplyOf(answer)));
    EXPECT_EQ((error.message + error.action + error.reason).find("planted"), std::string::npos)
        << error.message << error.action;
  }
}

TEST(ErrorTable, ReadsTheWaitThatAServerAsksFor) {
  const auto wait = [](const std::string& text) {
    HttpReply reply;
    reply.status = 429;
    reply.headers = {{"retry-after", text}};
    return ReadRefusal(reply).retry_after;
  };
  EXPECT_EQ(wait("0"), Seconds(0));
  EXPECT_EQ(wait("5"), Seconds(5));
  EXPECT_EQ(wait("99999"), kHour);
  EXPECT_EQ(wait("-1"), std::nullopt);
  EXPECT_EQ(wait("soon"), std::nullopt);
  EXPECT_EQ(wait(""), std::nullopt);
}

}  // namespace
}  // namespace tokenwarden::kubernetes

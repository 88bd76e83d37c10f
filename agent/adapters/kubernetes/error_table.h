// The error table of the API server: what a refusal means for the caller and what a person should
// do. Data, tried from the top; one test walks every row.
//
// Sources: k8s.io/apimachinery pkg/apis/meta/v1 (Status, reasons), and the texts that a
// kube-apiserver 1.35 really answered. Its texts may quote what a webhook or a user wrote, so
// nothing of them is repeated but names of managers, fields, users and quotas.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/adapters/kubernetes/resource.h"
#include "agent/core/result.h"
#include "agent/core/time.h"
#include "agent/ports/http_client.h"

namespace tokenwarden::kubernetes {

// A refusal, taken apart. Everything but `code` may be missing: proxies answer too.
struct Refusal {
  int code = 0;
  std::string reason;  // `NotFound`
  std::string text;    // message and causes: for recognition, never shown
  std::string kind;    // of the object that the answer is about: `namespaces`
  // Names that may be shown; empty when there are none, or when they are no plain names.
  std::string field;
  std::string manager;
  std::string user;
  std::string quota;
  std::string webhook;
  std::string denied_verb;
  std::optional<Seconds> retry_after;
};
Refusal ReadRefusal(const HttpReply& reply);

struct ErrorRow {
  int first_code;
  int last_code;
  std::string_view reason;  // of the Status; empty: any
  std::string_view text;    // part of `Refusal::text` that must be there; empty: any
  ErrorKind kind;
  // `{name}` stands for a name of the refusal or the operation.
  std::string_view word;
  std::string_view seen;
  std::string_view action;
};
const std::vector<ErrorRow>& ErrorRows();
const ErrorRow& FindRow(const Refusal& refusal);  // the last row fits everything

Error Explain(const Operation& operation, const Refusal& refusal);

}  // namespace tokenwarden::kubernetes

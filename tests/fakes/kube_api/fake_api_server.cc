#include "tests/fakes/kube_api/fake_api_server.h"

#include <algorithm>
#include <chrono>

#include "agent/core/base64.h"

namespace tokenwarden {
namespace {

using Json = nlohmann::json;

constexpr const char* kSecretPath = "/api/v1/namespaces/";
const std::string kSelector = "metadata.name=";

bool EndsWith(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

std::string NameIn(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// `/api/v1/namespaces/NS/secrets/NAME` -> NS
std::string NamespaceIn(const std::string& path) {
  const std::string mark = "/namespaces/";
  const std::size_t start = path.find(mark) + mark.size();
  return path.substr(start, path.find('/', start) - start);
}

std::string CollectionOf(const std::string& path) { return path.substr(0, path.rfind('/')); }
std::string PluralIn(const std::string& path) { return NameIn(CollectionOf(path)); }

std::string SecretPathOf(const std::string& place) {
  const std::size_t slash = place.find('/');
  return kSecretPath + place.substr(0, slash) + "/secrets/" + place.substr(slash + 1);
}

// The fields that an object gives a value to, as far as ownership is kept here.
std::map<std::string, Json> FieldsOf(const Json& object) {
  std::map<std::string, Json> fields;
  if (object.contains("data")) {
    for (const auto& [key, value] : object["data"].items()) fields["data/" + key] = value;
  }
  if (object.contains("metadata") && object["metadata"].contains("annotations")) {
    for (const auto& [name, value] : object["metadata"]["annotations"].items()) {
      fields["annotations/" + name] = value;
    }
  }
  if (object.contains("type")) fields["type"] = object["type"];
  return fields;
}

void SetField(Json& object, const std::string& field, const std::optional<Json>& value) {
  const std::size_t slash = field.find('/');
  const std::string head = field.substr(0, slash);
  if (head == "type") {
    if (value) object["type"] = *value;
    return;
  }
  Json& parent = head == "data" ? object["data"] : object["metadata"]["annotations"];
  const std::string name = field.substr(slash + 1);
  if (value) parent[name] = *value;
  if (!value && parent.is_object()) parent.erase(name);
}

Json FieldsV1(const std::set<std::string>& fields) {
  Json json = Json::object();
  for (const std::string& field : fields) {
    const std::size_t slash = field.find('/');
    const std::string head = field.substr(0, slash);
    if (head == "type") json["f:type"] = Json::object();
    if (head == "data") json["f:data"]["f:" + field.substr(slash + 1)] = Json::object();
    if (head == "annotations") {
      json["f:metadata"]["f:annotations"]["f:" + field.substr(slash + 1)] = Json::object();
    }
  }
  return json;
}

std::string MethodOf(HttpRequest::Method method) {
  switch (method) {
    case HttpRequest::Method::kGet:
      return "GET";
    case HttpRequest::Method::kPost:
      return "POST";
    case HttpRequest::Method::kPut:
      return "PUT";
    case HttpRequest::Method::kPatch:
      return "PATCH";
    case HttpRequest::Method::kDelete:
      return "DELETE";
  }
  return "";
}

FakeApiServer::Sent SentOf(const HttpRequest& request) {
  FakeApiServer::Sent sent;
  sent.method = MethodOf(request.method);
  sent.path = request.url.substr(request.url.find('/', request.url.find("://") + 3));
  for (const auto& [name, value] : request.query) sent.query[name] = std::string(value.Reveal());
  for (const auto& [name, value] : request.headers) sent.headers[name] = value;
  if (request.bearer) sent.bearer = std::string(request.bearer->Reveal());
  sent.content_type = request.content_type;
  sent.body = request.secret_body ? std::string(request.secret_body->Reveal()) : request.body;
  return sent;
}

HttpReply JsonReply(int status, const Json& body) {
  HttpReply reply;
  reply.status = status;
  reply.headers = {{"content-type", "application/json"}};
  reply.body = body.dump();
  return reply;
}

Json MetadataOf(const Json& object) {
  return {{"kind", "PartialObjectMetadata"},
          {"apiVersion", "meta.k8s.io/v1"},
          {"metadata", object["metadata"]}};
}

HttpReply ConflictReply(const std::string& path) {
  return FakeApiServer::Status(409, "Conflict",
                               "Operation cannot be fulfilled on " + PluralIn(path) + " \"" +
                                   NameIn(path) +
                                   "\": the object has been modified; please apply "
                                   "your changes to the latest version and try again");
}

bool OlderThan(const Json& body, const Json& object) {
  const Json metadata = body.value("metadata", Json::object());
  return metadata.contains("resourceVersion") &&
         metadata["resourceVersion"] != object["metadata"]["resourceVersion"];
}

// RFC 6902, with the reading of evanphx/json-patch that what is not there equals null.
bool ApplyJsonPatch(Json& object, const Json& operations) {
  for (const Json& each : operations) {
    if (each["op"] == "test" && each["value"].is_null()) {
      const Json::json_pointer path(each["path"].get<std::string>());
      if (!object.contains(path.parent_pointer()) || object.contains(path)) return false;
      continue;
    }
    try {
      object = object.patch(Json::array({each}));
    } catch (const Json::exception&) {
      return false;
    }
  }
  return true;
}

}  // namespace

FakeApiServer::FakeApiServer() { namespaces_ = {"default"}; }

// ---- what others do ----

void FakeApiServer::MakeNamespace(const std::string& name) {
  const std::lock_guard<std::mutex> lock(mutex_);
  namespaces_.insert(name);
}

void FakeApiServer::EditSecret(const std::string& place, const std::string& key,
                               const std::optional<std::string>& value) {
  const std::string path = SecretPathOf(place);
  const bool exists = Object(path).has_value();
  const auto set = [&](Json& object) {
    SetField(object, "data/" + key, value ? std::optional<Json>(ToBase64(*value)) : std::nullopt);
  };
  if (exists) return EditObject(path, set);
  Json object = {{"apiVersion", "v1"},
                 {"kind", "Secret"},
                 {"metadata", {{"name", NameIn(path)}, {"namespace", NamespaceIn(path)}}},
                 {"type", "Opaque"}};
  set(object);
  const std::lock_guard<std::mutex> lock(mutex_);
  Stored next{std::move(object), {}};
  TakeOwnership(next, Json::object(), "kubectl-edit");
  Commit({}, path, std::move(next));
}

void FakeApiServer::EditObject(const std::string& path, const std::function<void(Json&)>& edit) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Stored next = objects_.at(path);
  const Json before = next.object;
  edit(next.object);
  TakeOwnership(next, before, "kubectl-edit");
  Commit({}, path, std::move(next));
}

void FakeApiServer::DeleteObject(const std::string& path) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = objects_.find(path);
  if (found == objects_.end()) return;
  Json object = found->second.object;
  object["metadata"]["resourceVersion"] = std::to_string(++version_);
  history_.push_back({version_, "DELETED", path, std::move(object)});
  objects_.erase(found);
  changed_.notify_all();
}

void FakeApiServer::MakeWorkload(const std::string& path) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Json object = {{"apiVersion", "apps/v1"},
                 {"metadata", {{"name", NameIn(path)}, {"namespace", NamespaceIn(path)}}},
                 {"spec", {{"template", {{"metadata", {{"labels", {{"app", "bot"}}}}}}}}}};
  Commit({}, path, Stored{std::move(object), {}});
}

std::optional<Json> FakeApiServer::Object(const std::string& path) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = objects_.find(path);
  return found == objects_.end() ? std::nullopt : std::optional(found->second.object);
}

std::optional<std::string> FakeApiServer::ValueOf(const std::string& place,
                                                  const std::string& key) const {
  const std::optional<Json> object = Object(SecretPathOf(place));
  if (!object || !object->contains("data") || !(*object)["data"].contains(key)) {
    return std::nullopt;
  }
  return std::string(FromBase64((*object)["data"][key].get<std::string>())->Reveal());
}

std::string FakeApiServer::AnnotationOf(const std::string& path, const std::string& name) const {
  const std::optional<Json> object = Object(path);
  if (!object || !(*object)["metadata"].contains("annotations")) return "";
  return (*object)["metadata"]["annotations"].value(name, "");
}

std::vector<Json> FakeApiServer::events() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return events_;
}

// ---- what goes wrong ----

void FakeApiServer::Refuse(const std::string& method, const std::string& path_end, HttpReply reply,
                           int times) {
  const std::lock_guard<std::mutex> lock(mutex_);
  faults_.push_back({method, path_end, std::move(reply), times});
}

HttpReply FakeApiServer::Status(int code, const std::string& reason, const std::string& message) {
  return JsonReply(code, {{"kind", "Status"},
                          {"apiVersion", "v1"},
                          {"metadata", Json::object()},
                          {"status", "Failure"},
                          {"message", message},
                          {"reason", reason},
                          {"code", code}});
}

void FakeApiServer::LoseReply(const std::string& method, const std::string& path_end) {
  const std::lock_guard<std::mutex> lock(mutex_);
  faults_.push_back({method, path_end, std::nullopt, 1});
}

void FakeApiServer::Before(const std::string& method, std::function<void()> action) {
  const std::lock_guard<std::mutex> lock(mutex_);
  before_.emplace_back(method, std::move(action));
}

void FakeApiServer::Accept(std::set<std::string> tokens) {
  const std::lock_guard<std::mutex> lock(mutex_);
  tokens_ = std::move(tokens);
}

void FakeApiServer::SetReachable(bool reachable) {
  const std::lock_guard<std::mutex> lock(mutex_);
  reachable_ = reachable;
  if (!reachable) ++generation_;
  changed_.notify_all();
}

void FakeApiServer::LetWatchAll(bool may) {
  const std::lock_guard<std::mutex> lock(mutex_);
  may_watch_all_ = may;
}

void FakeApiServer::CutWatches() {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++generation_;
  changed_.notify_all();
}

void FakeApiServer::ForgetHistory() {
  const std::lock_guard<std::mutex> lock(mutex_);
  oldest_ = ++version_;
  history_.clear();
}

int FakeApiServer::open_watches() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return open_watches_;
}

std::vector<FakeApiServer::Sent> FakeApiServer::sent() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return sent_;
}

int FakeApiServer::CountSent(const std::string& method, const std::string& path_end) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return static_cast<int>(std::count_if(sent_.begin(), sent_.end(), [&](const Sent& each) {
    return each.method == method && EndsWith(each.path, path_end);
  }));
}

void FakeApiServer::ClearSent() {
  const std::lock_guard<std::mutex> lock(mutex_);
  sent_.clear();
}

// ---- requests ----

Result<HttpReply> FakeApiServer::Send(const HttpRequest& request) {
  Sent sent = SentOf(request);
  std::vector<std::function<void()>> actions;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (auto each = before_.begin(); each != before_.end();) {
      if (each->first != sent.method) {
        ++each;
        continue;
      }
      actions.push_back(std::move(each->second));
      each = before_.erase(each);
    }
  }
  for (const auto& action : actions) action();
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!reachable_) {
    return MakeError(ErrorKind::kUnavailable, "connect", "Nobody answers.");
  }
  sent_.push_back(sent);
  const auto fault = std::find_if(faults_.begin(), faults_.end(), [&](const Fault& each) {
    return each.method == sent.method && EndsWith(sent.path, each.path_end);
  });
  if (fault == faults_.end()) return Dispatch(sent);
  std::optional<HttpReply> reply = fault->reply;
  if (--fault->times == 0) faults_.erase(fault);
  if (reply) return *reply;
  Dispatch(sent);
  return MakeError(ErrorKind::kUnavailable, "connection_lost", "The connection broke.");
}

HttpReply FakeApiServer::Dispatch(const Sent& request) {
  if (!tokens_.empty() && tokens_.count(request.bearer) == 0) {
    return Status(401, "Unauthorized", "Unauthorized");
  }
  if (request.method == "GET") return Get(request);
  if (request.method == "PUT") return Put(request);
  if (request.method == "POST") return Post(request);
  if (request.content_type == "application/apply-patch+yaml") return Apply(request);
  return Patch(request);
}

HttpReply FakeApiServer::Reply(const Sent& request, int status, const Stored& stored) const {
  Json object = stored.object;
  Json managed = Json::array();
  for (const Owner& owner : stored.owners) {
    managed.push_back({{"manager", owner.manager},
                       {"operation", owner.operation},
                       {"apiVersion", "v1"},
                       {"fieldsType", "FieldsV1"},
                       {"fieldsV1", FieldsV1(owner.fields)}});
  }
  object["metadata"]["managedFields"] = std::move(managed);
  const auto accept = request.headers.find("Accept");
  const bool metadata_only = accept != request.headers.end() &&
                             accept->second.find("PartialObjectMetadata") != std::string::npos;
  return JsonReply(status, metadata_only ? MetadataOf(object) : object);
}

HttpReply FakeApiServer::Missing(const std::string& path) const {
  const std::string plural = PluralIn(path);
  const std::string group = plural == "leases"    ? ".coordination.k8s.io"
                            : plural == "secrets" ? ""
                                                  : ".apps";
  return Status(404, "NotFound", plural + group + " \"" + NameIn(path) + "\" not found");
}

bool FakeApiServer::NamespaceExists(const std::string& path) const {
  return namespaces_.count(NamespaceIn(path)) > 0;
}

HttpReply FakeApiServer::Get(const Sent& request) {
  const auto found = objects_.find(request.path);
  return found == objects_.end() ? Missing(request.path) : Reply(request, 200, found->second);
}

HttpReply FakeApiServer::Commit(const Sent& request, const std::string& path, Stored next) {
  const auto found = objects_.find(path);
  const bool is_new = found == objects_.end();
  Json& metadata = next.object["metadata"];
  if (is_new) {
    metadata["uid"] = "uid-" + std::to_string(++uids_);
    metadata["creationTimestamp"] = "2026-11-20T10:00:00Z";
  }
  const bool same =
      !is_new && found->second.object == next.object && found->second.owners == next.owners;
  if (!same) {
    metadata["resourceVersion"] = std::to_string(++version_);
    history_.push_back({version_, is_new ? "ADDED" : "MODIFIED", path, next.object});
    objects_[path] = std::move(next);
    changed_.notify_all();
  }
  return Reply(request, is_new ? 201 : 200, objects_[path]);
}

// What changed belongs to whoever changed it, and to nobody else any more.
void FakeApiServer::TakeOwnership(Stored& next, const Json& before, const std::string& manager) {
  const auto old_fields = FieldsOf(before);
  const auto new_fields = FieldsOf(next.object);
  std::set<std::string> changed;
  for (const auto& [field, value] : new_fields) {
    const auto old = old_fields.find(field);
    if (old == old_fields.end() || old->second != value) changed.insert(field);
  }
  for (Owner& owner : next.owners) {
    for (const auto& [field, value] : old_fields) {
      if (new_fields.count(field) == 0 || changed.count(field) > 0) owner.fields.erase(field);
    }
  }
  next.owners.erase(std::remove_if(next.owners.begin(), next.owners.end(),
                                   [](const Owner& owner) { return owner.fields.empty(); }),
                    next.owners.end());
  if (changed.empty()) return;
  for (Owner& owner : next.owners) {
    if (owner.manager != manager || owner.operation != "Update") continue;
    owner.fields.insert(changed.begin(), changed.end());
    return;
  }
  next.owners.push_back({manager, "Update", std::move(changed)});
}

HttpReply FakeApiServer::Apply(const Sent& request) {
  const Json body = Json::parse(request.body);
  const std::string manager = request.query.at("fieldManager");
  const bool force = request.query.count("force") > 0;
  if (!NamespaceExists(request.path)) {
    return Status(404, "NotFound", "namespaces \"" + NamespaceIn(request.path) + "\" not found");
  }
  const auto found = objects_.find(request.path);
  const Json asked = body.value("metadata", Json::object());
  if (found == objects_.end() && asked.contains("uid")) {
    return Status(409, "Conflict", "uid mismatch: no existing object was found");
  }
  Stored next =
      found == objects_.end()
          ? Stored{{{"apiVersion", "v1"},
                    {"kind", "Secret"},
                    {"metadata",
                     {{"name", NameIn(request.path)}, {"namespace", NamespaceIn(request.path)}}},
                    {"type", "Opaque"}},
                   {}}
          : found->second;
  if (found != objects_.end()) {
    if (asked.contains("uid") && asked["uid"] != next.object["metadata"]["uid"]) {
      return Status(422, "Invalid", "metadata.uid: Invalid value: field is immutable");
    }
    if (OlderThan(body, next.object)) return ConflictReply(request.path);
  }
  const auto wanted = FieldsOf(body);
  const auto held = FieldsOf(next.object);
  if (next.object.value("immutable", false) && body.contains("data")) {
    return Status(422, "Invalid", "data: Forbidden: field is immutable when `immutable` is set");
  }
  if (wanted.count("type") > 0 && wanted.at("type") != next.object["type"]) {
    return Status(422, "Invalid", "type: Invalid value: field is immutable");
  }
  for (Owner& owner : next.owners) {
    if (owner.manager == manager && owner.operation == "Apply") continue;
    for (const auto& [field, value] : wanted) {
      const auto there = held.find(field);
      if (owner.fields.count(field) == 0 || there == held.end() || there->second == value) continue;
      if (!force) {
        HttpReply reply = Status(409, "Conflict", "Apply failed with 1 conflict");
        Json status = Json::parse(reply.body);
        std::string dotted = "." + field;
        std::replace(dotted.begin(), dotted.end(), '/', '.');
        status["details"]["causes"] = {{{"reason", "FieldManagerConflict"},
                                        {"message", "conflict with \"" + owner.manager + "\""},
                                        {"field", dotted}}};
        reply.body = status.dump();
        return reply;
      }
      owner.fields.erase(field);
    }
  }
  Owner mine{manager, "Apply", {}};
  for (const auto& [field, value] : wanted) {
    mine.fields.insert(field);
    SetField(next.object, field, value);
  }
  std::set<std::string> dropped;
  for (auto owner = next.owners.begin(); owner != next.owners.end();) {
    if (owner->manager == manager && owner->operation == "Apply") dropped = owner->fields;
    const bool gone =
        owner->fields.empty() || (owner->manager == manager && owner->operation == "Apply");
    owner = gone ? next.owners.erase(owner) : owner + 1;
  }
  for (const std::string& field : dropped) {
    const bool still = mine.fields.count(field) > 0 ||
                       std::any_of(next.owners.begin(), next.owners.end(), [&](const Owner& owner) {
                         return owner.fields.count(field) > 0;
                       });
    if (!still) SetField(next.object, field, std::nullopt);
  }
  if (!mine.fields.empty()) next.owners.insert(next.owners.begin(), std::move(mine));
  return Commit(request, request.path, std::move(next));
}

HttpReply FakeApiServer::Patch(const Sent& request) {
  const auto found = objects_.find(request.path);
  if (found == objects_.end()) return Missing(request.path);
  Stored next = found->second;
  const Json body = Json::parse(request.body);
  if (request.content_type == "application/json-patch+json") {
    if (!ApplyJsonPatch(next.object, body)) {
      return Status(422, "Invalid",
                    "the server rejected our request due to an error in our request");
    }
  } else {
    if (OlderThan(body, next.object)) return ConflictReply(request.path);
    next.object.merge_patch(body);
    next.object["metadata"]["resourceVersion"] =
        found->second.object["metadata"]["resourceVersion"];
  }
  std::size_t size = 0;
  for (const auto& [field, value] : FieldsOf(next.object)) {
    if (field.rfind("data/", 0) == 0) size += FromBase64(value.get<std::string>())->size();
  }
  if (size > 1024 * 1024)
    return Status(422, "Invalid", "data: Too long: may not be more than 1048576 bytes");
  TakeOwnership(next, found->second.object, request.query.at("fieldManager"));
  return Commit(request, request.path, std::move(next));
}

HttpReply FakeApiServer::Put(const Sent& request) {
  const Json body = Json::parse(request.body);
  const Json metadata = body.value("metadata", Json::object());
  const auto found = objects_.find(request.path);
  if (found == objects_.end()) {
    if (metadata.contains("uid")) {
      return Status(409, "Conflict",
                    "Precondition failed: UID in precondition: x, UID in object meta: ");
    }
    return Commit(request, request.path, Stored{body, {}});
  }
  if (!metadata.contains("resourceVersion")) {
    return Status(422, "Invalid",
                  "metadata.resourceVersion: Invalid value: 0: must be specified for an update");
  }
  if (OlderThan(body, found->second.object)) return ConflictReply(request.path);
  Stored next = found->second;
  next.object = body;
  next.object["metadata"].erase("managedFields");
  return Commit(request, request.path, std::move(next));
}

HttpReply FakeApiServer::Post(const Sent& request) {
  Json body = Json::parse(request.body);
  if (EndsWith(request.path, "/selfsubjectaccessreviews")) {
    body["status"] = {{"allowed", may_watch_all_}};
    return JsonReply(201, body);
  }
  events_.push_back(body);
  changed_.notify_all();
  return JsonReply(201, body);
}

// ---- watches ----

Json FakeApiServer::EventOf(const std::string& type, const Json& object) const {
  return {{"type", type}, {"object", MetadataOf(object)}};
}

Result<HttpReply> FakeApiServer::Stream(const HttpRequest& request,
                                        const std::function<bool(std::string_view)>& on_bytes) {
  const Sent sent = SentOf(request);
  std::unique_lock<std::mutex> lock(mutex_);
  if (!reachable_) return MakeError(ErrorKind::kUnavailable, "connect", "Nobody answers.");
  sent_.push_back(sent);
  const auto fault = std::find_if(faults_.begin(), faults_.end(), [&](const Fault& each) {
    return each.method == "WATCH" && EndsWith(sent.path, each.path_end);
  });
  if (fault != faults_.end()) {
    const HttpReply reply = *fault->reply;
    if (--fault->times == 0) faults_.erase(fault);
    return reply;
  }
  if (!tokens_.empty() && tokens_.count(sent.bearer) == 0) {
    return Status(401, "Unauthorized", "Unauthorized");
  }
  const auto selector = sent.query.find("fieldSelector");
  const std::string only =
      selector == sent.query.end() ? "" : selector->second.substr(kSelector.size());
  const auto is_meant = [&](const std::string& path) {
    return CollectionOf(path) == sent.path && (only.empty() || NameIn(path) == only);
  };
  const auto from = sent.query.find("resourceVersion");
  std::vector<Json> ready;
  std::uint64_t seen = version_;
  if (from != sent.query.end()) {
    seen = std::stoull(from->second);
    if (seen < oldest_) {
      Json gone = {{"type", "ERROR"},
                   {"object", {{"kind", "Status"}, {"reason", "Expired"}, {"code", 410}}}};
      lock.unlock();
      on_bytes(gone.dump() + "\n");
      return HttpReply{200};
    }
  } else {
    for (const auto& [path, stored] : objects_) {
      if (is_meant(path)) ready.push_back(EventOf("ADDED", stored.object));
    }
    ready.push_back({{"type", "BOOKMARK"},
                     {"object", {{"metadata", {{"resourceVersion", std::to_string(version_)}}}}}});
  }
  const int generation = generation_;
  ++open_watches_;
  bool wanted = true;
  while (wanted && generation == generation_) {
    for (const Change& change : history_) {
      if (change.version <= seen) continue;
      seen = change.version;
      if (is_meant(change.path)) ready.push_back(EventOf(change.type, change.object));
    }
    if (ready.empty()) changed_.wait_for(lock, std::chrono::milliseconds(10));
    std::string bytes;
    for (const Json& event : std::exchange(ready, {})) bytes += event.dump() + "\n";
    lock.unlock();
    wanted = on_bytes(bytes);
    lock.lock();
  }
  --open_watches_;
  if (!reachable_) return MakeError(ErrorKind::kUnavailable, "connection_lost", "It broke.");
  return HttpReply{200};
}

}  // namespace tokenwarden

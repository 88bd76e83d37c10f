#include "agent/adapters/kubernetes/kubeconfig.h"

#include <yaml-cpp/yaml.h>

#include <optional>
#include <utility>

#include "agent/adapters/kubernetes/exec_identity.h"
#include "agent/adapters/kubernetes/identity.h"
#include "agent/adapters/kubernetes/json.h"
#include "agent/core/base64.h"

namespace tokenwarden::kubernetes {
namespace {

struct File {
  std::string path;
  std::string directory;
  YAML::Node root;
};

// One named entry and the directory its relative paths start at.
struct Entry {
  YAML::Node node;
  std::string path;
  std::string directory;
};

tl::unexpected<Error> Bad(const std::string& path, const std::string& what) {
  return MakeError(ErrorKind::kInvalidArgument, "bad_kubeconfig",
                   "cannot use the kubeconfig " + path + ": " + what,
                   "Mend it; `kubectl config view --minify` shows what is in use.");
}

std::string DirectoryOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

std::string From(const std::string& directory, const std::string& path) {
  return path.empty() || path.front() == '/' ? path : directory + "/" + path;
}

// yaml-cpp's subscript of a const node never changes it; a missing key is an undefined node.
std::string TextOf(const YAML::Node& node, const char* key) {
  if (!node.IsMap()) return "";
  const YAML::Node member = node[key];
  return member.IsDefined() && member.IsScalar() ? member.Scalar() : "";
}

Result<std::optional<File>> Load(const std::string& path) {
  Result<Secret> text = ReadSmallFile(path);
  if (!text && text.error().kind == ErrorKind::kNotFound) return std::optional<File>();
  if (!text) return tl::unexpected<Error>(text.error());
  try {
    return File{path, DirectoryOf(path), YAML::Load(std::string(text->Reveal()))};
  } catch (const YAML::Exception& problem) {
    return Bad(path, "line " + std::to_string(problem.mark.line + 1) + " is not valid YAML");
  }
}

std::optional<Entry> FindEntry(const std::vector<File>& files, const char* list, const char* kind,
                               const std::string& name) {
  for (const File& file : files) {
    const YAML::Node entries = file.root.IsMap() ? file.root[list] : YAML::Node();
    if (!entries.IsDefined() || !entries.IsSequence()) continue;
    for (const YAML::Node& entry : entries) {
      if (TextOf(entry, "name") == name && entry[kind].IsDefined() && entry[kind].IsMap()) {
        return Entry{entry[kind], file.path, file.directory};
      }
    }
  }
  return std::nullopt;
}

struct Refused {
  const char* key;
  const char* why;
};

tl::unexpected<Error> Unsupported(const Entry& entry, const Refused& refused) {
  return MakeError(
      ErrorKind::kInvalidArgument, "unsupported_kubeconfig",
      "cannot use the kubeconfig " + entry.path + ": it sets `" + refused.key + "`, " + refused.why,
      "Give this agent a service account or a kubeconfig of its own.");
}

const Refused* FirstRefused(const YAML::Node& node, const std::vector<Refused>& all) {
  for (const Refused& refused : all) {
    if (node[refused.key].IsDefined()) return &refused;
  }
  return nullptr;
}

// Text that stands in the file itself, as base64.
Result<Secret> DataOf(const Entry& entry, const char* key) {
  std::string text = TextOf(entry.node, key);
  std::optional<Secret> bytes = FromBase64(text);
  WipeString(text);
  if (bytes) return std::move(*bytes);
  return Bad(entry.path, std::string("`") + key + "` is not base64");
}

Result<PemSource> PemOf(const Entry& entry, const char* file_key, const char* data_key) {
  if (TextOf(entry.node, data_key).empty()) {
    return PemSource{From(entry.directory, TextOf(entry.node, file_key)), Secret()};
  }
  if (!TextOf(entry.node, file_key).empty()) {
    return Bad(entry.path, std::string("`") + file_key + "` and `" + data_key +
                               "` are both set, so it is not clear which one counts");
  }
  Result<Secret> text = DataOf(entry, data_key);
  if (!text) return tl::unexpected<Error>(text.error());
  return PemSource{"", std::move(*text)};
}

Result<ExecPlugin> ExecOf(const Entry& user, const Entry& cluster) {
  const YAML::Node exec = user.node["exec"];
  ExecPlugin plugin;
  plugin.command = TextOf(exec, "command");
  plugin.api_version = TextOf(exec, "apiVersion");
  plugin.install_hint = TextOf(exec, "installHint");
  if (plugin.command.empty()) return Bad(user.path, "its exec plugin has no command");
  if (plugin.api_version != "client.authentication.k8s.io/v1" &&
      plugin.api_version != "client.authentication.k8s.io/v1beta1") {
    return Bad(user.path, "its exec plugin speaks " + plugin.api_version +
                              ", and we only client.authentication.k8s.io/v1 and v1beta1");
  }
  if (TextOf(exec, "interactiveMode") == "Always") {
    return Bad(user.path, "its exec plugin asks a person (interactiveMode: Always)");
  }
  if (plugin.command.find('/') != std::string::npos) {
    plugin.command = From(user.directory, plugin.command);
  }
  if (exec["args"].IsDefined() && exec["args"].IsSequence()) {
    for (const YAML::Node& argument : exec["args"]) plugin.arguments.push_back(argument.Scalar());
  }
  if (exec["env"].IsDefined() && exec["env"].IsSequence()) {
    for (const YAML::Node& each : exec["env"]) {
      plugin.environment.emplace_back(TextOf(each, "name"), TextOf(each, "value"));
    }
  }
  if (TextOf(exec, "provideClusterInfo") == "true") {
    Json info = {{"server", TextOf(cluster.node, "server")}};
    const std::string data = TextOf(cluster.node, "certificate-authority-data");
    if (!data.empty()) info["certificate-authority-data"] = data;
    plugin.cluster_json = info.dump();
  }
  return plugin;
}

Result<std::unique_ptr<Identity>> IdentityOf(const Entry& user, const Entry& cluster,
                                             Clock& clock) {
  static const std::vector<Refused> refused = {
      {"username", "which current clusters do not accept"},
      {"password", "which current clusters do not accept"},
      {"auth-provider", "which was removed from Kubernetes; use an exec plugin"},
      {"as", "and we act for nobody else"},
      {"as-uid", "and we act for nobody else"},
      {"as-groups", "and we act for nobody else"},
  };
  if (const Refused* first = FirstRefused(user.node, refused)) return Unsupported(user, *first);
  if (user.node["exec"].IsDefined()) {
    Result<ExecPlugin> plugin = ExecOf(user, cluster);
    if (!plugin) return tl::unexpected<Error>(plugin.error());
    return MakeExecIdentity(std::move(*plugin), clock);
  }
  const std::string token_file = TextOf(user.node, "tokenFile");
  if (!token_file.empty()) return MakeTokenFileIdentity(From(user.directory, token_file));
  std::string token = TextOf(user.node, "token");
  if (!token.empty()) return MakeTokenIdentity(Secret::TakeFrom(token));
  Result<PemSource> certificate = PemOf(user, "client-certificate", "client-certificate-data");
  if (!certificate) return tl::unexpected<Error>(certificate.error());
  Result<PemSource> key = PemOf(user, "client-key", "client-key-data");
  if (!key) return tl::unexpected<Error>(key.error());
  const bool has_certificate = !certificate->file.empty() || !certificate->text.empty();
  const bool has_key = !key->file.empty() || !key->text.empty();
  if (has_certificate != has_key) {
    return Bad(user.path, "a client certificate needs its key and the other way round");
  }
  if (!has_certificate) return MakeAnonymous();
  return MakeCertificateIdentity(std::move(*certificate), std::move(*key));
}

Status ReadCluster(const Entry& cluster, Connection& connection) {
  if (TextOf(cluster.node, "insecure-skip-tls-verify") == "true") {
    return MakeError(ErrorKind::kInvalidArgument, "insecure_tls",
                     "cannot use the kubeconfig " + cluster.path +
                         ": it sets insecure-skip-tls-verify, so anybody in between could read "
                         "the tokens",
                     "Set certificate-authority instead.");
  }
  static const std::vector<Refused> refused = {
      {"tls-server-name",
       "which we do not support; use a server address that is in its certificate"},
      {"proxy-url", "which we do not support; set https_proxy in the environment"},
  };
  if (const Refused* first = FirstRefused(cluster.node, refused)) {
    return Unsupported(cluster, *first);
  }
  connection.server = TextOf(cluster.node, "server");
  while (!connection.server.empty() && connection.server.back() == '/') {
    connection.server.pop_back();
  }
  if (connection.server.empty()) return Bad(cluster.path, "its cluster has no server");
  Result<PemSource> ca = PemOf(cluster, "certificate-authority", "certificate-authority-data");
  if (!ca) return tl::unexpected<Error>(ca.error());
  connection.ca_file = ca->file;
  connection.ca_pem = std::string(ca->text.Reveal());
  return {};
}

Result<std::vector<File>> LoadAll(const std::vector<std::string>& paths) {
  std::vector<File> files;
  for (const std::string& path : paths) {
    Result<std::optional<File>> file = Load(path);
    if (!file) return tl::unexpected<Error>(file.error());
    if (*file) files.push_back(std::move(**file));
  }
  if (!files.empty()) return files;
  return MakeError(ErrorKind::kNotFound, "no_kubeconfig",
                   "there is no kubeconfig at " + (paths.empty() ? "any place" : paths.front()),
                   "Set `kubernetes: {kubeconfig: …}` or KUBECONFIG.");
}

Result<Connection> Connect(const std::vector<File>& files, std::string context_name, Clock& clock) {
  for (const File& file : files) {
    if (context_name.empty()) context_name = TextOf(file.root, "current-context");
  }
  const std::string& path = files.front().path;
  if (context_name.empty()) return Bad(path, "it has no current-context, and none is configured");
  const std::optional<Entry> context = FindEntry(files, "contexts", "context", context_name);
  if (!context) return Bad(path, "it has no context named `" + context_name + "`");
  const std::string cluster_name = TextOf(context->node, "cluster");
  const std::optional<Entry> cluster = FindEntry(files, "clusters", "cluster", cluster_name);
  if (!cluster) return Bad(path, "it has no cluster named `" + cluster_name + "`");
  const std::string user_name = TextOf(context->node, "user");
  std::optional<Entry> user = FindEntry(files, "users", "user", user_name);
  if (!user) return Bad(path, "it has no user named `" + user_name + "`");
  Connection connection;
  Status read = ReadCluster(*cluster, connection);
  if (!read) return tl::unexpected<Error>(read.error());
  Result<std::unique_ptr<Identity>> identity = IdentityOf(*user, *cluster, clock);
  if (!identity) return tl::unexpected<Error>(identity.error());
  connection.identity = std::move(*identity);
  connection.default_namespace = TextOf(context->node, "namespace");
  return connection;
}

}  // namespace

Result<Connection> ConnectByKubeconfig(const std::vector<std::string>& paths,
                                       const std::string& context, Clock& clock) {
  Result<std::vector<File>> files = LoadAll(paths);
  if (!files) return tl::unexpected<Error>(files.error());
  try {
    return Connect(*files, context, clock);
  } catch (const YAML::Exception&) {
    return Bad(files->front().path, "it has another shape than a kubeconfig");
  }
}

}  // namespace tokenwarden::kubernetes

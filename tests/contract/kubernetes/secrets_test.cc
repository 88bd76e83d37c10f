// Secrets of a real API server that are not as simple as a fresh one.
#include <gtest/gtest.h>

#include <fstream>

#include "tests/contract/kubernetes/cluster.h"
#include "tests/contract/kubernetes/connected.h"
#include "tests/integration/stage.h"

namespace tokenwarden {
namespace {

class RealSecrets : public testing::Test {
 protected:
  static PublishMarker MarkerOf(Generation generation, const std::string& credential = "whatsapp") {
    PublishMarker marker;
    marker.credential = credential;
    marker.generation = generation;
    marker.fingerprint = {"hmac:of-" + std::to_string(generation)};
    return marker;
  }
  Result<PublishReport> Publish(const std::string& place, const std::string& key,
                                const std::string& value, Generation generation,
                                Drift drift = Drift::kRepair,
                                const std::string& credential = "whatsapp") {
    return connection_->MakeSink(SinkAt(place, key, drift))
        .value()
        ->Publish(Secret(value), MarkerOf(generation, credential));
  }
  // The reason of a refused publish, which must say what to do.
  std::string Refused(const std::string& place, const std::string& key, const std::string& value,
                      Drift drift = Drift::kRepair) {
    const Result<PublishReport> report = Publish(place, key, value, 1, drift);
    if (report) return "published";
    EXPECT_FALSE(report.error().action.empty());
    return report.error().reason;
  }
  std::string ManagersOf(const std::string& secret) {
    return corner_.Must({"get", "secret", secret, "--show-managed-fields", "-o",
                         "jsonpath={.metadata.managedFields[*].manager}"});
  }

  Corner corner_;
  std::unique_ptr<kubernetes::Kubernetes> connection_ = corner_.Connect();
};

TEST_F(RealSecrets, AreSharedWithAnotherManagerKeyByKey) {
  corner_.Must({"apply", "--server-side", "--field-manager=gitops", "-f", "-"},
               R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"bot","labels":{"a":"b"}},)"
               R"("stringData":{"verify":"theirs"}})");
  ASSERT_TRUE(Publish("bot", "access_token", "ours", 1));
  EXPECT_EQ(corner_.ValueOf("bot", "verify"), "theirs");
  EXPECT_EQ(corner_.ValueOf("bot", "access_token"), "ours");
  // And the other applies again without noticing us.
  corner_.Must({"apply", "--server-side", "--field-manager=gitops", "-f", "-"},
               R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"bot"},)"
               R"("stringData":{"verify":"theirs-2"}})");
  EXPECT_EQ(corner_.ValueOf("bot", "verify"), "theirs-2");
  EXPECT_EQ(corner_.ValueOf("bot", "access_token"), "ours");
  const std::string managers = " " + ManagersOf("bot") + " ";
  EXPECT_NE(managers.find(" gitops "), std::string::npos) << managers;
  EXPECT_NE(managers.find(" tokenwarden "), std::string::npos) << managers;
}

TEST_F(RealSecrets, HoldSeveralCredentialsOfOurs) {
  ASSERT_TRUE(Publish("bot", "access_token", "token-1", 7));
  ASSERT_TRUE(Publish("bot", "page_token", "page-1", 1, Drift::kRepair, "page"));
  ASSERT_TRUE(Publish("bot", "access_token", "token-2", 8));
  ASSERT_TRUE(Publish("bot", "page_token", "page-2", 2, Drift::kRepair, "page"));
  EXPECT_EQ(corner_.ValueOf("bot", "access_token"), "token-2");
  EXPECT_EQ(corner_.ValueOf("bot", "page_token"), "page-2");
  EXPECT_EQ(corner_.Annotation("secret/bot", "generation"), "8");
  EXPECT_EQ(corner_.Annotation("secret/bot", "generation.page_token"), "2");
}

TEST_F(RealSecrets, AreNotTakenFromAnotherManagerWithoutRepair) {
  corner_.Edit("bot", "access_token", "theirs");
  EXPECT_EQ(Refused("bot", "access_token", "ours", Drift::kAlarm), "owned_by_other");
  EXPECT_EQ(corner_.ValueOf("bot", "access_token"), "theirs");
  ASSERT_TRUE(Publish("bot", "access_token", "ours", 1));
  EXPECT_EQ(corner_.ValueOf("bot", "access_token"), "ours");
}

TEST_F(RealSecrets, ThatSomebodyEditsWhileWeMustNotUndoItAreAConflict) {
  ASSERT_TRUE(Publish("bot", "access_token", "ours", 1, Drift::kAdopt));
  corner_.Edit("bot", "access_token", "pasted");
  const Result<PublishReport> report = Publish("bot", "access_token", "newer", 2, Drift::kAdopt);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().reason, "conflict");
  EXPECT_EQ(corner_.ValueOf("bot", "access_token"), "pasted");
}

TEST_F(RealSecrets, AreMadeAnewAfterSomebodyDeletedThem) {
  ASSERT_TRUE(Publish("bot", "access_token", "value-1", 1));
  corner_.Must({"delete", "secret", "bot"});
  ASSERT_TRUE(Publish("bot", "access_token", "value-2", 2));
  EXPECT_EQ(corner_.ValueOf("bot", "access_token"), "value-2");
  EXPECT_EQ(corner_.Must({"get", "secret", "bot", "-o", "jsonpath={.type}"}), "Opaque");
}

TEST_F(RealSecrets, ThatAreImmutableAreReported) {
  corner_.Must({"apply", "-f", "-"},
               R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"bot"},"immutable":true})");
  EXPECT_EQ(Refused("bot", "access_token", "ours"), "immutable_secret");
}

TEST_F(RealSecrets, OfATypeWithRulesOfItsOwnAreReported) {
  corner_.Must({"create", "secret", "docker-registry", "registry", "--docker-username=u",
                "--docker-password=not-a-secret", "--docker-server=registry.test"});
  EXPECT_EQ(Refused("registry", ".dockerconfigjson", "no JSON at all"), "wrong_type");
}

TEST_F(RealSecrets, OfAMissingNamespaceAreReported) {
  EXPECT_EQ(Refused("no-such-namespace/bot", "access_token", "ours"), "no_such_namespace");
}

TEST_F(RealSecrets, ThatWouldBeTooLargeAreReported) {
  EXPECT_EQ(Refused("bot", "access_token", std::string(1024 * 1024 + 1, 'x')), "too_large");
}

TEST_F(RealSecrets, BeyondAQuotaAreReportedAndExistingOnesStillWritten) {
  ASSERT_TRUE(Publish("bot", "access_token", "value-1", 1));
  corner_.Must({"create", "quota", "small", "--hard=secrets=1"});
  // No controller counts here, so we do.
  corner_.Must({"patch", "quota", "small", "--subresource=status", "--type=merge", "-p",
                R"({"status":{"hard":{"secrets":"1"},"used":{"secrets":"1"}}})"});
  int tries = 0;
  std::string reason;
  EXPECT_TRUE(it::Eventually([&] {
    reason = Refused("other-" + std::to_string(++tries), "access_token", "ours");
    return reason == "quota_exceeded";
  })) << reason;
  EXPECT_TRUE(Publish("bot", "access_token", "value-2", 2));
}

TEST_F(RealSecrets, ThatAPolicyOfTheClusterForbidsAreReported) {
  const std::string policy = "no-" + corner_.name();
  corner_.Must({"apply", "-f", "-"}, R"(
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: )" + policy + R"(}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [secrets]}]
  validations: [{expression: "object.metadata.namespace != ')" +
                                         corner_.name() + R"('"}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: )" + policy + R"(}
spec: {policyName: )" + policy + R"(, validationActions: [Deny]}
)");
  int tries = 0;
  std::string reason;
  EXPECT_TRUE(it::Eventually([&] {
    reason = Refused("bot-" + std::to_string(++tries), "access_token", "ours");
    return reason == "denied_by_policy";
  })) << reason;
  corner_.Must({"delete", "validatingadmissionpolicybinding", policy});
}

TEST_F(RealSecrets, AreReachedAsAPodWithATokenThatRotates) {
  corner_.AccountWith(
      {"apiGroups: [\"\"], resources: [secrets], resourceNames: [bot], verbs: [get]"});
  corner_.Edit("bot", "access_token", "value");
  it::TemporaryDirectory mount;
  const auto put_token = [&](const std::string& token) { mount.Write("token", token); };
  put_token(Cluster().TokenOf(corner_.name(), "agent"));
  mount.Write("namespace", corner_.name());
  std::ifstream ca(Cluster().ca_file());
  mount.Write("ca.crt", std::string(std::istreambuf_iterator<char>(ca), {}));

  const std::string port = Cluster().server().substr(Cluster().server().rfind(':') + 1);
  kubernetes::Options options;
  options.service_account_directory = mount.path();
  options.environment = [&](const char* name) -> const char* {
    if (std::string(name) == "KUBERNETES_SERVICE_HOST") return "127.0.0.1";
    return std::string(name) == "KUBERNETES_SERVICE_PORT" ? port.c_str() : nullptr;
  };
  auto pod = kubernetes::Kubernetes::Make({}, corner_.http(), corner_.clock(), options);
  ASSERT_TRUE(pod) << pod.error().message;
  EXPECT_EQ((*pod)->DefaultNamespace(), corner_.name());
  const SecretRef ref{SecretRef::Kind::kKubernetes, "bot", "access_token"};
  EXPECT_EQ((*pod)->Resolve(ref)->Reveal(), "value");
  put_token("no-token-of-this-cluster");
  EXPECT_EQ((*pod)->Resolve(ref).error().reason, "unauthenticated");
  put_token(Cluster().TokenOf(corner_.name(), "agent"));
  EXPECT_EQ((*pod)->Resolve(ref)->Reveal(), "value");
}

TEST_F(RealSecrets, AreReachedWithAClientCertificate) {
  const std::string config = Cluster().KubeconfigFor("unused");
  std::ifstream in(config);
  std::string text(std::istreambuf_iterator<char>(in), {});
  const std::size_t user = text.find("{token: ");
  ASSERT_NE(user, std::string::npos);
  text.replace(user, text.find('}', user) - user,
               "{client-certificate: " + Cluster().PkiFile("client.crt") +
                   ", client-key: " + Cluster().PkiFile("client.key"));
  std::ofstream(config) << text;
  corner_.Edit("bot", "access_token", "value");
  const auto connection = corner_.Connect(config);
  const Result<Secret> value =
      connection->Resolve(SecretRef{SecretRef::Kind::kKubernetes, "bot", "access_token"});
  ASSERT_TRUE(value) << value.error().message;
  EXPECT_EQ(value->Reveal(), "value");
}

}  // namespace
}  // namespace tokenwarden

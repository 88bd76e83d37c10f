#include "agent/core/namespaces.h"

#include <gtest/gtest.h>

namespace tokenwarden {
namespace {

SecretRef SecretIn(const std::string& object) {
  return {SecretRef::Kind::kKubernetes, object, "k"};
}

SinkSpec SinkIn(const std::string& object) {
  SinkSpec sink;
  sink.kind = SinkKind::kKubernetes;
  sink.path = object;
  sink.key = "token";
  return sink;
}

CredentialSpec Named(const std::string& name) {
  CredentialSpec spec;
  spec.name = name;
  return spec;
}

// One of every kind of name, none with a namespace.
Config Short() {
  Config config;
  config.state_kind = StateKind::kKubernetes;
  config.state_path = "state";
  config.state_key = SecretIn("key");
  config.vault.auth.token = SecretIn("vault-token");
  config.lease = LeaseSpec{"", "tokenwarden", 2, Seconds{15}};
  CredentialSpec spec = Named("a");
  spec.meta.app_secret = SecretIn("app");
  spec.meta.generate_token = SecretIn("admin");
  spec.meta.parent_token = SecretIn("parent");
  spec.source = SourceSpec{SourceKind::kKubernetes, "in", "token", {}};
  spec.sinks = {SinkIn("out"), {}};
  spec.sinks[1].kind = SinkKind::kVault;
  spec.sinks[1].path = "kv";
  spec.sinks[1].vault_auth.emplace().secret_id = SecretIn("approle");
  spec.notify.resize(1);
  spec.notify[0].kind = NotifyKind::kKubernetesRollout;
  spec.notify[0].workload = "deployment/bot";
  config.credentials = {spec};
  return config;
}

TEST(FillNamespaces, ReachesEveryNameThatHasNone) {
  Config config = Short();
  ASSERT_TRUE(FillNamespaces(config, "own"));
  EXPECT_EQ(config.state_path, "own/state");
  EXPECT_EQ(config.state_key->locator, "own/key");
  EXPECT_EQ(config.vault.auth.token->locator, "own/vault-token");
  EXPECT_EQ(config.lease->lease_namespace, "own");
  EXPECT_EQ(config.lease->name, "tokenwarden");
  const CredentialSpec& spec = config.credentials[0];
  EXPECT_EQ(spec.meta.app_secret->locator, "own/app");
  EXPECT_EQ(spec.meta.generate_token->locator, "own/admin");
  EXPECT_EQ(spec.meta.parent_token->locator, "own/parent");
  EXPECT_EQ(spec.source->path, "own/in");
  EXPECT_EQ(spec.sinks[0].path, "own/out");
  EXPECT_EQ(spec.sinks[1].path, "kv") << "a path in Vault is no name in Kubernetes";
  EXPECT_EQ(spec.sinks[1].vault_auth->secret_id->locator, "own/approle");
  EXPECT_EQ(spec.notify[0].workload, "own/deployment/bot");
}

TEST(FillNamespaces, LeavesAloneWhatHasOneAndChangesNothingTheSecondTime) {
  Config config = Short();
  config.lease->lease_namespace = "leases";
  config.credentials[0].sinks[0].path = "other/out";
  ASSERT_TRUE(FillNamespaces(config, "own"));
  EXPECT_EQ(config.lease->lease_namespace, "leases");
  EXPECT_EQ(config.credentials[0].sinks[0].path, "other/out");
  const Config filled = config;
  ASSERT_TRUE(FillNamespaces(config, "elsewhere"));
  EXPECT_EQ(config, filled);
}

TEST(FillNamespaces, PrefersTheOneThatTheConfigurationNames) {
  Config config = Short();
  config.kubernetes.default_namespace = "written";
  ASSERT_TRUE(FillNamespaces(config, "own"));
  EXPECT_EQ(config.state_path, "written/state");
}

TEST(FillNamespaces, SaysWhatHasNoNamespaceWhenThereIsNoDefault) {
  Config config = Short();
  config.state_path = "ns/state";
  const Status filled = FillNamespaces(config, "");
  ASSERT_FALSE(filled);
  EXPECT_EQ(filled.error().reason, "no_namespace");
  EXPECT_NE(filled.error().message.find("names key in Kubernetes"), std::string::npos);
  Config without;
  without.credentials = {Named("a")};
  EXPECT_TRUE(FillNamespaces(without, ""));
}

TEST(FillNamespaces, FindsTwoSinksThatAreOne) {
  Config config;
  config.credentials = {Named("a"), Named("b")};
  config.credentials[0].sinks = {SinkIn("out")};
  config.credentials[1].sinks = {SinkIn("own/out")};
  const Status filled = FillNamespaces(config, "own");
  ASSERT_FALSE(filled);
  EXPECT_EQ(filled.error().reason, "same_place");
  EXPECT_EQ(filled.error().message,
            "credential b and credential a would both be written to the Secret own/out#token");
  config.credentials[1].sinks = {SinkIn("other/out")};
  EXPECT_TRUE(FillNamespaces(config, "own"));
}

TEST(FillNamespaces, FindsASinkInTheStatesSecret) {
  Config config = Short();
  config.credentials[0].sinks = {SinkIn("own/state")};
  EXPECT_EQ(FillNamespaces(config, "own").error().reason, "same_place");
}

}  // namespace
}  // namespace tokenwarden

// The keys about Vault and Kubernetes, apart because they come up in many places.
#pragma once

#include "agent/adapters/yaml/keys.h"

namespace tokenwarden::yaml {

const Table& VaultTable();         // how to reach it
const Table& KubernetesTable();    // how to reach it
const Table& CoordinationTable();  // replicas

const Table& TransitKeyTable();
const Table& VaultStateTable();
const Table& KubernetesStateTable();

const Table& VaultSecretTable();  // of a reference to a secret of ours
const Table& KubernetesSecretTable();
const Table& VaultSourceTable();
const Table& VaultSinkTable();
const Table& KubernetesSinkTable();
const Table& RolloutTable();

// What a sink does about a change by hand.
const Key& DriftKey();

}  // namespace tokenwarden::yaml

#include "agent/app/packed.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace tokenwarden {
namespace {

template <typename Struct, typename Wanted>
using If = std::enable_if_t<std::is_same_v<std::remove_const_t<Struct>, Wanted>>;

// One list of members for both directions. A member that is added and not listed here does not
// compile.
template <typename Archive, typename S>
If<S, SecretRef> Members(Archive& archive, S& from) {
  auto& [kind, locator, key] = from;
  archive(kind, locator, key);
}
template <typename Archive, typename S>
If<S, MetaSpec> Members(Archive& archive, S& from) {
  auto& [app_id, app_secret, kind, endpoint, api_version, required_scopes, user_id, phone_number_id,
         business_account_id, canary, generate_system_user_id, generate_token, generate_scopes,
         page_id, parent_token, send_appsecret_time, ca_file] = from;
  archive(app_id, app_secret, kind, endpoint, api_version, required_scopes, user_id,
          phone_number_id, business_account_id, canary, generate_system_user_id, generate_token,
          generate_scopes, page_id, parent_token, send_appsecret_time, ca_file);
}
template <typename Archive, typename S>
If<S, VaultAuthSpec> Members(Archive& archive, S& from) {
  auto& [kind, mount, token, token_file, role_id, secret_id, role, jwt_file, jwt, name, cert_file,
         key_file, wrapped] = from;
  archive(kind, mount, token, token_file, role_id, secret_id, role, jwt_file, jwt, name, cert_file,
          key_file, wrapped);
}
template <typename Archive, typename S>
If<S, SourceSpec> Members(Archive& archive, S& from) {
  auto& [kind, path, key, vault_auth] = from;
  archive(kind, path, key, vault_auth);
}
template <typename Archive, typename S>
If<S, SinkSpec> Members(Archive& archive, S& from) {
  auto& [kind, path, key, mode, format, drift, verify_every, vault_auth, markers] = from;
  archive(kind, path, key, mode, format, drift, verify_every, vault_auth, markers);
}
template <typename Archive, typename S>
If<S, NotifySpec> Members(Archive& archive, S& from) {
  auto& [kind, command, pid_file, signal, process, url, timeout, workload, min_interval] = from;
  archive(kind, command, pid_file, signal, process, url, timeout, workload, min_interval);
}
template <typename Archive, typename S>
If<S, RenewSpec> Members(Archive& archive, S& from) {
  auto& [enabled, before, max_age, revoke_old] = from;
  archive(enabled, before, max_age, revoke_old);
}
template <typename Archive, typename S>
If<S, CredentialSpec> Members(Archive& archive, S& from) {
  auto& [name, tenant, labels, meta, source, renew, inspect_every, settle, sinks, notify] = from;
  archive(name, tenant, labels, meta, source, renew, inspect_every, settle, sinks, notify);
}

template <typename Archive, typename S>
If<S, Fingerprint> Members(Archive& archive, S& from) {
  auto& [text] = from;
  archive(text);
}
template <typename Archive, typename S>
If<S, Evidence> Members(Archive& archive, S& from) {
  auto& [endpoint, http_status, code, subcode, trace_id, observed_at] = from;
  archive(endpoint, http_status, code, subcode, trace_id, observed_at);
}
template <typename Archive, typename S>
If<S, Finding> Members(Archive& archive, S& from) {
  auto& [id, severity, message, action] = from;
  archive(id, severity, message, action);
}
template <typename Archive, typename S>
If<S, ClockReading> Members(Archive& archive, S& from) {
  auto& [reason, at] = from;
  archive(reason, at);
}
template <typename Archive, typename S>
If<S, TokenFacts> Members(Archive& archive, S& from) {
  auto& [kind, app_id, user_id, profile_id, lifetime, expires_at, issued_at, scopes, other_clocks] =
      from;
  archive(kind, app_id, user_id, profile_id, lifetime, expires_at, issued_at, scopes, other_clocks);
}
template <typename Archive, typename S>
If<S, Observation> Members(Archive& archive, S& from) {
  auto& [verdict, reason, message, action, facts, missing_scopes, findings, unproven, evidence,
         retry_after, clock_skew] = from;
  archive(verdict, reason, message, action, facts, missing_scopes, findings, unproven, evidence,
          retry_after, clock_skew);
}
template <typename Archive, typename S>
If<S, SinkState> Members(Archive& archive, S& from) {
  auto& [target, generation, verified_at, drifted, consecutive_failures, last_attempt_at,
         last_error, last_error_reason] = from;
  archive(target, generation, verified_at, drifted, consecutive_failures, last_attempt_at,
          last_error, last_error_reason);
}
template <typename Archive, typename S>
If<S, OperatorNeed> Members(Archive& archive, S& from) {
  auto& [reason, sentence, since] = from;
  archive(reason, sentence, since);
}
template <typename Archive, typename S>
If<S, Attempts> Members(Archive& archive, S& from) {
  auto& [last_at, last_success_at, consecutive_failures, not_before, last_error,
         last_error_reason] = from;
  archive(last_at, last_success_at, consecutive_failures, not_before, last_error,
          last_error_reason);
}
template <typename Archive, typename S>
If<S, CredentialState> Members(Archive& archive, S& from) {
  auto& [name, generation, fingerprint, generation_since, origin, conclusive, silence, inspect,
         renew, sinks, rotation, reply_lost_at, operator_need, refused_fingerprint, spec_digest] =
      from;
  archive(name, generation, fingerprint, generation_since, origin, conclusive, silence, inspect,
          renew, sinks, rotation, reply_lost_at, operator_need, refused_fingerprint, spec_digest);
}

class Packer {
 public:
  template <typename... Values>
  void operator()(const Values&... values) {
    (Add(values), ...);
  }
  std::string Take() {
    return std::string(bytes_);  // a copy is as long as needed
  }

 private:
  // LEB128: seven bits a byte, small numbers first; the sign goes to the lowest bit.
  void AddNumber(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }
  void AddSigned(std::int64_t value) {
    AddNumber((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }

  void Add(const std::string& text) {
    AddNumber(text.size());
    bytes_ += text;
  }
  void Add(const Seconds& duration) { AddSigned(duration.count()); }
  void Add(const Instant& at) { AddSigned(at.time_since_epoch().count()); }
  template <typename T>
  void Add(const std::optional<T>& value) {
    bytes_ += value ? '\1' : '\0';
    if (value) Add(*value);
  }
  template <typename T>
  void Add(const std::vector<T>& values) {
    AddNumber(values.size());
    for (const T& value : values) Add(value);
  }
  void Add(const std::map<std::string, std::string>& values) {
    AddNumber(values.size());
    for (const auto& each : values) (*this)(each.first, each.second);
  }
  template <typename T>
  void Add(const T& value) {
    if constexpr (std::is_enum_v<T> || std::is_unsigned_v<T>) {
      AddNumber(static_cast<std::uint64_t>(value));
    } else if constexpr (std::is_integral_v<T>) {
      AddSigned(value);
    } else {
      Members(*this, value);
    }
  }

  std::string bytes_;
};

class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : rest_(bytes) {}
  template <typename... Values>
  void operator()(Values&... values) {
    (Take(values), ...);
  }

 private:
  unsigned char TakeByte() {
    const char byte = rest_.front();
    rest_.remove_prefix(1);
    return static_cast<unsigned char>(byte);
  }
  std::uint64_t TakeNumber() {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const unsigned char byte = TakeByte();
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }
  std::int64_t TakeSigned() {
    const std::uint64_t value = TakeNumber();
    return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
  }

  void Take(std::string& text) {
    const std::size_t size = TakeNumber();
    text.assign(rest_.substr(0, size));
    rest_.remove_prefix(size);
  }
  void Take(Seconds& duration) { duration = Seconds(TakeSigned()); }
  void Take(Instant& at) { at = FromUnix(TakeSigned()); }
  template <typename T>
  void Take(std::optional<T>& value) {
    if (TakeByte() != 0) Take(value.emplace());
  }
  template <typename T>
  void Take(std::vector<T>& values) {
    values.resize(TakeNumber());
    for (T& value : values) Take(value);
  }
  void Take(std::map<std::string, std::string>& values) {
    for (std::uint64_t left = TakeNumber(); left > 0; --left) {
      std::string key;
      Take(key);
      Take(values[std::move(key)]);
    }
  }
  template <typename T>
  void Take(T& value) {
    if constexpr (std::is_enum_v<T> || std::is_unsigned_v<T>) {
      value = static_cast<T>(TakeNumber());
    } else if constexpr (std::is_integral_v<T>) {
      value = static_cast<T>(TakeSigned());
    } else {
      Members(*this, value);
    }
  }

  std::string_view rest_;
};

template <typename T>
std::string PackAny(const T& value) {
  Packer packer;
  packer(value);
  return packer.Take();
}

template <typename T>
T UnpackAny(std::string_view bytes) {
  T value;
  Unpacker unpacker(bytes);
  unpacker(value);
  return value;
}

}  // namespace

std::string Pack(const CredentialSpec& spec) { return PackAny(spec); }
std::string Pack(const CredentialState& state) { return PackAny(state); }
CredentialSpec UnpackSpec(std::string_view bytes) { return UnpackAny<CredentialSpec>(bytes); }
CredentialState UnpackState(std::string_view bytes) { return UnpackAny<CredentialState>(bytes); }

}  // namespace tokenwarden

// The list of credentials on a server, and the check of the key beside it: `$CHECK` stands for one
// that was made with the right key.
#include "agent/adapters/crypto/sealer.h"
#include "agent/adapters/documents/roster.h"
#include "agent/core/base64.h"
#include "tests/fakes/memory_document_store.h"
#include "tests/fuzz/fuzz.h"

using namespace tokenwarden;  // NOLINT: a program of its own

namespace {

std::string NewCheck(Sealer& sealer) {
  const auto sealed = sealer.Seal(Secret("tokenwarden"), "roster/key_check");
  fuzz::Require(sealed.has_value(), "a check is sealed");
  return ToBase64(*sealed);
}

void RequireReason(const Error& error) {
  const std::string& reason = error.reason;
  fuzz::Require(reason == "damaged" || reason == "newer_format" || reason == "wrong_key",
                "damage is called damage");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::unique_ptr<Sealer> sealer =
      crypto::MakeSealer(*crypto::ParseStateKey(Secret("tests/fuzz: thirty-two raw bytes")));
  static const std::string check = NewCheck(*sealer);
  const std::string text = fuzz::Replaced(fuzz::Text(data, size), "$CHECK", check);
  const auto server = std::make_shared<MemoryDocumentStore::Server>();
  server->Overwrite(documents::kRosterName, text);
  MemoryDocumentStore store(server);
  documents::Roster roster(store);
  if (const Status opened = roster.Open(*sealer); !opened) {
    RequireReason(opened.error());
    fuzz::Require(server->Contents()[documents::kRosterName] == text, "what is refused stays");
    return 0;
  }
  const auto gone = roster.MarkAbsent({"here"}, kDay, FromUnix(1795168800));
  fuzz::Require(gone.has_value(), "who is absent is known");
  for (const std::string& name : *gone) fuzz::Require(name != "here", "who is present is not gone");
  fuzz::Require(roster.Remove(*gone).has_value(), "names are removed");
  documents::Roster again(store);
  fuzz::Require(again.Open(*sealer).has_value(), "what was written is read");
  fuzz::Require(again.Names() == roster.Names(), "and names the same");
  return 0;
}

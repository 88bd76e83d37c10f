// A `.env` file: every byte of it is kept, and what is set is read back.
#include "agent/adapters/files/dotenv_document.h"
#include "tests/fuzz/fuzz.h"

using namespace tokenwarden;  // NOLINT: a program of its own

namespace {

files::DotenvDocument Parsed(std::string_view bytes) {
  Result<files::DotenvDocument> document = files::DotenvDocument::Parse(bytes, ".env");
  fuzz::Require(document.has_value(), "what was written is read");
  return std::move(*document);
}

// Other keys keep their values, and the lines around the value their bytes.
void SetAndReadBack(std::string_view bytes, const std::string& key, const Secret& value) {
  files::DotenvDocument document = Parsed(bytes);
  const bool was_there = document.Read(key).has_value();
  const std::size_t others = document.entries().size() - (was_there ? 1 : 0);
  const Status set = document.Set(key, value);
  if (!set) {
    fuzz::Require(document.bytes() == bytes, "a refused change leaves the document as it was");
    return;
  }
  const files::DotenvDocument after = Parsed(document.bytes());
  const Result<Secret> read = after.Read(key);
  fuzz::Require(read && read->Reveal() == value.Reveal(), "the value is read back");
  fuzz::Require(after.entries().size() == others + 1, "no assignment came or went");
  const files::DotenvDocument before = Parsed(bytes);
  for (const files::DotenvEntry& entry : before.entries()) {
    if (entry.key == key) continue;
    const Result<Secret> old_value = before.Read(entry.key);
    const Result<Secret> new_value = after.Read(entry.key);
    fuzz::Require(old_value.has_value() == new_value.has_value(), "others are readable as before");
    if (!old_value) continue;
    fuzz::Require(old_value->Reveal() == new_value->Reveal(), "others keep their values");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // First line: the value to set. The rest is the file.
  std::string_view bytes = fuzz::Text(data, size);
  const Secret value(fuzz::Cut(bytes, "\n"));
  const Result<files::DotenvDocument> document = files::DotenvDocument::Parse(bytes, ".env");
  if (!document) return 0;
  fuzz::Require(document->bytes() == bytes, "nothing is lost by reading");
  for (const files::DotenvEntry& entry : document->entries()) {
    fuzz::Require(entry.begin <= entry.end && entry.end <= bytes.size(), "offsets are inside");
    if (entry.problem == files::LineProblem::kNone) (void)document->ValueOf(entry);
  }
  SetAndReadBack(bytes, "WHATSAPP_ACCESS_TOKEN", value);
  if (!document->entries().empty()) SetAndReadBack(bytes, document->entries()[0].key, value);
  return 0;
}

// What a state directory holds, as the product itself would read it. Works on a copy.
#pragma once

#include <string>

#include "tests/crash/invariants.h"

namespace tokenwarden::crash {

// `directory` holds `state.db` and what belongs to it; `key` is the text of the key file; `scratch`
// is a directory that is emptied.
StoreSeen LookIntoStore(const std::string& directory, const std::string& key,
                        const std::string& credential, const std::string& scratch);

}  // namespace tokenwarden::crash
